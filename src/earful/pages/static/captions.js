// The words as they are spoken: one growing line that settles, then sentences grouped in turns.

import { clock, element } from "./dom.js";

const NEW_TURN_AFTER_S = 6;
const spoken = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

/** Return a sentence as an element that findings can point to. */
export function sentence(id, text) {
  return element("span", { className: "sentence", id: `message-${id}`, tabIndex: -1, textContent: text });
}

/** Lays sentences out as turns: a new one when the speaker changes or after a long silence. */
export class Turns {
  constructor(root) {
    this.root = root;
    this.last = null;
  }

  /** Add a sentence: `{id, text, speaker, start, end}`, times in seconds or null. */
  add(message) {
    const { id, text, speaker, start, end } = message;
    const silent = this.last && start !== null && start - this.last.end > NEW_TURN_AFTER_S;
    if (!this.last || this.last.speaker !== speaker || silent) {
      const words = element("p");
      const head = element("header", {}, element("time", { textContent: start === null ? "" : clock(start) }));
      if (speaker) head.append(element("span", { className: "speaker", textContent: speaker }));
      this.root.append(element("article", { className: "turn" }, head, words));
      this.last = { speaker, words };
    }
    this.last.end = end ?? start ?? 0;
    this.last.words.append(sentence(id, text), " ");
  }
}

/** Live captions: partial results settle into finals, and finals into sentences with an identity. */
export class Captions {
  constructor(transcript, partial) {
    this.turns = new Turns(transcript);
    this.partial = partial;
    [this.settled, this.unsettled] = partial.children;
    this.clear();
  }

  clear() {
    this.turns.root.replaceChildren();
    this.turns.last = null;
    this.finals = "";
    this.words = [];
    this.#show([], []);
  }

  /** Show a partial hypothesis: words that it shares with the one before are settled. */
  hear(text) {
    const words = text.split(/\s+/).filter(Boolean);
    let agreed = 0;
    while (agreed < words.length && words[agreed] === this.words[agreed]) agreed += 1;
    this.words = words;
    this.#show(words.slice(0, agreed), words.slice(agreed));
  }

  /** Show a final result until its sentences come. */
  settle(text) {
    this.finals = `${this.finals} ${text}`.trim();
    this.words = [];
    this.#show([], []);
  }

  /** Add sentences; those that are `mine` take their words off the finals that waited for them. */
  add(messages) {
    for (const message of messages) {
      this.turns.add(message);
      if (message.mine) this.#consume(spoken(message.text).length);
    }
    this.#show([], this.words);
  }

  /** Nothing more will come: keep no line open. */
  finish() {
    this.words = [];
    this.finals = "";
    this.#show([], []);
  }

  #consume(letters) {
    const words = this.finals.split(/\s+/);
    while (words.length && letters > 0) letters -= spoken(words.shift()).length;
    this.finals = words.join(" ");
  }

  #show(settled, unsettled) {
    const firm = [this.finals, ...settled].filter(Boolean).join(" ");
    this.settled.textContent = firm ? `${firm} ` : "";
    this.unsettled.textContent = unsettled.join(" ");
    this.partial.hidden = !firm && !unsettled.length;
  }
}
