// Sound from a microphone or a file, as 50 ms frames of LINEAR16 with their level.

const RATE = 16_000;
const WORKLET = new URL("capture-worklet.js", import.meta.url);

/** Sound cannot be had; the message tells the person what to do. */
export class CaptureError extends Error {}

const REASONS = {
  NotAllowedError: "The browser may not use the microphone. Allow it for this site (in the address bar) and start again.",
  NotFoundError: "No microphone was found. Plug one in, or open a file instead.",
  NotReadableError: "The microphone is in use by another program, or was unplugged.",
  OverconstrainedError: "That microphone is gone. Pick another one.",
};

function secure() {
  if (!isSecureContext) {
    throw new CaptureError("Browsers let only https:// pages and localhost capture sound. Open this page in one of these ways.");
  }
}

/** Return the microphones as {id, label}; labels are empty until the person has allowed one. */
export async function microphones() {
  if (!navigator.mediaDevices) return [];
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices
    .filter((device) => device.kind === "audioinput" && device.deviceId)
    .map((device) => ({ id: device.deviceId, label: device.label }));
}

/** Sound that is being captured. Set `onframe(pcm, level)` and `onended()`, then `resume()`. */
class Capture {
  constructor(context, node, release) {
    this.sampleRate = context.sampleRate;
    this.onframe = () => {};
    this.onended = () => {};
    this.context = context;
    this.node = node;
    this.release = release;
    this.flushed = new Promise((resolve) => {
      node.port.onmessage = ({ data }) => (data.flushed ? resolve() : this.onframe(data.pcm, data.level));
    });
  }

  /** Stop, after handing over the last samples. */
  async stop() {
    this.onended = () => {};
    this.node.port.postMessage("flush");
    await Promise.race([this.flushed, new Promise((resolve) => setTimeout(resolve, 500))]);
    this.onframe = () => {};
    this.release();
    await this.context.close();
  }
}

async function worklet(context) {
  await context.audioWorklet.addModule(WORKLET);
  return new AudioWorkletNode(context, "capture", { numberOfOutputs: 0 });
}

/** Start a microphone; the empty id is the browser's default. Throws `CaptureError`. */
export async function openMicrophone(id) {
  secure();
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      audio: {
        deviceId: id ? { exact: id } : undefined,
        channelCount: 1,
        // Clean-up made for ears removes what the recogniser hears by.
        echoCancellation: false,
        noiseSuppression: false,
        autoGainControl: true,
      },
    });
  } catch (error) {
    throw new CaptureError(REASONS[error.name] ?? `The microphone could not be opened: ${error.message}`);
  }
  const [context, source] = connect(stream);
  const node = await worklet(context);
  source.connect(node);
  await context.resume();
  const capture = new Capture(context, node, () => stream.getTracks().forEach((track) => track.stop()));
  stream.getAudioTracks()[0].addEventListener("ended", () => capture.onended());
  return capture;
}

/** Some browsers cannot resample a microphone: there the server gets the microphone's own rate. */
function connect(stream) {
  const context = new AudioContext({ sampleRate: RATE });
  try {
    return [context, context.createMediaStreamSource(stream)];
  } catch {
    context.close();
    const native = new AudioContext();
    return [native, native.createMediaStreamSource(stream)];
  }
}

/** Play a local audio or video file aloud and capture it at the same pace. Throws `CaptureError`. */
export async function openFile(file) {
  secure();
  const context = new AudioContext({ sampleRate: RATE });
  let buffer;
  try {
    buffer = await context.decodeAudioData(await file.arrayBuffer());
  } catch {
    await context.close();
    throw new CaptureError(`This browser finds no sound that it can play in “${file.name}”.`);
  }
  const node = await worklet(context);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(node);
  source.connect(context.destination);
  const capture = new Capture(context, node, () => source.stop());
  source.addEventListener("ended", () => capture.onended());
  await context.resume();
  source.start();
  return capture;
}
