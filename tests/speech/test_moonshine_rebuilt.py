"""The rebuilt network says what the published one says."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from earful.speech import arithmetic, moonshine_rebuilt
from earful.speech.decoding import Row
from earful.speech.moonshine import MoonshineModel, _assets, prepare, token_ceiling
from earful.speech.moonshine_published import PublishedNetwork
from earful.speech.moonshine_rebuilt import RebuiltNetwork
from earful.speech.ort_weights import Weights
from earful.speech.types import Samples
from tests.support.models.moonshine import make_moonshine

SECOND = 16_000


def special(model: MoonshineModel) -> list[int]:
    return [t for t in range(len(model.tokenizer)) if model.tokenizer.is_special(t) and t != 2]


@pytest.fixture(scope="module")
def published(model: MoonshineModel) -> PublishedNetwork:
    return PublishedNetwork(_assets(), special=special(model), threads=1, batch=None, processor="cpu")


@pytest.fixture(scope="module")
def rebuilt(model: MoonshineModel) -> RebuiltNetwork:
    network = RebuiltNetwork.load(_assets(), special(model), 1, None)
    assert network is not None
    return network


@pytest.fixture(scope="module")
def sentences(two_cities: Samples) -> list[Samples]:
    spans = [(1.0, 8.5), (8.7, 13.0), (13.3, 17.0), (21.1, 24.3)]
    return [two_cities[int(a * SECOND) : int(b * SECOND)] for a, b in spans]


def rows(
    network: PublishedNetwork | RebuiltNetwork, segments: list[Samples], draft: bool = False
) -> list[Row]:
    heard = [network.encode(prepare(one, lead=0.1, tail=0.3, loudness=0.08)) for one in segments]
    made = [Row(h, (), (), token_ceiling(len(s)), None) for h, s in zip(heard, segments, strict=True)]
    network.decode(made)
    if draft:
        made = [
            Row(row.frames, tuple(row.tokens[:at]), tuple(row.tokens[at:]), row.ceiling, None)
            for at, row in enumerate(made)
        ]
        network.decode(made)
    return made


def agreement(one: list[Row], other: list[Row]) -> float:
    pairs = [
        (a, b) for x, y in zip(one, other, strict=True) for a, b in zip(x.tokens, y.tokens, strict=False)
    ]
    return sum(a == b for a, b in pairs) / max(1, len(pairs))


def test_one_by_one_it_says_what_is_published(
    published: PublishedNetwork, rebuilt: RebuiltNetwork, sentences: list[Samples]
) -> None:
    """Token by token, and about as sure; the two round differently in places."""
    for sentence in sentences:
        one, other = rows(published, [sentence]), rows(rebuilt, [sentence])
        assert agreement(one, other) > 0.9
        assert np.mean(one[0].logprobs) == pytest.approx(np.mean(other[0].logprobs), abs=0.05)
        assert rebuilt.length(other[0].frames) == published.length(one[0].frames)


def test_rows_at_different_places_share_a_pass(rebuilt: RebuiltNetwork, sentences: list[Samples]) -> None:
    """Prefixes and drafts of different lengths, checked together, leave the words as they were."""
    together = rows(rebuilt, sentences, draft=True)
    alone = [rows(rebuilt, [sentence])[0] for sentence in sentences]
    assert agreement(together, alone) > 0.9
    assert all(row.ended for row in together)


def test_sequences_are_judged_alike(
    published: PublishedNetwork, rebuilt: RebuiltNetwork, sentences: list[Samples]
) -> None:
    """The same text is about as likely to both, and likelier than another."""
    (row,) = rows(rebuilt, [sentences[2]])
    said = [row.tokens, row.tokens[::-1]]
    scores = rebuilt.score(row.frames, said)
    assert sum(scores[0]) > sum(scores[1]) + 20
    (same,) = rows(published, [sentences[2]])
    assert sum(published.score(same.frames, said)[0]) == pytest.approx(sum(scores[0]), abs=1.5)


def test_sixteen_bits_as_on_a_gpu_say_the_same(
    model: MoonshineModel, rebuilt: RebuiltNetwork, sentences: list[Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The graphs that a GPU runs, run on the processor: the same words, alone, together and with a draft."""
    monkeypatch.setattr(moonshine_rebuilt, "memory_of", lambda session: "cpu")
    monkeypatch.setattr(ort, "preload_dlls", lambda: None)
    with pytest.warns(UserWarning, match="CUDAExecutionProvider"):
        network = RebuiltNetwork.load(_assets(), special(model), 2, None, "cuda")
    assert network is not None
    assert network.batch == 64
    expected = [rows(rebuilt, [sentence])[0] for sentence in sentences]
    alone = [rows(network, [sentence])[0] for sentence in sentences]
    assert alone[0].frames.dtype == np.float16
    assert agreement(alone, expected) > 0.95
    assert agreement(rows(network, sentences), expected) > 0.95
    assert agreement(rows(network, sentences, draft=True), expected) > 0.95
    assert np.mean(alone[0].logprobs) == pytest.approx(np.mean(expected[0].logprobs), abs=0.05)


def test_unsigned_weights_say_the_same(
    model: MoonshineModel, rebuilt: RebuiltNetwork, sentences: list[Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an older processor is given computes the same numbers."""
    monkeypatch.setattr(arithmetic, "_multiplies_signed", lambda: False)
    older = RebuiltNetwork.load(_assets(), special(model), 1, None)
    assert older is not None
    one, other = rows(older, [sentences[1]]), rows(rebuilt, [sentences[1]])
    assert one[0].tokens == other[0].tokens
    np.testing.assert_allclose(one[0].logprobs, other[0].logprobs, atol=1e-3)


def test_another_kind_of_model_is_left_as_it_is(tmp_path: Path) -> None:
    """Its weights have other names, or it is in another format."""
    assert RebuiltNetwork.load(make_moonshine(tmp_path / "a"), (), 1, None) is None
    assert RebuiltNetwork.load(make_moonshine(tmp_path / "b", suffix=".ort"), (), 1, None) is None


def test_a_file_of_another_format_has_no_weights(tmp_path: Path) -> None:
    """It is named."""
    path = tmp_path / "x.ort"
    path.write_bytes(b"not a model at all")
    with pytest.raises(ValueError, match=r"x\.ort is not a model"):
        Weights(path)


def test_a_draft_of_a_final_changes_nothing(rebuilt: RebuiltNetwork, sentences: list[Samples]) -> None:
    """Right, wrong, with a gap or too long: what is said is what would be said without it."""
    for sentence in sentences:
        (alone,) = rows(rebuilt, [sentence])
        said = tuple(alone.tokens)
        for draft in (
            said,
            said[:-4],
            said[:3] + said[5:],
            (*said[:2], 500, *said[2:]),
            (500, 600),
            said * 2,
        ):
            row = Row(alone.frames, (), draft, alone.ceiling, None, trust=0.6)
            rebuilt.decode([row])
            assert tuple(row.tokens) == said
            np.testing.assert_allclose(row.logprobs, alone.logprobs, atol=0.5)


def test_rows_that_hear_the_same_are_read_as_if_each_heard_its_own(
    rebuilt: RebuiltNetwork, sentences: list[Samples]
) -> None:
    """Sharing what is heard changes neither the words nor how sure they are."""
    (alone,) = rows(rebuilt, [sentences[1]])
    begins = [tuple(alone.tokens[:at]) for at in (0, 2, 5)]
    shared = [Row(alone.frames, begin, (), alone.ceiling, None) for begin in begins]
    apart = [Row(alone.frames.copy(), begin, (), alone.ceiling, None) for begin in begins]
    rebuilt.decode(shared)
    rebuilt.decode(apart)
    for one, other in zip(shared, apart, strict=True):
        assert one.tokens == other.tokens
        np.testing.assert_allclose(one.logprobs, other.logprobs, atol=0.2)
