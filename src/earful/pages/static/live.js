// The live page: one button from silence to captions, findings and the address of what was kept.

import { Captions } from "./captions.js";
import { CaptureError, microphones, openFile, openMicrophone } from "./capture.js";
import { clock, copy } from "./dom.js";
import { Findings } from "./findings.js";
import { Level } from "./level.js";
import { clearNotice, notice } from "./notice.js";
import { api, forget, SignInCancelled, token } from "./session.js";
import { Stream } from "./stream.js";

const $ = (id) => document.getElementById(id);
const STATES = {
  idle: "Ready",
  connecting: "Connecting…",
  listening: "Listening",
  reconnecting: "Reconnecting…",
  finishing: "Writing the last words…",
  finished: "Finished",
};

const scroller = $("captions-scroll");
const captions = new Captions($("transcript"), $("partial"));
const level = new Level($("level"));
const findings = new Findings(document.querySelector(".findings"), {
  onchange: (count) => ($("tab-count").textContent = count),
  onjump: () => show("captions"),
});

let capture = null;
let stream = null;
let startedAt = 0;
let conversationId = null;
let startOfTime = null;
let me = "";
const starts = new Map();

// ---- what the page shows --------------------------------------------------------------------

function become(state) {
  document.body.dataset.state = state;
  $("state").dataset.state = state;
  $("state").lastElementChild.textContent = STATES[state];
  const busy = state === "listening" || state === "reconnecting";
  $("record").classList.toggle("recording", busy);
  $("record").disabled = state === "connecting" || state === "finishing";
  $("record-label").textContent = busy ? "Stop" : state === "finished" ? "Start again" : "Start";
  for (const id of ["microphone", "name", "file"]) $(id).disabled = state !== "idle" && state !== "finished";
}

function show(tab) {
  document.body.dataset.tab = tab;
  for (const name of ["captions", "findings"]) $(`tab-${name}`).setAttribute("aria-pressed", String(name === tab));
}

let following = true;
function follow() {
  if (following) scroller.scrollTop = scroller.scrollHeight;
}
scroller.addEventListener("scroll", () => {
  following = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
  $("to-live").hidden = following || !conversationId;
});
$("to-live").addEventListener("click", () => {
  following = true;
  follow();
});
$("tab-captions").addEventListener("click", () => show("captions"));
$("tab-findings").addEventListener("click", () => show("findings"));

setInterval(() => {
  if (capture) $("elapsed").textContent = clock((Date.now() - startedAt) / 1000);
}, 500);

// ---- what the server says -------------------------------------------------------------------

function seconds(duration) {
  if (!duration?.startTime) return [null, null];
  const [start, end] = [duration.startTime, duration.endTime].map((time) => Date.parse(time) / 1000);
  startOfTime ??= start - (duration.timeOffset ?? 0);
  return [start - startOfTime, end - startOfTime];
}

function heard({ isFinal, punctuated, payload }) {
  const text = punctuated?.transcript ?? payload?.raw?.alternatives?.[0]?.transcript ?? "";
  if (isFinal) captions.settle(text);
  else captions.hear(text);
}

function said(messages) {
  captions.add(messages.map(({ id, payload, from, duration }) => {
    const [start, end] = seconds(duration);
    starts.set(id, start);
    // Others may speak into the same conversation from programs of their own.
    const mine = !me || from?.userId === me;
    return { id, text: payload.content, speaker: from?.name ?? "", start, end, mine };
  }));
  findings.markWaiting();
}

function found({ id, type, text, payload, messageReference, from, assignee, dueBy }) {
  const source = messageReference?.id;
  findings.add({
    id,
    kind: type,
    text: text ?? payload.content,
    messageIds: source ? [source] : [],
    speaker: from?.name,
    assignee: assignee?.name,
    dueBy: dueBy?.value ?? dueBy,
    start: starts.get(source) ?? null,
  });
}

function received(frame) {
  if (frame.type === "message_response") said(frame.messages);
  else if (frame.type === "insight_response") frame.insights.forEach(found);
  else if (frame.type === "topic_response") {
    for (const { id, phrases, messageReferences } of frame.topics) {
      findings.add({ id, kind: "topic", text: phrases, messageIds: (messageReferences ?? []).map((one) => one.id) });
    }
  } else if (frame.type === "message") {
    const { message } = frame;
    if (message.type === "recognition_result") heard(message);
    else if (message.type === "conversation_created") created(message.data.conversationId);
    else if (message.type === "error") notice(message.details);
  }
  follow();
}

function created(id) {
  if (conversationId && conversationId !== id) {
    notice("The server was restarted. What was said until then is kept as another conversation.", "note");
  }
  conversationId = id;
}

// ---- start and stop -------------------------------------------------------------------------

async function begin(open) {
  clearNotice();
  reset();
  become("connecting");
  try {
    await token();
    capture = await open();
    await connect();
  } catch (error) {
    await failed(error);
    return;
  }
  $("welcome").hidden = true;
  startedAt = Date.now();
  become("listening");
  listMicrophones();
}

function reset() {
  captions.clear();
  findings.clear();
  level.clear();
  starts.clear();
  startOfTime = null;
  conversationId = null;
  following = true;
  $("elapsed").textContent = "0:00";
  $("result").hidden = true;
}

function startRequest() {
  me = $("name").value.trim();
  localStorage.setItem("earful.name", me);
  return {
    insightTypes: ["question", "action_item", "follow_up"],
    config: {
      meetingTitle: `Live captions, ${new Date().toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })}`,
      confidenceThreshold: 0.5,
      timezoneOffset: -new Date().getTimezoneOffset(),
      speechRecognition: { encoding: "LINEAR16", sampleRateHertz: capture.sampleRate },
    },
    ...(me && { speaker: { name: me, userId: me } }),
  };
}

async function connect() {
  stream = new Stream({ token, start: startRequest() });
  stream.addEventListener("frame", ({ detail }) => received(detail));
  stream.addEventListener("lost", () => {
    become("reconnecting");
    notice("The connection was lost. Keep speaking: what you say is sent when it is back.", "note");
  });
  stream.addEventListener("back", () => {
    clearNotice();
    become("listening");
  });
  stream.addEventListener("done", finished);
  stream.addEventListener("fail", ({ detail }) => {
    notice(detail);
    finished();
  });
  await stream.open();
  capture.onframe = (pcm, loudness) => {
    stream.send(pcm);
    level.add(loudness);
  };
  capture.onended = stop;
}

async function failed(error) {
  await capture?.stop();
  capture = null;
  stream = null;
  become("idle");
  $("welcome").hidden = false;
  if (error instanceof CaptureError || error instanceof SignInCancelled) notice(error.message);
  else notice(await explain(error));
}

/** A browser does not say why a WebSocket was refused; another request tells the cases apart. */
async function explain(error) {
  if (error instanceof TypeError) return "The server cannot be reached. Is Earful still running?";
  try {
    await api("/v1/conversations/0");
  } catch (cause) {
    if (cause instanceof SignInCancelled) return cause.message;
    if (cause instanceof TypeError) return "The server cannot be reached. Is Earful still running?";
    if (cause.status === 401) {
      forget();
      return "The sign-in is no longer valid. Start again to sign in.";
    }
    if (cause.status === 429 || cause.status === 503) return cause.message;
  }
  return "The server took no new stream; it may be full. Try again in a moment.";
}

async function stop() {
  if (!capture) return;
  const stopping = capture;
  capture = null;
  become("finishing");
  await stopping.stop();
  stream.stop();
}

async function finished() {
  await capture?.stop();
  capture = null;
  captions.finish();
  level.clear();
  become("finished");
  if (!conversationId) return;
  const address = `/conversations/${conversationId}`;
  $("result-id").textContent = new URL(address, location.href).href;
  for (const id of ["result-link", "result-open"]) $(id).href = address;
  $("result").hidden = false;
  follow();
}

$("record").addEventListener("click", () => {
  if (capture) stop();
  else begin(() => openMicrophone($("microphone").value));
});
$("file").addEventListener("change", ({ target }) => {
  const [file] = target.files;
  if (file) begin(() => openFile(file));
  target.value = "";
});
$("result-copy").addEventListener("click", async () => {
  await copy($("result-id").textContent);
  $("result-copy").textContent = "Copied";
});
$("dock").addEventListener("submit", (event) => event.preventDefault());
addEventListener("beforeunload", (event) => {
  if (capture) event.preventDefault();
});

// ---- microphones ----------------------------------------------------------------------------

async function listMicrophones() {
  const select = $("microphone");
  const chosen = select.value || localStorage.getItem("earful.microphone");
  const found = (await microphones()).filter(({ id }) => id !== "default");
  select.replaceChildren(new Option("Default", ""), ...found.map(({ id, label }, index) => new Option(label || `Microphone ${index + 1}`, id)));
  if (found.some(({ id }) => id === chosen)) select.value = chosen;
}
$("microphone").addEventListener("change", ({ target }) => localStorage.setItem("earful.microphone", target.value));
navigator.mediaDevices?.addEventListener("devicechange", listMicrophones);

$("name").value = localStorage.getItem("earful.name") ?? "";
listMicrophones();
show("captions");
become("idle");
