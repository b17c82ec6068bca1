"""Who gets the CPU next: the scheduler driven by hand, with stand-ins for the networks."""

import threading
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from earful.audio.vad import FRAME, VadState
from earful.speech.scheduler import LiveStream, Scheduler, stretched_interval
from earful.speech.types import Hypothesis, Samples, StreamOptions
from tests.speech.conftest import LevelEar, SpellingEngine, say

OPTIONS = StreamOptions(endpoint_silence=0.5, max_segment=8.0, partial_interval=0.5)
SECOND = 16_000


class Desk:
    """A scheduler with some streams and everything they were told."""

    def __init__(self, streams: int = 1, options: StreamOptions = OPTIONS) -> None:
        self.engine = SpellingEngine()
        self.scheduler = Scheduler(self.engine, LevelEar(), clock=lambda: 0.0)
        self.told: list[list[Hypothesis]] = [[] for _ in range(streams)]
        self.order: list[tuple[int, bool]] = []
        self.streams = [self.open(number, options) for number in range(streams)]

    def open(self, number: int, options: StreamOptions) -> LiveStream:
        def deliver(hypothesis: Hypothesis) -> None:
            self.told[number].append(hypothesis)
            self.order.append((number, hypothesis.is_final))

        return self.scheduler.open(options, deliver)

    def feed(self, audio: Samples, number: int = 0, chunk: int | None = None) -> None:
        for at in range(0, len(audio), chunk or max(1, len(audio))):
            self.scheduler.feed(self.streams[number], audio[at : at + (chunk or len(audio))])

    def run(self) -> None:
        while self.scheduler.run_once():
            pass

    def live(self, audio: Samples, number: int = 0, chunk: int = 1600) -> None:
        """Feed and work in turns, as real time does."""
        for at in range(0, len(audio), chunk):
            self.feed(audio[at : at + chunk], number)
            self.run()

    def flush(self, number: int = 0) -> list[bool]:
        done: list[bool] = []
        self.scheduler.flush(self.streams[number], lambda: done.append(True))
        return done

    def finals(self, number: int = 0) -> list[str]:
        return [h.text for h in self.told[number] if h.is_final]

    def partials(self, number: int = 0) -> list[str]:
        return [h.text for h in self.told[number] if not h.is_final]


def test_words_come_back_as_partials_and_then_a_final() -> None:
    """One utterance: growing partials, one final with everything."""
    desk = Desk()
    desk.live(say(11, 12, 13, 14, 15, quiet=1.0))
    assert desk.finals() == ["w11 w12 w13 w14 w15"]
    partials = desk.partials()
    assert len(partials) >= 2
    assert all(desk.finals()[0].startswith(text) for text in partials)
    assert partials == sorted(partials, key=len)


def test_partials_come_at_least_every_half_second_of_speech() -> None:
    """No more than the interval and one chunk passes between two partials."""
    desk = Desk()
    desk.live(say(*range(11, 31)))
    heard = [h.audio_end for h in desk.told[0]]
    gaps = np.diff([0.0, *heard])
    assert len(heard) >= 6
    assert float(gaps.max()) <= 0.5 + 0.1 + 0.032 * 3


def test_a_longer_interval_gives_fewer_partials() -> None:
    """The interval is the client's choice."""
    often, seldom = Desk(), Desk(options=StreamOptions(partial_interval=1.5, max_segment=8.0))
    for desk in (often, seldom):
        desk.live(say(*range(11, 31)))
    assert len(seldom.told[0]) * 2 < len(often.told[0])


def test_no_partials_when_not_wanted() -> None:
    """Finals alone, even though they are prepared ahead."""
    desk = Desk(options=StreamOptions(partials=False))
    desk.live(say(11, 12, 13, 14, quiet=1.0))
    assert desk.partials() == []
    assert desk.finals() == ["w11 w12 w13 w14"]


def test_the_final_is_ready_before_its_end_is_certain() -> None:
    """It is recognised during the pause; when the end is certain nothing is left to compute."""
    desk = Desk()
    desk.live(say(11, 12, 13, quiet=0.3))
    asked = len(desk.engine.journal)
    desk.live(np.zeros(SECOND // 2, np.float32))
    assert desk.finals() == ["w11 w12 w13"]
    assert len(desk.engine.journal) == asked


def test_speech_after_a_short_pause_makes_the_early_final_void() -> None:
    """The pause was not the end: the utterance goes on, and its final has all of it."""
    desk = Desk()
    desk.live(say(11, 12, 13, quiet=0.3))
    desk.live(say(14, 15, 16, quiet=1.0))
    assert desk.finals() == ["w11 w12 w13 w14 w15 w16"]


def test_finals_go_before_partials() -> None:
    """With both waiting, the final is recognised first."""
    desk = Desk(streams=2)
    desk.feed(say(*range(11, 23)), 0)
    desk.feed(say(31, 32, 33, quiet=1.0), 1)
    desk.run()
    assert desk.order[0] == (1, True)
    assert (0, False) in desk.order


def test_the_stalest_partial_goes_first_when_not_all_fit_a_batch() -> None:
    """Of ten streams, the eight that have waited longest share the first batch."""
    desk = Desk(streams=10)
    for number in range(10):
        desk.feed(say(*range(11, 21))[: 16_000 + 1600 * number], number)
    assert desk.scheduler.run_once()
    desk.engine.journal.clear()
    assert desk.scheduler.run_once()
    (batch,) = desk.engine.journal
    served = {number for number, _ in desk.order}
    assert len(batch) == 8
    assert served == set(range(2, 10))


def test_streams_share_a_batch() -> None:
    """What is due at the same time is recognised together."""
    desk = Desk(streams=4)
    for number in range(4):
        desk.feed(say(11, 12, 13), number)
    desk.run()
    assert any(len(batch) == 4 for batch in desk.engine.journal)


def test_a_batch_is_short_enough_not_to_hold_up_finals() -> None:
    """Long utterances fill a batch by their seconds."""
    desk = Desk(streams=8, options=StreamOptions(max_segment=20.0))
    for number in range(8):
        desk.feed(say(*([11] * 40)), number)
    desk.run()
    assert max(sum(samples for samples, _ in batch) for batch in desk.engine.journal) <= 17 * SECOND


def test_a_busy_machine_skips_partials_but_no_final() -> None:
    """Ten seconds arrive at once: few partials, all the words."""
    desk = Desk()
    utterances = [say(*range(10 * n + 11, 10 * n + 16), quiet=0.8) for n in range(6)]
    desk.feed(np.concatenate(utterances))
    desk.run()
    words = [f"w{10 * n + k}" for n in range(6) for k in range(11, 16)]
    assert " ".join(desk.finals()).split() == words
    assert len(desk.partials()) < 3


def test_streams_do_not_mix() -> None:
    """Interleaved audio of three speakers stays apart."""
    desk = Desk(streams=3)
    audio = [say(*range(10 + 20 * n, 20 + 20 * n), quiet=1.0) for n in range(3)]
    for at in range(0, len(audio[0]), 1000):
        for number in range(3):
            desk.feed(audio[number][at : at + 1000], number)
        desk.run()
    for number in range(3):
        assert desk.finals(number) == [" ".join(f"w{w}" for w in range(10 + 20 * number, 20 + 20 * number))]


@pytest.mark.parametrize("chunk", [1, 7, 160, 511, 512, 513, 3200, 16_000, 10**6])
def test_chunk_sizes_make_no_difference(chunk: int) -> None:
    """The same audio gives the same finals however it is divided."""
    audio = np.concatenate((np.zeros(3000, np.float32), say(11, 12, 13, quiet=0.7), say(21, 22, 23)))
    desk = Desk()
    desk.feed(audio, chunk=chunk)
    done = desk.flush()
    desk.run()
    assert desk.finals() == ["w11 w12 w13", "w21 w22 w23"]
    assert done == [True]


def test_flush_delivers_every_word_first() -> None:
    """Stopping in the middle of speech: what was fed is said before the flush is done."""
    desk = Desk()
    desk.live(say(11, 12, 13, 14))
    assert desk.finals() == []
    states: list[list[str]] = []
    desk.scheduler.flush(desk.streams[0], lambda: states.append(desk.finals()))
    desk.run()
    assert states == [["w11 w12 w13 w14"]]


def test_flush_of_a_silent_stream_is_done_at_once() -> None:
    """Nothing was fed, nothing is owed."""
    desk = Desk()
    done = desk.flush()
    desk.run()
    assert done == [True]
    assert desk.told == [[]]


def test_several_flushes_are_all_answered() -> None:
    """Each caller is told."""
    desk = Desk()
    desk.feed(say(11, 12, 13))
    done = [desk.flush(), desk.flush()]
    desk.run()
    assert done == [[True], [True]]
    assert desk.finals() == ["w11 w12 w13"]


def test_a_stream_goes_on_after_a_flush_and_its_times_carry_on() -> None:
    """A new segment, counted and timed from the stream's beginning."""
    desk = Desk()
    desk.live(say(11, 12, 13))
    desk.flush()
    desk.run()
    desk.live(say(21, 22, 23, quiet=1.0))
    first, second = (h for h in desk.told[0] if h.is_final)
    assert (first.segment, second.segment) == (0, 1)
    assert second.start >= first.end
    assert second.text == "w21 w22 w23"
    assert second.start == pytest.approx(0.9, abs=0.1)


def test_a_forced_cut_neither_loses_nor_repeats_a_word() -> None:
    """Eighteen seconds without a pause become several finals that together say everything once."""
    desk = Desk(options=StreamOptions(max_segment=5.0))
    dips = [np.concatenate((say(w)[:-512], np.full(512, 0.0051, np.float32))) for w in range(11, 71)]
    desk.live(np.concatenate((*dips, np.zeros(SECOND, np.float32))))
    finals = desk.finals()
    assert len(finals) >= 3
    words = " ".join(finals).split()
    assert words[0] == "w11"
    assert words[-1] == "w70"
    assert len(words) == len(set(words))
    assert len(words) >= 58  # the stand-in counts loud samples: a rounding at a cut may drop one


def test_segments_are_numbered_without_gaps() -> None:
    """What was never shown takes no number."""
    desk = Desk()
    for word in (11, 31, 51):
        desk.live(say(word, quiet=1.0)[-16_500:])  # too short to be speech
        desk.live(say(word, word + 1, word + 2, quiet=1.0))
    assert [h.segment for h in desk.told[0] if h.is_final] == [0, 1, 2]


def test_a_final_tells_when_it_was_said() -> None:
    """Start and end bracket the voice; audio_end covers what was heard."""
    desk = Desk()
    desk.live(np.concatenate((np.zeros(SECOND, np.float32), say(11, 12, 13, 14, 15, quiet=1.0))))
    final = desk.told[0][-1]
    assert final.is_final
    assert final.start == pytest.approx(1.0, abs=0.07)
    assert final.end == pytest.approx(2.5, abs=0.07)
    assert final.audio_end >= final.end
    assert final.confidence == pytest.approx(0.9)
    assert [word.text for word in final.words] == final.text.split()
    assert final.stable_chars == len(final.text)


def test_words_are_left_out_when_not_wanted() -> None:
    """The option is obeyed."""
    desk = Desk(options=StreamOptions(words=False))
    desk.live(say(11, 12, 13, quiet=1.0))
    assert desk.told[0][-1].words == ()


def test_later_partials_begin_with_what_was_agreed() -> None:
    """The decoder is given the agreed tokens, so that an update pays for new words only."""
    desk = Desk()
    desk.live(say(*range(11, 26)))
    prefixes = [prefix for batch in desk.engine.journal for _, prefix in batch]
    assert prefixes[0] == ()
    assert any(len(prefix) >= 5 for prefix in prefixes)
    stable = [h.stable_chars for h in desk.told[0]]
    assert stable == sorted(stable)


def test_closing_drops_what_waits_and_answers_flushes() -> None:
    """No caller hangs, nothing more is delivered."""
    desk = Desk()
    desk.feed(say(11, 12, 13, quiet=1.0))
    done = desk.flush()
    desk.scheduler.close(desk.streams[0])
    desk.scheduler.close(desk.streams[0])
    desk.run()
    assert done == [True]
    assert desk.told == [[]]
    assert desk.scheduler.streams == 0


def test_closing_in_the_middle_of_decoding_delivers_nothing() -> None:
    """The listener has gone while the engine was at work."""
    desk = Desk()
    inner: Callable[..., object] = desk.engine.decode

    def closing(*args: object) -> object:
        desk.scheduler.close(desk.streams[0])
        return inner(*args)

    desk.engine.decode = closing  # type: ignore[method-assign, assignment]
    desk.feed(say(11, 12, 13, quiet=1.0))
    desk.run()
    assert desk.told == [[]]


def test_audio_after_close_is_ignored() -> None:
    """A late chunk does no harm; a late flush is answered."""
    desk = Desk()
    desk.scheduler.close(desk.streams[0])
    desk.feed(say(11, 12, 13))
    assert desk.flush() == [True]
    assert not desk.scheduler.run_once()


def test_many_streams_come_and_go_without_leaving_anything() -> None:
    """The scheduler forgets closed streams."""
    desk = Desk(streams=0)
    for _ in range(300):
        stream = desk.scheduler.open(OPTIONS, lambda _: None)
        desk.scheduler.feed(stream, say(11, 12))
        desk.scheduler.run_once()
        desk.scheduler.close(stream)
    assert desk.scheduler.streams == 0
    assert not desk.scheduler.run_once()
    assert desk.scheduler.load().lag == 0.0


def test_a_broken_engine_costs_an_utterance_not_the_server(caplog: pytest.LogCaptureFixture) -> None:
    """The failure is logged, the flush is answered, and the next utterance is recognised."""
    desk = Desk()
    desk.engine.fail = True
    desk.feed(say(11, 12, 13, quiet=1.0))
    done = desk.flush()
    desk.run()
    assert done == [True]
    assert desk.finals() == []
    desk.engine.fail = False
    desk.live(say(21, 22, 23, quiet=1.0))
    assert desk.finals() == ["w21 w22 w23"]


def test_the_lag_of_a_stream_that_is_not_served_shows_in_the_load() -> None:
    """Audio that waits is what admission control looks at."""
    desk = Desk()
    desk.feed(say(*range(11, 21)))
    assert desk.scheduler.load().lag == pytest.approx(3.0)
    desk.run()
    assert desk.scheduler.load().lag < 0.5


def test_busy_is_the_share_of_time_in_use() -> None:
    """A thread that worked one of the last five seconds was busy for a fifth."""
    now = 100.0
    scheduler = Scheduler(SpellingEngine(), LevelEar(), clock=lambda: now)

    class SlowEar(LevelEar):
        def probabilities(self, samples: Samples, state: object) -> Samples:
            nonlocal now
            now += 1.0
            return super().probabilities(samples, state)  # type: ignore[arg-type]

    scheduler._ear = SlowEar()
    stream = scheduler.open(OPTIONS, lambda _: None)
    scheduler.feed(stream, np.zeros(3200, np.float32))
    assert scheduler.run_once()
    assert scheduler.load().busy == pytest.approx(0.2)


def test_threads_do_the_work_and_stop() -> None:
    """The same with real threads: the flush is answered from one of them, and stop joins them."""
    desk = Desk()
    desk.scheduler.start(2)
    desk.feed(say(11, 12, 13, 14))
    done = threading.Event()
    desk.scheduler.flush(desk.streams[0], done.set)
    assert done.wait(20)
    assert desk.finals() == ["w11 w12 w13 w14"]
    desk.scheduler.stop()
    assert desk.scheduler.streams == 0
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("speech-")]


class MetronomeAligner:
    """Puts a word on every second."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def align(self, samples: Samples, words: Sequence[str]) -> list[tuple[float, float]] | None:
        self.asked.append(list(words))
        return [(float(at), at + 0.5) for at in range(len(words))]


@pytest.mark.parametrize("wanted", [True, False])
def test_exact_word_times_are_found_for_finals_only_when_asked(wanted: bool) -> None:
    """Partials keep estimates; the final carries the aligner's times, counted from the stream's start."""
    aligner = MetronomeAligner()
    scheduler = Scheduler(SpellingEngine(), LevelEar(), aligner=aligner, clock=lambda: 0.0)
    told: list[Hypothesis] = []
    stream = scheduler.open(StreamOptions(align=wanted), told.append)
    audio = np.concatenate((np.zeros(2 * SECOND, np.float32), say(11, 12, 13, quiet=1.0)))
    for at in range(0, len(audio), 1600):
        scheduler.feed(stream, audio[at : at + 1600])
        while scheduler.run_once():
            pass
    final = told[-1]
    assert final.is_final
    assert aligner.asked == ([["w11", "w12", "w13"]] if wanted else [])
    spread = final.words[-1].start - final.words[0].start
    assert (spread == pytest.approx(2.0)) is wanted
    assert final.words[0].start == pytest.approx(2.0, abs=0.35)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_taken_as_silence(bad: float) -> None:
    """They must not poison the state that a stream carries on."""
    desk = Desk()
    seen: list[Samples] = []
    inner = desk.scheduler._ear.probabilities

    def watch(samples: Samples, state: VadState) -> Samples:
        seen.append(samples)
        return inner(samples, state)

    desk.scheduler._ear.probabilities = watch  # type: ignore[method-assign]
    desk.live(np.full(SECOND, bad, np.float32))
    desk.live(say(11, 12, 13, quiet=1.0))
    assert all(np.isfinite(samples).all() for samples in seen)
    assert desk.finals() == ["w11 w12 w13"]


def test_samples_out_of_range_are_clipped() -> None:
    """A client that forgot to scale is heard, loudly."""
    desk = Desk()
    desk.feed(np.full(SECOND, 20_000.0, np.float32))
    desk.run()
    utterance = desk.streams[0].segmenter.open
    assert utterance is not None
    assert float(utterance.audio().max()) == 1.0


def test_a_broken_ear_costs_audio_not_the_server() -> None:
    """Voice activity failing once leaves the stream and its flushes alive."""
    desk = Desk()
    inner = desk.scheduler._ear.probabilities

    def fail(samples: Samples, state: VadState) -> Samples:
        raise RuntimeError("the network broke")

    desk.scheduler._ear.probabilities = fail  # type: ignore[method-assign]
    desk.feed(say(11, 12, 13))
    done = desk.flush()
    desk.run()
    assert done == [True]
    desk.scheduler._ear.probabilities = inner  # type: ignore[method-assign]
    desk.live(say(21, 22, 23, quiet=1.0))
    assert desk.finals() == ["w21 w22 w23"]


def test_hotwords_that_cannot_be_read_cost_an_utterance_not_the_server() -> None:
    """The failure is inside the guarded part of a turn."""

    def fail() -> None:
        raise ValueError("no such word")

    scheduler = Scheduler(SpellingEngine(), LevelEar(), clock=lambda: 0.0)
    stream = scheduler.open(OPTIONS, lambda _: None, fail)
    scheduler.feed(stream, say(11, 12, 13))
    done: list[bool] = []
    scheduler.flush(stream, lambda: done.append(True))
    while scheduler.run_once():
        pass
    assert done == [True]


@pytest.mark.parametrize(
    ("wanted", "busy", "expected"),
    [
        (0.5, 0.0, 0.5),
        (0.5, 0.6, 0.5),
        (0.5, 0.75, 0.75),
        (0.5, 0.9, 1.0),
        (0.5, 1.0, 1.0),
        (1.5, 1.0, 1.5),
    ],
)
def test_the_partial_interval_stretches_smoothly(wanted: float, busy: float, expected: float) -> None:
    """As wished while there is room, up to a second when full, never less than wished."""
    assert stretched_interval(wanted, busy) == pytest.approx(expected)


@pytest.mark.parametrize("cost", [0.0, 0.5])
def test_partials_come_less_often_on_a_full_machine_and_finals_stay_the_same(cost: float) -> None:
    """When each turn takes long there are fewer partials of the same speech, and every word in the final."""
    now = 0.0
    desk = Desk()

    class SlowEar(LevelEar):
        def probabilities(self, samples: Samples, state: VadState) -> Samples:
            nonlocal now
            now += cost
            return super().probabilities(samples, state)

    desk.scheduler = Scheduler(desk.engine, SlowEar(), clock=lambda: now)
    desk.streams = [desk.open(0, OPTIONS)]
    for _ in range(10):  # what came before shows how busy the machine is
        desk.live(np.zeros(1600, np.float32))
    desk.live(say(*range(11, 31), quiet=1.0))
    gaps = np.diff([h.audio_end for h in desk.told[0] if not h.is_final])
    assert (float(np.median(gaps)) > 0.7) is (cost > 0)
    assert desk.finals() == [" ".join(f"w{word}" for word in range(11, 31))]


@pytest.mark.parametrize(("quiet", "first"), [(0.25, 1), (0.48, 0)])
def test_what_may_be_a_final_goes_before_partials_only_when_time_grows_short(
    quiet: float, first: int
) -> None:
    """Most pauses are no ends, so it can wait; but it must be there when its end is certain."""
    desk = Desk(streams=2)
    desk.feed(say(11, 12, 13, quiet=quiet), 0)
    desk.feed(say(*range(31, 41)), 1)
    assert desk.scheduler.run_once()
    assert desk.order == []
    assert desk.scheduler.run_once()
    assert desk.order == [(first, False)]


def test_of_finals_that_may_soon_be_due_the_first_due_goes_first() -> None:
    """Whoever has been silent longer."""
    desk = Desk(streams=2)
    desk.feed(say(11, 12, 13, quiet=0.4), 0)
    desk.feed(say(21, 22, 23, quiet=0.45), 1)
    desk.run()
    assert desk.order == [(1, False), (0, False)]


def test_streams_hear_together() -> None:
    """One call for all that have something to hear, and for those that soon would; not for the others."""
    desk = Desk(streams=4)
    heard: list[list[int]] = []
    inner = desk.scheduler._ear.probabilities_of

    def watch(blocks: Sequence[Samples], states: Sequence[VadState]) -> list[Samples]:
        heard.append([len(block) // FRAME for block in blocks])
        return inner(blocks, states)

    desk.scheduler._ear.probabilities_of = watch  # type: ignore[method-assign]
    for number in range(4):
        desk.feed(np.zeros(FRAME, np.float32), number)
    desk.run()
    for number, frames in enumerate([3, 2, 1, 5]):
        desk.feed(np.zeros(frames * FRAME, np.float32), number)
    desk.run()
    assert heard == [[1, 1, 1, 1], [3, 2, 5]]


def test_an_utterance_is_heard_as_soon_as_it_may_be_over() -> None:
    """However rarely a full machine hears, the end of an utterance is noticed with the frame that ends it."""
    desk = Desk()
    desk.scheduler._hear_at_least = 64 * FRAME
    audio = say(11, 12, 13, quiet=1.0)
    for at in range(0, len(audio), 320):
        desk.feed(audio[at : at + 320])
        desk.run()
        if desk.finals():
            break
    voiced = -(-3 * 4800 // FRAME) * FRAME
    assert at + 320 - voiced - 16 * FRAME < 320
