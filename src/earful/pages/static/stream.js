// One speaker's connection to Symbl's Streaming API: starts, sends audio, reconnects, stops.

const KEEP_S = 60;
const FRAMES_KEPT = 20 * KEEP_S;
const RETRY_MS = [250, 500, 1000, 2000, 4000];
const FINISH_MS = 20_000;

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Events: `frame` (detail: a parsed message), `lost`, `back`, and once at the end either `done` or
 * `fail` (detail: the reason). Audio given while the connection is lost is kept and sent when it is
 * back; the server holds the conversation open for as long.
 */
export class Stream extends EventTarget {
  constructor({ token, start }) {
    super();
    this.token = token;
    this.id = crypto.randomUUID();
    this.start = { type: "start_request", noConnectionTimeout: KEEP_S, ...start };
    this.waiting = [];
    this.stopping = false;
    this.over = false;
    this.refusal = null;
  }

  /** Connect for the first time; reject when the server does not take the stream. */
  async open() {
    await this.#connect();
  }

  /** Send one frame of audio, or keep it until there is a connection. */
  send(pcm) {
    // A connection that is just being closed takes nothing more, and says so only later.
    if (this.ready && this.socket.readyState === WebSocket.OPEN) return this.socket.send(pcm);
    this.waiting.push(pcm);
    if (this.waiting.length > FRAMES_KEPT) this.waiting.shift();
  }

  /** Say that the speech is over; `done` follows when the last words have come. */
  stop() {
    this.stopping = true;
    if (this.ready) this.socket.send(JSON.stringify({ type: "stop_request" }));
    setTimeout(() => this.#end("done"), FINISH_MS);
  }

  #end(type, detail) {
    if (this.over) return;
    this.over = true;
    this.socket?.close(1000);
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  async #connect() {
    const address = new URL(`/v1/streaming/${this.id}`, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address, [await this.token()]);
    socket.binaryType = "arraybuffer";
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onclose = () => reject(new Error("The server did not take the connection."));
    });
    this.socket = socket;
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = (event) => this.#closed(event);
    socket.send(JSON.stringify(this.start));
    for (const pcm of this.waiting.splice(0)) socket.send(pcm);
    this.ready = true;
    if (this.stopping) socket.send(JSON.stringify({ type: "stop_request" }));
  }

  #receive(data) {
    const frame = JSON.parse(data);
    if (frame.type === "message" && frame.message.type === "error") this.refusal = frame.message.details;
    else if (frame.type === "message") this.refusal = null;
    this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
    if (frame.type === "message" && frame.message.type === "conversation_completed") this.#end("done");
  }

  async #closed(event) {
    this.ready = false;
    if (this.over) return;
    if (this.stopping) return this.#end("done");
    // The server ends a stream with 1000 or names a reason; anything else is a broken line.
    if (event.code === 1000 && !this.refusal) return this.#end("done");
    const reason = this.refusal ?? (event.code === 1006 ? "" : event.reason);
    if (reason) return this.#end("fail", reason);
    this.dispatchEvent(new Event("lost"));
    const limit = Date.now() + KEEP_S * 1000;
    for (let attempt = 0; Date.now() < limit && !this.over; attempt += 1) {
      await wait(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
      try {
        await this.#connect();
        return this.dispatchEvent(new Event("back"));
      } catch {
        // The next attempt, or the end of this loop, deals with it.
      }
    }
    this.#end("fail", "The connection to the server was lost and did not come back.");
  }
}
