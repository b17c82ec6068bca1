"""Voice activity."""

import wave
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earful.audio.vad import (
    FRAME,
    VadModel,
    VadRules,
    VadState,
    _levelled,
    cut_long,
    speech_runs,
    speech_segments,
)
from earful.onnx_format import Graph


@pytest.fixture(scope="module")
def vad() -> VadModel:
    return VadModel()


@pytest.fixture(scope="module")
def beckett() -> np.ndarray:
    with (files("moonshine_voice") / "assets" / "beckett.wav").open("rb") as file, wave.open(file) as reader:
        pcm = np.frombuffer(reader.readframes(reader.getnframes()), dtype="<i2")
    return pcm.astype(np.float32) / np.float32(32768)


def test_speech_is_told_from_silence(vad: VadModel, beckett: np.ndarray) -> None:
    """Much of a reading is surely speech; none of silence is."""
    whole = beckett[: len(beckett) // FRAME * FRAME]
    assert float(np.mean(vad.probabilities(whole, VadState()) > 0.5)) > 0.3
    assert float(vad.probabilities(np.zeros_like(whole), VadState()).max()) < 0.3


@pytest.mark.parametrize("frames", [1, 3, 7])
def test_how_audio_is_divided_makes_no_difference(vad: VadModel, beckett: np.ndarray, frames: int) -> None:
    """State carries over: frame by frame gives what one call gives."""
    audio = beckett[: FRAME * 105]
    at_once = vad.probabilities(audio, VadState())
    state = VadState()
    parts = [
        vad.probabilities(audio[at : at + frames * FRAME], state)
        for at in range(0, len(audio), frames * FRAME)
    ]
    np.testing.assert_allclose(np.concatenate(parts), at_once, atol=1e-4)


def test_two_streams_do_not_mix(vad: VadModel, beckett: np.ndarray) -> None:
    """Each stream's answer depends on its own state alone."""
    audio = beckett[: FRAME * 40]
    alone = vad.probabilities(audio, VadState())
    one, other = VadState(), VadState()
    found = []
    for at in range(0, len(audio), FRAME):
        found.append(vad.probabilities(audio[at : at + FRAME], one))
        vad.probabilities(np.random.default_rng(at).standard_normal(FRAME).astype(np.float32), other)
    np.testing.assert_allclose(np.concatenate(found), alone, atol=1e-4)


def test_streams_heard_together_are_heard_as_alone(vad: VadModel, beckett: np.ndarray) -> None:
    """Of different lengths, one with nothing new: each has its own answer and its own state."""
    rng = np.random.default_rng(7)
    alone, together = ([VadState() for _ in range(4)] for _ in range(2))
    at = [0, 40, 80, 120]
    for _ in range(12):
        sizes = [int(size) for size in rng.integers(0, 7, 3)] + [0]
        blocks = [beckett[a * FRAME : (a + size) * FRAME] for a, size in zip(at, sizes, strict=True)]
        at = [a + size for a, size in zip(at, sizes, strict=True)]
        wanted = [vad.probabilities(block, state) for block, state in zip(blocks, alone, strict=True)]
        for one, other in zip(wanted, vad.probabilities_of(blocks, together), strict=True):
            np.testing.assert_allclose(other, one, atol=1e-4)


def test_the_rebuilt_network_says_what_the_published_one_says(vad: VadModel, beckett: np.ndarray) -> None:
    """The same weights and mathematics, to a rounding."""
    published = ort.InferenceSession(str(vad._path), providers=["CPUExecutionProvider"])
    audio = beckett[: FRAME * 300]
    joined = np.concatenate((np.zeros(64, np.float32), audio))
    frames = np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(joined, 576)[::FRAME])
    empty = np.zeros((1, 1, 128), np.float32)
    wanted = published.run(None, {"input": frames, "h": empty, "c": empty})[0].reshape(-1)
    np.testing.assert_allclose(vad.probabilities(audio, VadState()), wanted, atol=1e-4)


def test_another_network_is_refused(tmp_path: Path) -> None:
    """A model without the weights that are known is named, not misheard."""
    graph = Graph()
    graph.op("Relu", [graph.input("x", np.float32, "n")], ["y"])
    graph.output("y", np.float32, "n")
    (tmp_path / "other.onnx").write_bytes(graph.model())
    with pytest.raises(ValueError, match="is not the voice activity model"):
        VadModel(tmp_path / "other.onnx").load()


def test_speech_is_heard_over_an_offset_of_the_line(vad: VadModel, beckett: np.ndarray) -> None:
    """It is far stronger than the speech; heard with it, the network finds next to none."""
    speech = beckett[: 200 * FRAME] * 0.3
    clean = vad.probabilities(speech, VadState()) > 0.5
    heard = vad.probabilities(speech + np.float32(0.4), VadState()) > 0.5
    assert (clean == heard)[30:].mean() > 0.85


def test_audio_without_rumble_is_left_exactly_as_it_is(beckett: np.ndarray) -> None:
    block = beckett[: 100 * FRAME]
    assert _levelled(block, VadState()) is block


def test_a_long_recording_is_read_in_blocks_with_the_same_answer(vad: VadModel, beckett: np.ndarray) -> None:
    """More than one internal block carries the state from block to block."""
    audio = np.tile(beckett, 3)[: FRAME * 700]
    at_once = vad.probabilities(audio, VadState())
    state = VadState()
    halves = [vad.probabilities(half, state) for half in (audio[: FRAME * 333], audio[FRAME * 333 :])]
    np.testing.assert_allclose(np.concatenate(halves), at_once, atol=1e-4)


def test_part_of_a_frame_is_refused(vad: VadModel) -> None:
    """Whole frames only."""
    with pytest.raises(ValueError, match="whole frames"):
        vad.probabilities(np.zeros(FRAME + 1, np.float32), VadState())


def test_no_audio_gives_no_probabilities(vad: VadModel) -> None:
    """An empty call is harmless."""
    assert len(vad.probabilities(np.zeros(0, np.float32), VadState())) == 0


def test_speech_between_silences_is_found_with_padding(vad: VadModel, beckett: np.ndarray) -> None:
    """A segment covers the speech and little else."""
    quiet = np.zeros(16_000 * 2, np.float32)
    segments = speech_segments(np.concatenate((quiet, beckett[: 16_000 * 4], quiet)), vad)
    assert segments
    assert 1.4 < segments[0][0] / 16_000 < 2.6
    assert segments[-1][1] / 16_000 < 6.8


@pytest.mark.parametrize("length", [0, 1, 100, 511, 513, 16_000])
def test_silence_of_any_length_has_no_segments(vad: VadModel, length: int) -> None:
    """Nothing is found where nothing is."""
    assert speech_segments(np.zeros(length, np.float32), vad) == []


chances = st.lists(st.floats(0, 1, width=32), max_size=400)


@given(chances)
@settings(deadline=None)
def test_runs_are_ordered_and_begin_and_end_in_speech(values: list[float]) -> None:
    """Runs never overlap, begin with a sure frame and end with one that is not quiet."""
    rules = VadRules(silence=0.2)
    end = 0
    for first, last in speech_runs(np.array(values, np.float32), rules):
        assert end <= first < last
        assert values[first] >= rules.on
        assert values[last - 1] >= rules.off
        end = last


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=600), st.integers(16, 100))
@settings(deadline=None)
def test_cutting_loses_nothing_and_keeps_parts_short(values: list[float], longest: int) -> None:
    """The parts together are the whole."""
    parts = list(cut_long(np.array(values, np.float32), 0, len(values), longest))
    assert parts[0][0] == 0
    assert parts[-1][1] == len(values)
    assert all(a[1] == b[0] for a, b in pairwise(parts))
    assert all(0 < end - start <= longest for start, end in parts)


def test_a_long_run_is_cut_where_it_is_quietest() -> None:
    """The cut falls into the dip of the later half."""
    values = np.ones(100, np.float32)
    values[70:73] = 0.4
    assert list(cut_long(values, 0, 100, 90)) == [(0, 71), (71, 100)]


class FixedEar(VadModel):
    """Answers with chances that the test chose."""

    def __init__(self, values: list[float]) -> None:
        super().__init__()
        self.values = values

    def probabilities(self, samples: np.ndarray, state: VadState) -> np.ndarray:
        return np.array(self.values[: len(samples) // FRAME], np.float32)


def test_two_close_utterances_share_the_gap() -> None:
    """Padding never makes segments overlap."""
    values = [0.0] * 20 + [1.0] * 20 + [0.0] * 17 + [1.0] * 20 + [0.0] * 20
    rules = VadRules(silence=0.5, pad=0.5)
    first, second = speech_segments(np.zeros(FRAME * len(values), np.float32), FixedEar(values), rules)
    assert first[1] <= second[0]
    assert first[0] < 20 * FRAME
    assert second[1] > 77 * FRAME


def test_a_click_is_no_speech() -> None:
    """Runs shorter than the least are dropped."""
    values = [0.0] * 20 + [1.0] + [0.0] * 20
    assert speech_segments(np.zeros(FRAME * 41, np.float32), FixedEar(values)) == []


def test_segments_of_unbroken_speech_are_short_and_complete() -> None:
    """A minute of speech is cut into parts that touch and are no longer than asked."""
    values = [1.0] * 1900
    segments = speech_segments(np.zeros(FRAME * 1900, np.float32), FixedEar(values), VadRules(max_segment=10))
    assert segments[0][0] == 0
    assert segments[-1][1] == FRAME * 1900
    assert all(a[1] == b[0] for a, b in pairwise(segments))
    assert max(end - start for start, end in segments) <= 10 * 16_000
