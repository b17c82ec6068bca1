// @symblai/symbl-js: startRealtimeRequest, as the server-side tutorial writes it.
const { sdk } = require("@symblai/symbl-js");
const { BASE, APP_ID, APP_SECRET, speak, run } = require("./flow.cjs");

run(async () => {
  sdk.oauth2.setBasePath(BASE);
  await sdk.init({ appId: APP_ID, appSecret: APP_SECRET, basePath: BASE });
  const heard = { speech: [], messages: [], insights: [], topics: [], all: [] };
  const connection = await sdk.startRealtimeRequest({
    id: "cm9zYQ-" + Date.now(),
    insightTypes: ["action_item", "question"],
    config: {
      meetingTitle: "From Node",
      confidenceThreshold: 0.5,
      timezoneOffset: 60,
      languageCode: "en-US",
      sampleRateHertz: 16000,
    },
    speaker: { userId: "maya@example.com", name: "Maya" },
    handlers: {
      onSpeechDetected: (data) => heard.speech.push(data),
      onMessageResponse: (data) => heard.messages.push(...data),
      onInsightResponse: (data) => heard.insights.push(...data),
      onTopicResponse: (data) => heard.topics.push(...data),
      onDataReceived: (data) => heard.all.push(data.type === "message" ? data.message.type : data.type),
    },
  });
  await speak(connection.sendAudio);
  const stopped = await connection.stop();
  return { conversationId: connection.conversationId, stopped, ...heard };
});
