// Finds words in the transcript: every place is marked, and Enter goes from one to the next.

/** The search box `#find` under `root`; `show` is called with the sentence to go to. */
export class Find {
  constructor(root, sentences, show) {
    this.sentences = sentences;
    this.show = show;
    this.found = [];
    this.place = -1;
    this.query = root.querySelector("#find-query");
    this.count = root.querySelector("#find-count");
    this.buttons = [root.querySelector("#find-back"), root.querySelector("#find-next")];
    this.query.addEventListener("input", () => this.#search());
    root.querySelector("#find").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#go(1);
    });
    this.buttons[0].addEventListener("click", () => this.#go(-1));
    this.query.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.shiftKey) {
        event.preventDefault();
        this.#go(-1);
      } else if (event.key === "Escape" && this.query.value) {
        event.preventDefault();
        this.query.value = "";
        this.#search();
      }
    });
  }

  #search() {
    const wanted = this.query.value.trim().toLowerCase();
    const ranges = [];
    this.found = [];
    for (const one of this.sentences) {
      const text = one.textContent.toLowerCase();
      let at = wanted ? text.indexOf(wanted) : -1;
      one.classList.toggle("hit", at >= 0);
      if (at >= 0) this.found.push(one);
      const node = one.firstChild;
      // Some letters are longer in lower case; then the sentence alone is marked.
      for (; at >= 0 && node && text.length === node.length; at = text.indexOf(wanted, at + wanted.length)) {
        const range = new Range();
        range.setStart(node, at);
        range.setEnd(node, at + wanted.length);
        ranges.push(range);
      }
    }
    if (globalThis.CSS?.highlights) {
      if (ranges.length) CSS.highlights.set("found", new Highlight(...ranges));
      else CSS.highlights.delete("found");
    }
    this.place = -1;
    for (const button of this.buttons) button.disabled = !this.found.length;
    this.#tell();
    if (this.found.length) this.#go(1);
  }

  #go(step) {
    if (!this.found.length) return;
    this.place = this.place < 0 && step < 0 ? this.found.length - 1 : (this.place + step + this.found.length) % this.found.length;
    this.show(this.found[this.place], { focus: false });
    this.#tell();
  }

  #tell() {
    const all = this.found.length;
    if (!this.query.value.trim()) this.count.textContent = "";
    else this.count.textContent = all ? `${this.place + 1} of ${all}` : "Not there";
  }
}
