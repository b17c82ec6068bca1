// The page of one stored conversation, for its owner: fetches the view with the token of one application.

import { ask } from "./dialog.js";
import { copy, element } from "./dom.js";
import { notice } from "./notice.js";
import { api, request } from "./session.js";
import { View } from "./view.js";

const $ = (id) => document.getElementById(id);
const REFRESH_MS = 2500;
const id = decodeURIComponent(location.pathname.split("/").pop());
const base = `/v1/conversations/${encodeURIComponent(id)}`;

async function show() {
  const answer = await request(`/pages/conversations/${encodeURIComponent(id)}`);
  const { body } = new DOMParser().parseFromString(await answer.text(), "text/html");
  $("main").replaceChildren(document.adoptNode(body.firstElementChild));
  document.title = `${$("title").textContent} · Earful`;
  const view = new View($("view"));
  $("share").addEventListener("click", share);
  $("delete").addEventListener("click", remove);
  if ("unfinished" in view.root.dataset) setTimeout(() => show().catch(() => {}), REFRESH_MS);
}

async function share() {
  $("sharing-told").textContent = "";
  $("sharing-copy").textContent = "Copy the address";
  await ask($("sharing"));
}

$("sharing-copy").addEventListener("click", async () => {
  try {
    const { url } = await api(`${base}/experiences`, {
      method: "POST",
      body: {
        name: "verbose-text-summary",
        readOnly: !$("sharing-edit").checked,
        summaryURLExpiresIn: Number($("sharing-for").value),
      },
    });
    await copy(url, $("sharing"));
    $("sharing-copy").textContent = "Copied";
    $("sharing-told").replaceChildren(element("a", { href: url, textContent: "Open it", target: "_blank", rel: "noreferrer" }));
  } catch (error) {
    $("sharing-told").textContent = error.message;
  }
});

async function remove() {
  if ((await ask($("deleting"))) !== "delete") return;
  try {
    await api(base, { method: "DELETE" });
    location.assign("/conversations");
  } catch (error) {
    notice(error.message);
  }
}

function missing(title, text) {
  const shown = $("missing").content.cloneNode(true);
  shown.querySelector("h1").textContent = title;
  shown.querySelector("p").textContent = text;
  $("main").replaceChildren(shown);
}

try {
  await show();
} catch (error) {
  if (error.status === 404) missing("There is no such conversation", "It was deleted, or belongs to another application.");
  else missing("The conversation cannot be shown", error.message);
} finally {
  $("main").removeAttribute("aria-busy");
}
