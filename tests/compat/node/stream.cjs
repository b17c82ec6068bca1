// @symblai/symbl-js: createStream, started, stopped and closed.
const { sdk } = require("@symblai/symbl-js");
const { BASE, APP_ID, APP_SECRET, speak, run } = require("./flow.cjs");

run(async () => {
  sdk.oauth2.setBasePath(BASE);
  await sdk.init({ appId: APP_ID, appSecret: APP_SECRET, basePath: BASE });
  const finals = [];
  const stream = await sdk.createStream({
    id: "stream-" + Date.now(),
    insightTypes: ["question"],
    config: { meetingTitle: "A stream", sampleRateHertz: 16000, languageCode: "en-US" },
    speaker: { userId: "daniel@example.com", name: "Daniel" },
    handlers: { onMessageResponse: (data) => finals.push(...data.map((message) => message.payload.content)) },
  });
  await stream.start();
  await speak(stream.sendAudio);
  const stopped = await stream.stop();
  const conversationId = await stream.conversationId;
  stream.close();
  return { stopped, conversationId, finals };
});
