"""A call as Twilio streams it: messages in the documented form around G.711 audio."""

import base64
import json
from typing import Any

import numpy as np

__all__ = ["connected", "dtmf", "frames", "mark", "media", "mulaw", "start", "stop"]

STREAM = "MZ18ad3ab5a668481ce02b83e7395059f0"
CALL = "CA27ea12eb7e3d3e5f9a0ff5a0f8ad3e5b"


def connected() -> str:
    return json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"})


def start(tracks: list[str] | None = None, sampling: Any = 8000, **parameters: str) -> str:
    body = {
        "accountSid": "AC0000000000000000000000000000000a",
        "streamSid": STREAM,
        "callSid": CALL,
        "tracks": tracks or ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": sampling, "channels": 1},
        "customParameters": parameters,
    }
    return json.dumps({"event": "start", "sequenceNumber": "1", "start": body, "streamSid": STREAM})


def media(payload: bytes, number: int = 1, track: str = "inbound") -> str:
    body = {
        "track": track,
        "chunk": str(number),
        "timestamp": str(20 * number),
        "payload": base64.b64encode(payload).decode(),
    }
    return json.dumps(
        {"event": "media", "sequenceNumber": str(number + 1), "media": body, "streamSid": STREAM}
    )


def mark(name: str = "greeting") -> str:
    return json.dumps({"event": "mark", "sequenceNumber": "4", "streamSid": STREAM, "mark": {"name": name}})


def dtmf(digit: str = "1") -> str:
    body = {"track": "inbound_track", "digit": digit}
    return json.dumps({"event": "dtmf", "streamSid": STREAM, "sequenceNumber": "5", "dtmf": body})


def stop() -> str:
    body = {"accountSid": "AC0000000000000000000000000000000a", "callSid": CALL}
    return json.dumps({"event": "stop", "sequenceNumber": "9", "stop": body, "streamSid": STREAM})


def mulaw(pcm: bytes) -> bytes:
    """Return 16-bit PCM as G.711 µ-law (ITU-T G.711, the segmented form with bias 132)."""
    samples = np.frombuffer(pcm, "<i2").astype(np.int32)
    sign = np.where(samples < 0, 0x80, 0)
    magnitude = np.minimum(np.abs(samples), 32635) + 132
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    return (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8).tobytes()


def frames(pcm: bytes, track: str = "inbound") -> list[str]:
    """Return 8 kHz PCM as the messages of 20 ms that Twilio sends."""
    coded = mulaw(pcm)
    return [
        media(coded[at : at + 160], number, track) for number, at in enumerate(range(0, len(coded), 160), 1)
    ]
