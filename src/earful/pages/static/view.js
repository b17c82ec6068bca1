// Brings the HTML of one conversation to life: play from a sentence, jump to what was found, find words,
// correct them. The HTML is the server's; everything here works on what it says in its data attributes.

import { copy } from "./dom.js";
import { Find } from "./find.js";
import { clearNotice, notice } from "./notice.js";
import { Player } from "./player.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** The view under `root`. `token` in its address says whether it may change anything. */
export class View {
  constructor(root) {
    this.root = root;
    this.at = root.dataset.at;
    this.token = root.dataset.token;
    this.sentences = [...root.querySelectorAll(".sentence")];
    this.starts = this.sentences.map(({ dataset }) => Number(dataset.start));
    for (const one of root.querySelectorAll(".script")) one.hidden = false;
    this.player = root.querySelector(".player") ? new Player(root, { ontime: (t) => this.#playing(t), onseek: (t) => this.#seen(t) }) : null;
    if (root.querySelector("#find")) new Find(root, this.sentences, (one, how) => this.show(one, how));
    this.#sentences();
    this.#findings();
    this.#copies();
    if ("editable" in root.dataset) this.#corrections();
    if (location.hash) this.show(document.getElementById(decodeURIComponent(location.hash.slice(1))));
  }

  say(text) {
    this.root.querySelector("#told").textContent = text;
  }

  /** Scroll to a sentence, mark it, and give it the focus. */
  show(one, { focus = true } = {}) {
    if (!one) return;
    this.#light([one]);
    one.scrollIntoView({ block: "center", behavior: calm.matches ? "auto" : "smooth" });
    if (focus) this.#focus(one);
  }

  // ---- sentences ------------------------------------------------------------------------------

  #sentences() {
    // One of them is in the tab order; the arrow keys move that place along.
    if (this.sentences.length) this.sentences[0].tabIndex = 0;
    const text = this.root.querySelector("#transcript");
    text.addEventListener("click", (event) => {
      const from = event.target.closest(".at");
      const one = from ? this.#named(from.hash) : event.target.closest(".sentence");
      if (!one || this.editing === one) return;
      if (from) event.preventDefault();
      else if (!getSelection().isCollapsed) return;
      this.#focus(one);
      if (this.correcting) this.#edit(one);
      else this.#chosen(one);
    });
    text.addEventListener("keydown", (event) => {
      const one = event.target.closest(".sentence");
      if (!one || this.editing === one) return;
      const place = this.sentences.indexOf(one);
      const move = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      if (move) {
        event.preventDefault();
        this.#focus(this.sentences[Math.min(Math.max(place + move, 0), this.sentences.length - 1)]);
      } else if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        if (this.correcting) this.#edit(one);
        else this.#chosen(one);
      }
    });
  }

  #chosen(one) {
    this.#light([one]);
    history.replaceState(null, "", `#${one.id}`);
    this.player?.playFrom(Number(one.dataset.start));
  }

  #focus(one) {
    for (const other of this.root.querySelectorAll(".sentence[tabindex='0']")) other.tabIndex = -1;
    one.tabIndex = 0;
    one.focus({ preventScroll: true });
    const { top, bottom } = one.getBoundingClientRect();
    if (top < 0 || bottom > innerHeight) one.scrollIntoView({ block: "nearest" });
  }

  #named(hash) {
    return document.getElementById(decodeURIComponent(hash.slice(1)));
  }

  #light(lit) {
    for (const one of this.root.querySelectorAll(".sentence.lit")) one.classList.remove("lit");
    for (const one of lit) one.classList.add("lit");
  }

  #at(seconds) {
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.starts[middle] <= seconds + 0.05) low = middle + 1;
      else high = middle;
    }
    return this.sentences[low - 1] ?? null;
  }

  #playing(seconds) {
    const now = this.#at(seconds);
    const before = this.root.querySelector(".sentence.playing");
    if (now === before) return;
    const followed = !before || visible(before);
    before?.classList.remove("playing", "lit");
    if (!now) return;
    now.classList.add("playing");
    // Whoever has scrolled away to read something else is left there.
    if (followed && !visible(now)) now.scrollIntoView({ block: "center", behavior: calm.matches ? "auto" : "smooth" });
  }

  #seen(seconds) {
    const one = this.#at(seconds);
    if (!one) return;
    this.#light([one]);
    one.scrollIntoView({ block: "center" });
  }

  // ---- what was found -------------------------------------------------------------------------

  #findings() {
    for (const link of this.root.querySelectorAll("[data-messages]")) {
      const sources = () => link.dataset.messages.split(" ").filter(Boolean).map((id) => document.getElementById(`m${id}`)).filter(Boolean);
      const hint = (on) => sources().forEach((one) => one.classList.toggle("hinted", on));
      for (const name of ["pointerenter", "focus"]) link.addEventListener(name, () => hint(true));
      for (const name of ["pointerleave", "blur"]) link.addEventListener(name, () => hint(false));
      let turn = 0;
      link.addEventListener("click", (event) => {
        const found = sources();
        if (!found.length) return;
        event.preventDefault();
        // A topic comes up again and again: each click goes to the next place.
        const one = found[turn % found.length];
        turn += 1;
        this.show(one);
        this.#light(found);
        history.replaceState(null, "", `#${one.id}`);
        if (found.length > 1) this.say(`Place ${(turn - 1) % found.length + 1} of ${found.length}`);
      });
    }
  }

  #copies() {
    this.root.querySelector("#copy").addEventListener("click", async () => {
      const menu = this.root.querySelector(".menu");
      try {
        const answer = await fetch(`${this.at}/copies/txt?o=${this.token}`);
        if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
        await copy(await answer.text());
        this.say("Copied");
      } catch (error) {
        notice(error.message);
      }
      menu.open = false;
    });
    const menu = this.root.querySelector(".menu");
    document.addEventListener("click", (event) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  }

  // ---- corrections ----------------------------------------------------------------------------

  #corrections() {
    const button = this.root.querySelector("#correct");
    button?.addEventListener("click", () => {
      this.correcting = !this.correcting;
      button.setAttribute("aria-pressed", String(this.correcting));
      button.textContent = this.correcting ? "Done" : "Correct the words";
      this.root.classList.toggle("correcting", this.correcting);
      this.say(this.correcting ? "Choose a sentence or a name to change it." : "");
    });
    this.root.addEventListener("click", (event) => {
      const speaker = this.correcting && event.target.closest(".speaker");
      if (speaker) this.#rename(speaker.dataset.member);
    });
    for (const form of this.root.querySelectorAll(".names form")) {
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        const name = form.elements.name.value.trim();
        const member = form.dataset.member;
        await this.#save(`members/${encodeURIComponent(member)}`, { name }, (saved) => this.#renamed(member, saved.name));
      });
    }
  }

  #rename(member) {
    const form = this.root.querySelector(`.names form[data-member="${CSS.escape(member)}"]`);
    if (!form) return;
    form.closest("details").open = true;
    form.elements.name.focus();
    form.elements.name.select();
    form.scrollIntoView({ block: "center" });
  }

  #renamed(member, name) {
    const which = CSS.escape(member);
    for (const one of this.root.querySelectorAll(`.speaker[data-member="${which}"] span, [data-name="${which}"]`)) one.textContent = name;
    const names = [...this.root.querySelectorAll(".names form")].map((form) => form.elements.name.value.trim());
    const people = this.root.querySelector("#people");
    if (people) people.textContent = names.join(", ");
  }

  #edit(one) {
    const before = one.textContent;
    this.editing = one;
    one.contentEditable = "true";
    one.setAttribute("role", "textbox");
    one.setAttribute("aria-label", "Correct this sentence");
    one.focus();
    const done = new AbortController();
    const end = (text) => {
      done.abort();
      this.editing = null;
      one.removeAttribute("contenteditable");
      one.removeAttribute("role");
      one.removeAttribute("aria-label");
      one.textContent = text;
    };
    const keep = () => {
      const text = one.textContent.replace(/\s+/g, " ").trim();
      end(text || before);
      if (text && text !== before) {
        this.#save(`messages/${encodeURIComponent(one.id.slice(1))}`, { text }, (saved) => (one.textContent = saved.text), () => (one.textContent = before));
      }
    };
    one.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        keep();
        this.#focus(one);
      } else if (event.key === "Escape") {
        end(before);
        this.#focus(one);
      }
      event.stopPropagation();
    }, { signal: done.signal });
    one.addEventListener("paste", (event) => {
      event.preventDefault();
      document.execCommand("insertText", false, event.clipboardData.getData("text/plain"));
    }, { signal: done.signal });
    one.addEventListener("blur", keep, { signal: done.signal });
  }

  async #save(path, fields, then, otherwise = () => {}) {
    this.say("Saving…");
    try {
      const response = await fetch(`${this.at}/${path}?o=${this.token}`, {
        method: "POST",
        headers: { Accept: "application/json", "Content-Type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams(fields),
      });
      const answer = await response.json().catch(() => ({}));
      if (!response.ok) throw new Error(answer.message ?? `The server answered ${response.status}.`);
      then(answer);
      clearNotice();
      this.say("Saved");
    } catch (error) {
      otherwise();
      this.say("");
      notice(`It was not saved: ${error.message}`);
    }
  }
}

function visible(one) {
  const { top, bottom } = one.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}
