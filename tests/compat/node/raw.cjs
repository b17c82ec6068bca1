// The Streaming API without an SDK, as its introduction describes: a WebSocket, a start request, audio, a stop request.
const WebSocket = require("ws");
const { BASE, token, speak, run } = require("./flow.cjs");

run(async () => {
  const accessToken = await token();
  const url = `${BASE.replace(/^http/, "ws")}/v1/streaming/raw-${Date.now()}?access_token=${accessToken}`;
  const ws = new WebSocket(url);
  const frames = [];
  ws.on("message", (data) => frames.push(JSON.parse(data)));
  const closed = new Promise((resolve) => ws.on("close", (code) => resolve(code)));
  await new Promise((resolve, reject) => ws.on("open", resolve).on("error", reject));
  ws.send(
    JSON.stringify({
      type: "start_request",
      meetingTitle: "Raw",
      insightTypes: ["question", "action_item"],
      config: {
        confidenceThreshold: 0.5,
        languageCode: "en-US",
        speechRecognition: { encoding: "LINEAR16", sampleRateHertz: 16000 },
      },
      speaker: { userId: "maya@example.com", name: "Maya" },
    })
  );
  await speak((data) => ws.send(data));
  ws.send(JSON.stringify({ type: "stop_request" }));
  return { code: await closed, frames, accessToken };
});
