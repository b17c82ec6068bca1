// Runs on the audio thread: gathers mono samples into 50 ms frames of 16-bit PCM with their level.

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.frame = new Int16Array(Math.round(sampleRate / 20));
    this.filled = 0;
    this.sum = 0;
    this.port.onmessage = () => {
      this.send();
      this.port.postMessage({ flushed: true });
    };
  }

  send() {
    if (!this.filled) return;
    const pcm = this.frame.slice(0, this.filled).buffer;
    this.port.postMessage({ pcm, level: Math.sqrt(this.sum / this.filled) }, [pcm]);
    this.filled = 0;
    this.sum = 0;
  }

  process([channels]) {
    if (!channels.length) return true;
    for (let i = 0; i < channels[0].length; i += 1) {
      let sample = 0;
      for (const channel of channels) sample += channel[i] / channels.length;
      sample = Math.max(-1, Math.min(1, sample));
      this.frame[this.filled] = sample * (sample < 0 ? 32768 : 32767);
      this.filled += 1;
      this.sum += sample * sample;
      if (this.filled === this.frame.length) this.send();
    }
    return true;
  }
}

registerProcessor("capture", Capture);
