// The list of conversations: what there is, what is on its way, and a search over all of it.

import { ask } from "./dialog.js";
import { clock, element, marked } from "./dom.js";
import { clearNotice, notice } from "./notice.js";
import { api, SignInCancelled } from "./session.js";
import { Uploads } from "./uploads.js";

const $ = (id) => document.getElementById(id);
const PAGE = 40;
const ALWAYS = "startTime=1990-01-01T00:00:00Z&endTime=2200-01-01T00:00:00Z";

const uploads = new Uploads($("uploads"), {
  onchange: () => ($("uploads-part").hidden = !$("uploads").children.length),
  ondone: () => refresh(),
});

// ---- the list -------------------------------------------------------------------------------

const described = (one) => (one.name && one.name !== one.id ? one.name : `Conversation ${one.id}`);
const people = ({ members }) => members.map(({ name, email }) => name ?? email).filter(Boolean);

function when(iso) {
  const date = new Date(iso);
  const sameYear = date.getFullYear() === new Date().getFullYear();
  const day = { weekday: "short", day: "numeric", month: "short", ...(!sameYear && { year: "numeric" }) };
  return date.toLocaleString(undefined, { ...day, hour: "2-digit", minute: "2-digit" });
}

function length({ startTime, endTime }) {
  return (Date.parse(endTime) - Date.parse(startTime)) / 1000;
}

function row(one) {
  const name = described(one);
  const facts = element("span", { className: "facts" },
    element("time", { dateTime: one.startTime, textContent: when(one.startTime) }),
    element("span", { className: "length", textContent: clock(length(one)) }));
  const names = people(one);
  if (names.length) facts.append(element("span", { className: "people", textContent: names.join(", ") }));
  const remove = element("button", { type: "button", className: "quiet", title: "Delete" }, icon("M5 7h14M10 7V5h4v2M7 7l1 12h8l1-12M10.5 10.5v5M13.5 10.5v5"));
  remove.setAttribute("aria-label", `Delete ${name}`);
  remove.addEventListener("click", () => askToDelete(one));
  const link = element("a", { href: `/conversations/${one.id}` }, element("strong", { textContent: name }), facts);
  const item = element("li", {}, link, remove);
  item.dataset.id = one.id;
  return item;
}

function icon(path) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(space, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

async function page(offset, limit) {
  const { conversations } = await api(`/v1/conversations?${ALWAYS}&order=desc&limit=${limit + 1}&offset=${offset}`);
  return [conversations.slice(0, limit), conversations.length > limit];
}

async function refresh() {
  const shown = Math.max(PAGE, $("conversations").children.length);
  const [found, more] = await page(0, shown);
  $("conversations").replaceChildren(...found.map(row));
  $("more").hidden = !more;
  $("nothing").hidden = found.length > 0;
}

$("more").addEventListener("click", async () => {
  const list = $("conversations");
  const [found, more] = await page(list.children.length, PAGE);
  const known = new Set([...list.children].map(({ dataset }) => dataset.id));
  const rows = found.filter(({ id }) => !known.has(id)).map(row);
  list.append(...rows);
  $("more").hidden = !more;
  rows[0]?.querySelector("a").focus();
});

async function askToDelete(one) {
  $("deleting-name").textContent = described(one);
  if ((await ask($("deleting"))) !== "delete") return;
  try {
    await api(`/v1/conversations/${one.id}`, { method: "DELETE" });
  } catch (error) {
    if (error.status !== 404) return notice(error.message);
  }
  clearNotice();
  const item = $("conversations").querySelector(`[data-id="${CSS.escape(one.id)}"]`);
  const next = item?.nextElementSibling ?? item?.previousElementSibling;
  item?.remove();
  (next?.querySelector("a") ?? $("query")).focus();
  $("told").textContent = `${described(one)} was deleted.`;
  $("nothing").hidden = $("conversations").children.length > 0;
}

// ---- search ---------------------------------------------------------------------------------

let asked = 0;

function result(hit) {
  const name = hit.conversationName === hit.conversationId ? `Conversation ${hit.conversationId}` : hit.conversationName;
  const facts = element("span", { className: "facts" },
    element("strong", { textContent: name }),
    element("time", { dateTime: hit.startTime, textContent: when(hit.startTime) }),
    element("span", { textContent: `at ${clock(hit.timeOffset)}` }));
  const who = hit.from?.name ?? hit.from?.email;
  const words = element("span", { className: "snippet" }, ...(who ? [element("b", { textContent: `${who}: ` })] : []), ...marked(hit.snippet));
  return element("li", {}, element("a", { href: `/conversations/${hit.conversationId}#m${hit.messageId}` }, words, facts));
}

async function search({ more = false } = {}) {
  const words = $("query").value.trim();
  const turn = (asked += 1);
  const address = new URL(location.href);
  if (words) address.searchParams.set("q", words);
  else address.searchParams.delete("q");
  history.replaceState(null, "", address);
  $("results-part").hidden = !words;
  $("list-part").hidden = Boolean(words);
  if (!words) {
    $("told").textContent = "";
    return;
  }
  const offset = more ? $("results").children.length : 0;
  const { results } = await api(`/v1/search?q=${encodeURIComponent(words)}&limit=${PAGE + 1}&offset=${offset}`);
  if (turn !== asked) return;
  const rows = results.slice(0, PAGE).map(result);
  if (more) $("results").append(...rows);
  else $("results").replaceChildren(...rows);
  $("more-results").hidden = results.length <= PAGE;
  const count = $("results").children.length;
  const told = count ? `${count}${results.length > PAGE ? " or more" : ""} ${count === 1 ? "sentence" : "sentences"}` : "Nobody said that";
  $("results-title").textContent = told;
  $("told").textContent = told;
  if (more) rows[0]?.querySelector("a").focus();
}

let typing;
const told = (work) => work.catch((error) => notice(error.message));
$("query").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => told(search()), 180);
});
$("search").addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(typing);
  told(search());
});
$("more-results").addEventListener("click", () => told(search({ more: true })));

// ---- recordings -----------------------------------------------------------------------------

async function offer(files) {
  if (!files.length) return;
  const [first] = files;
  $("options-files").textContent = files.length === 1 ? first.name : `${first.name} and ${files.length - 1} more`;
  if ((await ask($("options"))) !== "upload") return;
  for (const file of files) uploads.add(file, $("speakers").value);
}

$("files").addEventListener("change", ({ target }) => {
  offer([...target.files]);
  target.value = "";
});
const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  $("drop").hidden = false;
});
addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) $("drop").hidden = true;
});
addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  $("drop").hidden = true;
  offer([...event.dataTransfer.files]);
});
addEventListener("beforeunload", (event) => {
  if (uploads.sending) event.preventDefault();
});

// ---- begin ----------------------------------------------------------------------------------

try {
  $("query").value = new URLSearchParams(location.search).get("q") ?? "";
  await refresh();
  uploads.resume();
  if ($("query").value) await search();
} catch (error) {
  notice(error instanceof SignInCancelled ? error.message : `The conversations cannot be shown: ${error.message}`);
} finally {
  $("main").removeAttribute("aria-busy");
}
