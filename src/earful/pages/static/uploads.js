// Recordings on their way: sent with a progress bar, then watched until the job is done.
// Which jobs are watched is remembered for this tab, so that a reload loses none of them.

import { element } from "./dom.js";
import { api, send } from "./session.js";

const KEY = "earful.jobs";
const POLL_MS = 1000;
const FULL_S = 10;

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const percent = (part) => `${Math.floor(part * 100)} %`;

/** The rows of recordings that are being sent or processed. */
export class Uploads {
  constructor(root, { onchange, ondone }) {
    this.root = root;
    this.onchange = onchange;
    this.ondone = ondone;
    this.sending = 0;
    this.jobs = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    this.queue = Promise.resolve();
  }

  /** Watch the jobs that were under way when the page was left. */
  resume() {
    for (const job of [...this.jobs]) this.#watch(job, new Row(this, job.name));
  }

  /** Send a file, after those that were added before; `speakers` is "", "auto", "channels" or a number. */
  add(file, speakers) {
    const name = file.name.replace(/\.[^.]+$/, "") || file.name;
    const row = new Row(this, name);
    row.tell("Waiting to be sent", 0);
    this.sending += 1;
    this.queue = this.queue.then(() => this.#send(file, name, speakers, row)).finally(() => (this.sending -= 1));
  }

  async #send(file, name, speakers, row) {
    const asked = new URLSearchParams({ name, enableSummary: "true", timezoneOffset: String(-new Date().getTimezoneOffset()) });
    if (speakers === "channels") asked.set("enableSeparateRecognitionPerChannel", "true");
    else if (speakers) asked.set("enableSpeakerDiarization", "true");
    if (Number(speakers)) asked.set("diarizationSpeakerCount", speakers);
    while (!row.cancelled) {
      try {
        const job = await send(`/v1/process/audio?${asked}`, file, {
          signal: row.signal,
          progress: (part) => row.tell(part < 1 ? `Sending, ${percent(part)}` : "Being put away safely", part),
        });
        this.#watch({ ...job, name }, row);
        return;
      } catch (error) {
        if (row.cancelled) return;
        if (error.status !== 429) return row.fail(error.message);
        row.tell("Other recordings come first; it is sent again soon", 0);
        await wait((error.retryAfter || FULL_S) * 1000);
      }
    }
  }

  async #watch(job, row) {
    if (!this.jobs.some(({ jobId }) => jobId === job.jobId)) this.#remember([...this.jobs, job]);
    row.underWay();
    let missed = 0;
    for (;;) {
      try {
        const { status, progress, error } = await api(`/v1/job/${job.jobId}`);
        missed = 0;
        if (status === "completed") return this.#finished(job, row, null);
        if (status === "failed") return this.#finished(job, row, error ?? "It could not be processed.");
        if (status === "in_progress") row.tell(`Writing it down, ${percent(progress)}`, progress);
        else row.tell("Waiting for its turn", 0);
      } catch (error) {
        if (error.status === 404) return this.#finished(job, row, "Its conversation was deleted.");
        missed += 1;
        if (missed > 3) row.tell("The server does not answer; asking again", null);
      }
      await wait(missed ? 5 * POLL_MS : POLL_MS);
    }
  }

  #finished(job, row, problem) {
    this.#remember(this.jobs.filter(({ jobId }) => jobId !== job.jobId));
    if (problem) row.fail(problem);
    else row.done(`/conversations/${job.conversationId}`);
    this.ondone();
  }

  #remember(jobs) {
    this.jobs = jobs;
    sessionStorage.setItem(KEY, JSON.stringify(jobs.map(({ jobId, conversationId, name }) => ({ jobId, conversationId, name }))));
  }
}

class Row {
  constructor(uploads, name) {
    this.uploads = uploads;
    this.name = name;
    const aborting = new AbortController();
    this.signal = aborting.signal;
    this.label = element("strong", { textContent: name });
    this.state = element("span", { className: "state-text" });
    this.bar = element("progress", { max: 1 });
    this.bar.setAttribute("aria-label", `Progress of ${name}`);
    this.button = element("button", { type: "button", className: "plain", textContent: "Cancel" });
    this.button.addEventListener("click", () => {
      aborting.abort();
      this.remove();
    });
    this.item = element("li", {}, this.label, this.state, this.bar, this.button);
    uploads.root.append(this.item);
    uploads.onchange();
  }

  get cancelled() {
    return this.signal.aborted;
  }

  tell(text, part = null) {
    this.state.textContent = text;
    if (part === null) this.bar.removeAttribute("value");
    else this.bar.value = part;
  }

  /** From now on the server has it; there is nothing more to cancel here. */
  underWay() {
    this.button.hidden = true;
  }

  fail(problem) {
    this.item.classList.add("failed");
    this.tell(problem, 0);
    this.bar.hidden = true;
    this.state.setAttribute("role", "alert");
    this.#dismissable();
  }

  done(address) {
    this.item.classList.add("done");
    this.tell("Done", 1);
    this.bar.hidden = true;
    this.label.replaceWith(element("a", { href: address, textContent: this.name }));
    this.#dismissable();
  }

  remove() {
    this.item.remove();
    this.uploads.onchange();
  }

  #dismissable() {
    this.button.hidden = false;
    this.button.textContent = "Dismiss";
  }
}
