// One stored conversation: its transcript, what was found in it, and copies to take away.

import { Turns } from "./captions.js";
import { clock, copy } from "./dom.js";
import { download, formats } from "./export.js";
import { Findings } from "./findings.js";
import { notice } from "./notice.js";
import { api } from "./session.js";

const $ = (id) => document.getElementById(id);
const id = decodeURIComponent(location.pathname.split("/").pop());
const base = `/v1/conversations/${encodeURIComponent(id)}`;

/** Fetch everything about the conversation, in the API's own shapes. */
async function fetchStored() {
  const conversation = await api(base);
  const [messages, topics, questions, actionItems, followUps, members] = await Promise.all(
    ["messages", "topics", "questions", "action-items", "follow-ups", "members"].map((part) => api(`${base}/${part}`)),
  );
  return { ...conversation, ...members, ...messages, ...topics, ...questions, ...actionItems, ...followUps };
}

function readable(stored) {
  const began = Date.parse(stored.startTime);
  const messages = stored.messages.map(({ id: messageId, text, from, startTime, endTime }) => ({
    id: messageId,
    text,
    speaker: from?.name ?? "",
    start: (Date.parse(startTime) - began) / 1000,
    end: (Date.parse(endTime) - began) / 1000,
  }));
  return {
    stored,
    messages,
    name: stored.name && stored.name !== stored.id ? stored.name : `Conversation ${stored.id}`,
    topics: stored.topics,
    findings: { questions: stored.questions, actionItems: stored.actionItems, followUps: stored.followUps },
  };
}

function facts({ stored, messages }) {
  const began = new Date(stored.startTime);
  const said = messages.reduce((end, message) => Math.max(end, message.end), 0);
  const people = stored.members.map(({ name, email }) => name ?? email).filter(Boolean);
  return [
    began.toLocaleString(undefined, { dateStyle: "full", timeStyle: "short" }),
    clock(said),
    people.join(", "),
  ].filter(Boolean).join(" · ");
}

function render(conversation) {
  document.title = `${conversation.name} · Earful`;
  $("title").textContent = conversation.name;
  $("facts").textContent = facts(conversation);
  const turns = new Turns($("transcript"));
  conversation.messages.forEach((message) => turns.add(message));
  $("empty").hidden = conversation.messages.length > 0;
  const starts = new Map(conversation.messages.map(({ id: messageId, start }) => [messageId, start]));
  const findings = new Findings(document.querySelector(".findings"));
  for (const { id: topicId, text, messageIds } of conversation.topics) {
    findings.add({ id: topicId, kind: "topic", text, messageIds });
  }
  for (const one of Object.values(conversation.findings).flat()) {
    findings.add({
      id: one.id,
      kind: one.type,
      text: one.text,
      messageIds: one.messageIds,
      speaker: one.from?.name,
      assignee: one.assignee?.name,
      dueBy: one.dueBy,
      start: starts.get(one.messageIds[0]) ?? null,
    });
  }
}

function offer(conversation) {
  $("exports").hidden = false;
  for (const button of document.querySelectorAll("[data-format]")) {
    const { type, write } = formats[button.dataset.format];
    button.addEventListener("click", () => download(`conversation-${id}.${button.dataset.format}`, type, write(conversation)));
  }
  $("copy").addEventListener("click", async () => {
    await copy(formats.txt.write(conversation));
    $("copied").textContent = "Copied";
  });
}

try {
  const conversation = readable(await fetchStored());
  render(conversation);
  offer(conversation);
} catch (error) {
  $("title").textContent = error.status === 404 ? "There is no such conversation" : "The conversation cannot be shown";
  notice(error.status === 404 ? "It was deleted, or belongs to another application." : error.message);
} finally {
  $("main").removeAttribute("aria-busy");
}
