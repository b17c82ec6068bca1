"""Live streams over engines that hear a segment at a time; what hears is a stand-in that measures."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import numpy as np
import pytest

from earful.audio.types import Samples
from earful.conversation.types import Word
from earful.speech.segments import Heard, SegmentStreams
from earful.speech.types import Hotword, Hypothesis, SpeechBusy, StreamOptions
from tests.support.telephone import read_speech

HINDI = StreamOptions(language="hi-IN", hotwords=(Hotword("loan"),))


def speech(seconds: float = 6.0) -> Samples:
    return np.frombuffer(read_speech(16_000, seconds), "<i2").astype(np.float32) / 32768


class LengthDecoder:
    """Says how many tenths of a second each segment had, or fails when `broken`."""

    workers = 1
    quickest_partial = 1.0

    def __init__(self) -> None:
        self.calls: list[tuple[bool, float]] = []
        self.broken = False
        self.segments = 0

    def listen(self, options: StreamOptions) -> "LengthDecoder":
        self.segments += 1
        return self

    def hear(self, samples: Samples, *, final: bool) -> Heard:
        if self.broken:
            raise RuntimeError("the model broke")
        self.calls.append((final, samples.size / 16_000))
        text = f"{samples.size // 1600}"
        return Heard(text, 0.8, (Word(text, 0.1, 0.2, 0.9),) if final else ())


@pytest.fixture
def decoder() -> LengthDecoder:
    return LengthDecoder()


@pytest.fixture
async def streams() -> AsyncIterator[SegmentStreams]:
    streams = SegmentStreams()
    yield streams
    await streams.close()


async def test_utterances_are_found_and_settled_with_word_times(
    streams: SegmentStreams, decoder: LengthDecoder
) -> None:
    heard: list[Hypothesis] = []
    audio = speech()
    stream = streams.open(decoder, replace(HINDI, endpoint_silence=0.3), heard.append)
    for at in range(0, audio.size, 320):
        stream.feed(audio[at : at + 320])
    await stream.flush()
    finals = [one for one in heard if one.is_final]
    assert [one.segment for one in finals] == list(range(len(finals)))
    assert len(finals) == 2
    for final in finals:
        assert 0.5 < final.start < final.end <= 6.1
        assert final.confidence == 0.8
        assert abs(final.words[0].start - final.start) < 0.5
    assert finals[0].end < finals[1].start


async def test_partials_of_an_open_utterance_come_before_its_final(
    streams: SegmentStreams, decoder: LengthDecoder
) -> None:
    heard: list[Hypothesis] = []
    stream = streams.open(decoder, HINDI, heard.append)
    audio = speech(4.0)
    for at in range(0, audio.size, 1600):
        stream.feed(audio[at : at + 1600])
        await asyncio.sleep(0.02)
    await stream.flush()
    kinds = [one.is_final for one in heard]
    assert kinds[-1]
    assert not kinds[0]
    lengths = [int(one.text) for one in heard if not one.is_final]
    assert lengths == sorted(lengths)


async def test_without_partials_only_finals_are_decoded(
    streams: SegmentStreams, decoder: LengthDecoder
) -> None:
    stream = streams.open(decoder, StreamOptions(language="hi", partials=False), lambda one: None)
    stream.feed(speech())
    await stream.flush()
    assert decoder.calls
    assert all(final for final, _ in decoder.calls)


async def test_silence_is_not_decoded(streams: SegmentStreams, decoder: LengthDecoder) -> None:
    heard: list[Hypothesis] = []
    stream = streams.open(decoder, HINDI, heard.append)
    stream.feed(np.zeros(48_000, np.float32))
    await stream.flush()
    assert (heard, decoder.calls) == ([], [])


async def test_a_stream_goes_on_after_a_flush(streams: SegmentStreams, decoder: LengthDecoder) -> None:
    heard: list[Hypothesis] = []
    stream = streams.open(decoder, HINDI, heard.append)
    for _ in range(2):
        stream.feed(speech(4.0))
        await stream.flush()
    finals = [one for one in heard if one.is_final]
    assert len(finals) == 2
    assert finals[1].start > 4.0


async def test_a_decoder_that_breaks_is_told_to_the_one_who_flushes(
    streams: SegmentStreams, decoder: LengthDecoder
) -> None:
    decoder.broken = True
    stream = streams.open(decoder, HINDI, lambda one: None)
    stream.feed(speech(4.0))
    with pytest.raises(RuntimeError, match="the model broke"):
        await stream.flush()
    await stream.close()
    decoder.broken = False
    heard: list[Hypothesis] = []
    other = streams.open(decoder, HINDI, heard.append)
    other.feed(speech(4.0))
    await other.flush()
    assert heard


async def test_a_closed_stream_says_nothing_more(streams: SegmentStreams, decoder: LengthDecoder) -> None:
    heard: list[Hypothesis] = []
    stream = streams.open(decoder, HINDI, heard.append)
    stream.feed(speech(4.0))
    await stream.close()
    stream.feed(speech(4.0))
    await stream.flush()
    await stream.close()
    assert heard == []
    assert not streams.streams


async def test_a_decoder_that_has_fallen_far_behind_takes_no_new_stream(
    streams: SegmentStreams, decoder: LengthDecoder
) -> None:
    streams.open(decoder, HINDI, lambda one: None)
    streams._lanes[id(decoder)].waiting_s = 16.0
    with pytest.raises(SpeechBusy):
        streams.open(decoder, HINDI, lambda one: None)


async def test_what_an_inventive_model_makes_of_noise_is_not_told(streams: SegmentStreams) -> None:
    """Hesitant words on hardly any voice are dropped; a model that keeps silent on noise is believed."""

    class Hesitant(LengthDecoder):
        inventive = True

        def hear(self, samples: Samples, *, final: bool) -> Heard:
            return Heard("Thank you.", 0.1, inventive=self.inventive)

    for inventive in (True, False):
        decoder, heard = Hesitant(), []
        decoder.inventive = inventive
        stream = streams.open(decoder, HINDI, heard.append)
        stream.feed(speech(3.0))
        await stream.flush()
        assert bool(heard) != inventive


async def test_each_segment_is_heard_by_itself(streams: SegmentStreams, decoder: LengthDecoder) -> None:
    """Partials of one segment and its final are one hearing; the next segment begins another."""
    stream = streams.open(decoder, replace(HINDI, endpoint_silence=0.3), lambda one: None)
    audio = speech(6.0)
    for at in range(0, audio.size, 1600):
        stream.feed(audio[at : at + 1600])
        await asyncio.sleep(0.005)
    await stream.flush()
    assert decoder.segments == len([final for final, _ in decoder.calls if final]) == 2
