// The Streaming API in a page without any SDK: native WebSocket, Web Audio, 16-bit samples.
window.flow = async ({ base, appId, appSecret, seconds }) => {
  const answer = await fetch(`${base}/oauth2/token:generate`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ type: "application", appId, appSecret }),
  });
  const { accessToken } = await answer.json();
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: false });
  const context = new AudioContext();
  const frames = [];
  const id = btoa("maya@example.com" + Date.now());
  const ws = new WebSocket(`${base.replace(/^http/, "ws")}/v1/streaming/${id}?access_token=${accessToken}`);
  ws.onmessage = (event) => frames.push(JSON.parse(event.data));
  const closed = new Promise((resolve) => (ws.onclose = (event) => resolve(event.code)));
  await new Promise((resolve, reject) => ((ws.onopen = resolve), (ws.onerror = reject)));
  ws.send(
    JSON.stringify({
      type: "start_request",
      meetingTitle: "A page of my own",
      insightTypes: ["question", "action_item"],
      config: {
        confidenceThreshold: 0.5,
        languageCode: "en-US",
        speechRecognition: { encoding: "LINEAR16", sampleRateHertz: context.sampleRate },
      },
      speaker: { userId: "maya@example.com", name: "Maya" },
    })
  );
  const processor = context.createScriptProcessor(1024, 1, 1);
  context.createMediaStreamSource(stream).connect(processor);
  processor.connect(context.destination);
  processor.onaudioprocess = ({ inputBuffer }) => {
    if (ws.readyState !== WebSocket.OPEN) return;
    const samples = inputBuffer.getChannelData(0);
    ws.send(Int16Array.from(samples, (sample) => Math.max(-1, Math.min(1, sample)) * 32767).buffer);
  };
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  ws.send(JSON.stringify({ type: "stop_request" }));
  const code = await closed;
  const id_ = frames[0].message.data.conversationId;
  const read = await fetch(`${base}/v1/conversations/${id_}/messages`, {
    headers: { Authorization: `Bearer ${accessToken}` },
  });
  return { code, frames, status: read.status, messages: (await read.json()).messages };
};
