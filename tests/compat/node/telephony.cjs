// @symblai/symbl-js: startEndpoint, subscribeToConnection, pushEventOnConnection, stopEndpoint.
const { sdk, SpeakerEvent } = require("@symblai/symbl-js");
const { BASE, APP_ID, APP_SECRET, run } = require("./flow.cjs");

run(async () => {
  sdk.oauth2.setBasePath(BASE);
  await sdk.init({ appId: APP_ID, appSecret: APP_SECRET, basePath: BASE });
  const connection = await sdk.startEndpoint({
    endpoint: { type: "sip", uri: process.env.PHONE },
    actions: [],
    data: { session: { name: "Reading" } },
    languages: ["en-US"],
    timezone: "Europe/Lisbon",
    pushSpeakerEvents: true,
  });
  const user = { userId: "rosa@example.net", name: "Rosa" };
  const started = new SpeakerEvent({
    type: SpeakerEvent.types.startedSpeaking,
    timestamp: new Date().toISOString(),
    user,
  });
  sdk.pushEventOnConnection(connection.connectionId, started.toJSON(), (error) => error && console.error(error));
  const kinds = new Set();
  const heard = [];
  await new Promise((resolve) => {
    sdk.subscribeToConnection(connection.connectionId, (data) => {
      kinds.add(data.type);
      if (data.type === "message_response") heard.push(...data.messages);
      if (heard.some((message) => message.payload.content.toLowerCase().includes("worst of times"))) resolve();
    });
  });
  const stopped = await sdk.stopEndpoint({ connectionId: connection.connectionId });
  return {
    conversationId: connection.conversationId,
    stopped: stopped.conversationId,
    summaryInfo: stopped.summaryInfo,
    kinds: [...kinds],
    names: [...new Set(heard.map((message) => message.from.name))],
  };
});
