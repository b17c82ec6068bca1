// @symblai/symbl-js: createStream with reconnectOnError over a line that is cut in the middle.
const { sdk } = require("@symblai/symbl-js");
const { BASE, APP_ID, APP_SECRET, speak, until, cuttable, run } = require("./flow.cjs");

run(async () => {
  const line = await cuttable();
  sdk.oauth2.setBasePath(BASE);
  await sdk.init({ appId: APP_ID, appSecret: APP_SECRET, basePath: line.base });
  const ids = [];
  let started = 0;
  const stream = await sdk.createStream({
    id: "reconnect-" + Date.now(),
    config: { sampleRateHertz: 16000 },
    speaker: { userId: "maya@example.com", name: "Maya" },
    reconnectOnError: true,
    noConnectionTimeout: 60,
    handlers: {
      onDataReceived: ({ type, message }) => {
        if (type === "message" && message.type === "conversation_created") ids.push(message.data.conversationId);
        if (type === "message" && message.type === "recognition_started") started += 1;
      },
    },
  });
  await stream.start();
  await speak(stream.sendAudio, 0, 0.5);
  line.cut();
  await until(() => started > 1);
  await speak(stream.sendAudio, 0.5, 1);
  await stream.stop();
  stream.close();
  line.close();
  return { ids };
});
