// What was found, beside the captions, each thing linked to the sentences it came from.

import { clock, day, element } from "./dom.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");

function sentencesOf(ids) {
  return ids.map((id) => document.getElementById(`message-${id}`)).filter(Boolean);
}

/** The lists of topics, questions, action items and follow-ups under one root element. */
export class Findings {
  constructor(root, { onchange = () => {}, onjump = () => {} } = {}) {
    this.onchange = onchange;
    this.onjump = onjump;
    this.sections = Object.fromEntries([...root.querySelectorAll("[data-kind]")].map((one) => [one.dataset.kind, one]));
    this.waiting = new Map();
    this.clear();
  }

  get count() {
    return Object.values(this.sections).reduce((sum, one) => sum + one.querySelector("[data-list]").children.length, 0);
  }

  clear() {
    this.waiting.clear();
    for (const section of Object.values(this.sections)) {
      section.querySelector("[data-list]").replaceChildren();
      this.#counted(section);
    }
  }

  /** Add `{id, kind, text, messageIds, speaker, assignee, dueBy, start}`; the same id only once. */
  add(finding) {
    const section = this.sections[finding.kind];
    if (!section || section.querySelector(`[data-id="${CSS.escape(finding.id)}"]`)) return;
    const item = finding.kind === "topic" ? this.#topic(finding) : this.#insight(finding);
    item.dataset.id = finding.id;
    section.querySelector("[data-list]").append(item);
    this.#counted(section);
    this.#mark(finding);
  }

  /** Mark sentences that came after the finding that names them. */
  markWaiting() {
    for (const finding of [...this.waiting.values()]) this.#mark(finding);
  }

  #mark(finding) {
    const sentences = sentencesOf(finding.messageIds);
    if (sentences.length < finding.messageIds.length) this.waiting.set(finding.id, finding);
    else this.waiting.delete(finding.id);
    if (finding.kind !== "topic") for (const one of sentences) one.dataset.found = finding.kind;
  }

  #counted(section) {
    const count = section.querySelector("[data-list]").children.length;
    section.querySelector("[data-count]").textContent = count;
    section.classList.toggle("has", count > 0);
    this.onchange(this.count);
  }

  #topic(finding) {
    const chip = element("button", { type: "button", textContent: finding.text });
    this.#links(chip, finding);
    return element("li", {}, chip);
  }

  #insight(finding) {
    const facts = element("span", { className: "facts" });
    if (finding.start !== null) facts.append(element("time", { textContent: clock(finding.start) }));
    const who = finding.assignee || finding.speaker;
    if (who) facts.append(element("span", { textContent: who }));
    if (finding.dueBy) facts.append(element("span", { className: "due", textContent: `by ${day(finding.dueBy)}` }));
    const button = element("button", { type: "button" }, element("span", { className: "text", textContent: finding.text }), facts);
    this.#links(button, finding);
    return element("li", {}, button);
  }

  #links(button, { messageIds }) {
    const light = (on) => sentencesOf(messageIds).forEach((one) => one.classList.toggle("lit", on));
    button.addEventListener("pointerenter", () => light(true));
    button.addEventListener("pointerleave", () => light(false));
    button.addEventListener("focus", () => light(true));
    button.addEventListener("blur", () => light(false));
    button.addEventListener("click", () => {
      const [first] = sentencesOf(messageIds);
      if (!first) return;
      this.onjump();
      light(true);
      first.scrollIntoView({ block: "center", behavior: calm.matches ? "auto" : "smooth" });
      first.focus({ preventScroll: true });
    });
  }
}
