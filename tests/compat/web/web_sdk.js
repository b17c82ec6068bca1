// @symblai/symbl-web-sdk in a page: connect, process the microphone, stop.
import { Symbl } from "@symblai/symbl-web-sdk";

window.flow = async ({ base, appId, appSecret, seconds }) => {
  const symbl = new Symbl({ appId, appSecret, basePath: base });
  const heard = { speech: [], messages: [], questions: [], topics: [], ends: [] };
  const connection = await symbl.createConnection("page-" + Date.now());
  connection.on("speech_recognition", (data) => heard.speech.push(data.punctuated.transcript));
  connection.on("message", (data) => heard.messages.push(...data.map((one) => one.payload.content)));
  connection.on("question", (data) => heard.questions.push(data.payload.content));
  connection.on("topic", (data) => heard.topics.push(...data.map((one) => one.phrases)));
  connection.on("processing_stopped", () => heard.ends.push("processing_stopped"));
  connection.on("conversation_completed", () => heard.ends.push("conversation_completed"));
  let conversationId;
  connection.on("conversation_created", (message) => (conversationId = message.data.conversationId));
  await connection.startProcessing({
    insightTypes: ["question", "action_item", "follow_up"],
    config: { encoding: "LINEAR16", meetingTitle: "From a page" },
    speaker: { userId: "maya@example.com", name: "Maya" },
  });
  await Symbl.wait(seconds * 1000);
  await connection.stopProcessing();
  // Its events come a moment after its promises.
  for (let waited = 0; !heard.ends.length && waited < 20_000; waited += 100) await Symbl.wait(100);
  connection.disconnect();
  return { conversationId, ...heard };
};
