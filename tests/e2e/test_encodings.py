from __future__ import annotations

import io

import av
import numpy as np
import pytest

from tests.e2e.client import Client, connect, two_cities
from tests.support.server import EarfulServer


def encoded(codec: str, container: str | None, rate: int, **options: str) -> list[bytes]:
    """Four seconds of speech: the packets of a codec, or the pieces of a file."""
    pcm = np.frombuffer(two_cities(4, rate), "<i2")
    file = io.BytesIO()
    packets: list[bytes] = []
    output = av.open(file, "w", format=container or "ogg")
    stream = output.add_stream(codec, rate=rate, layout="mono", options=options)
    for at in range(0, len(pcm), rate // 50):
        frame = av.AudioFrame.from_ndarray(pcm[np.newaxis, at : at + rate // 50], format="s16", layout="mono")
        frame.sample_rate = rate
        for packet in stream.encode(frame):
            packets.append(bytes(packet))
            output.mux(packet)
    for packet in stream.encode(None):
        packets.append(bytes(packet))
        output.mux(packet)
    output.close()
    if container is None:
        return packets
    data = file.getvalue()
    return [data[at : at + 1000] for at in range(0, len(data), 1000)]


def mulaw() -> list[bytes]:
    pcm = np.frombuffer(two_cities(4, 8000), "<i2").astype(np.int32)
    magnitude = np.minimum(np.abs(pcm), 32635) + 0x84
    exponent = np.maximum(np.floor(np.log2(magnitude)).astype(np.int32) - 7, 0)
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    data = (~((pcm < 0) * 0x80 | exponent << 4 | mantissa) & 0xFF).astype(np.uint8).tobytes()
    return [data[at : at + 160] for at in range(0, len(data), 160)]


async def hear(server: EarfulServer, room: str, encoding: str, rate: int, chunks: list[bytes]) -> Client:
    async with connect(server, room) as client:
        await client.start(config={"speechRecognition": {"encoding": encoding, "sampleRateHertz": rate}})
        for chunk in chunks:
            await client.send(chunk)
        await client.send({"type": "stop_request"})
        assert await client.closed() == 1000
    return client


@pytest.mark.parametrize(
    ("encoding", "rate", "chunks"),
    [
        ("OPUS", 48_000, lambda: encoded("libopus", None, 48_000)),
        ("opus", 16_000, lambda: encoded("libopus", None, 48_000)),
        ("Opus", 48_000, lambda: encoded("libopus", "ogg", 48_000)),
        ("FLAC", 16_000, lambda: encoded("flac", "flac", 16_000)),
        ("flac", 48_000, lambda: encoded("flac", "flac", 48_000)),
        ("MULAW", 8000, mulaw),
        ("LINEAR16", 8000, lambda: [two_cities(4, 8000)]),
        ("linear16", 44_100, lambda: [two_cities(4, 44_100)]),
        ("LINEAR16", 16_000, lambda: [two_cities(4)[:9999], two_cities(4)[9999:]]),
    ],
)
async def test_speech_is_heard_in_every_encoding(
    earful_server: EarfulServer, room: str, encoding: str, rate: int, chunks: object
) -> None:
    client = await hear(earful_server, room, encoding, rate, chunks())  # type: ignore[operator]
    assert "best of times" in " ".join(client.finals).lower()
    assert client.errors == []


async def test_of_a_truncated_flac_stream_everything_before_the_cut_is_heard(
    earful_server: EarfulServer, room: str
) -> None:
    chunks = encoded("flac", "flac", 16_000)
    client = await hear(earful_server, room, "FLAC", 16_000, [*chunks[:-1], chunks[-1][:300]])
    assert "best of" in " ".join(client.finals).lower()


async def test_a_flac_stream_cut_in_its_header_is_told_and_ends_in_order(
    earful_server: EarfulServer, room: str
) -> None:
    client = await hear(earful_server, room, "FLAC", 16_000, [encoded("flac", "flac", 16_000)[0][:20]])
    assert len(client.errors) == 1
    assert client.finals == []
    assert client.kinds[-1] == "conversation_completed"
