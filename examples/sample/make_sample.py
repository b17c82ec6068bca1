"""Synthesise the sample conversation: script.json in, conversation.ogg and timings.json out.

Two Debian speech-synthesis voices (`apt-get install flite`) read the script. Each speaker has a
channel of a stereo file, as two microphones would: the other's voice comes through faintly, over a
little room tone. The result is committed; run this only after changing the script.

    .venv/bin/python examples/sample/make_sample.py
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

HERE = Path(__file__).resolve().parent
RATE = 16_000
BIT_RATE = 64_000
SPEECH_RMS = 0.075
ROOM_TONE_RMS = 0.0006
CROSSTALK = 0.004
TAIL_S = 1.0
BREATH_S = 0.4

Samples = npt.NDArray[np.float32]


def speak(text: str, voice: str, tempo: float) -> Samples:
    """Speak one turn, sentence by sentence with a breath between: float32 [samples] at 16 kHz."""
    breath = np.zeros(int(RATE * BREATH_S), np.float32)
    parts: list[Samples] = []
    for sentence in re.split(r"(?<=[.?!]) ", text):
        parts += [breath, synthesise(sentence, voice, tempo)]
    return np.concatenate(parts[1:])


def synthesise(text: str, voice: str, tempo: float) -> Samples:
    """Speak one sentence: float32 [samples] at 16 kHz, trimmed of leading and trailing silence."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sentence.wav"
        command = [
            "flite",
            "-voice",
            voice,
            "--setf",
            f"duration_stretch={1 / tempo}",
            "-t",
            text,
            "-o",
            str(path),
        ]
        subprocess.run(command, check=True)  # noqa: S603 (a fixed program, our own script's text)
        with wave.open(str(path), "rb") as reader:
            if reader.getframerate() != RATE or reader.getnchannels() != 1:
                raise ValueError(f"flite voice {voice!r} does not speak 16 kHz mono")
            pcm = np.frombuffer(reader.readframes(reader.getnframes()), "<i2")
    speech = pcm.astype(np.float32) / 32768
    loud = np.flatnonzero(np.abs(speech) > 0.01)
    margin = RATE // 50
    speech = speech[max(0, loud[0] - margin) : loud[-1] + margin]
    return (speech * (SPEECH_RMS / np.sqrt(np.mean(speech**2)))).astype(np.float32)


def room_tone(samples: int, rng: np.random.Generator) -> Samples:
    """A quiet low rumble with a little hiss, as a room with a computer in it has."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    frequency = np.fft.rfftfreq(samples, 1 / RATE)
    tone = np.fft.irfft(spectrum / (1 + frequency / 120), samples)
    return (tone * (ROOM_TONE_RMS / np.sqrt(np.mean(tone**2)))).astype(np.float32)


def mix(script: dict[str, Any], seed: int = 20) -> tuple[Samples, list[dict[str, Any]]]:
    """Lay the turns out in time: float32 [channels, samples] and each turn's start and end."""
    rng = np.random.default_rng(seed)
    placed: list[tuple[int, int, Samples]] = []
    timings: list[dict[str, Any]] = []
    at = RATE // 2
    for turn in script["turns"]:
        speaker = script["speakers"][turn["speaker"]]
        speech = speak(turn["text"], speaker["voice"], speaker["tempo"])
        placed.append((at, speaker["channel"], speech))
        end = at + len(speech)
        timings.append(turn | {"start": round(at / RATE, 2), "end": round(end / RATE, 2)})
        at = end + int(RATE * rng.uniform(*script["pause_s"]))
    total = at + int(RATE * TAIL_S)
    audio = np.stack([room_tone(total, rng) for _ in script["speakers"]])
    for start, channel, speech in placed:
        for target in range(len(audio)):
            audio[target, start : start + len(speech)] += speech * (1.0 if target == channel else CROSSTALK)
    return audio, timings


def write_opus(audio: Samples, path: Path) -> None:
    """Write float32 [2, samples] as Ogg Opus."""
    with av.open(str(path), "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libopus", rate=48_000, layout="stereo")
        stream.bit_rate = BIT_RATE
        frame = av.AudioFrame.from_ndarray(audio.T.reshape(1, -1).copy(), format="flt", layout="stereo")
        frame.sample_rate = RATE
        resampler = av.AudioResampler(format="flt", layout="stereo", rate=48_000)
        for resampled in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(resampled))
        container.mux(stream.encode(None))


def main() -> int:
    """Make the sample; return the exit code."""
    if shutil.which("flite") is None:
        print("make_sample: flite is missing; apt-get install flite", file=sys.stderr)
        return 1
    script = json.loads((HERE / "script.json").read_text())
    audio, timings = mix(script)
    write_opus(audio, HERE / "conversation.ogg")
    (HERE / "timings.json").write_text(
        json.dumps({"duration": round(audio.shape[1] / RATE, 2), "turns": timings}, indent=2) + "\n"
    )
    size = (HERE / "conversation.ogg").stat().st_size
    print(f"{audio.shape[1] / RATE:.1f} s, {size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
