"""Real loading and decoding with sherpa-onnx, on tiny streaming models that the tests make."""

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest

from earful.audio.types import Samples
from earful.speech.sherpa import SherpaDecoder, UnusableSherpaModel, hotwords_text
from earful.speech.types import Hotword, StreamOptions
from tests.support.models.sherpa import make_ctc, make_transducer

HELP = Hotword("help", 5.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_transducer(tmp_path_factory.mktemp("transducer"))


@pytest.fixture(scope="module")
def transducer(folder: Path) -> SherpaDecoder:
    return SherpaDecoder(folder, threads=2)


@pytest.fixture(scope="module")
def ctc(tmp_path_factory: pytest.TempPathFactory) -> SherpaDecoder:
    return SherpaDecoder(make_ctc(tmp_path_factory.mktemp("ctc")), threads=1)


@pytest.fixture(scope="module")
def sound() -> Samples:
    return np.random.default_rng(0).normal(0, 0.2, 48_000).astype(np.float32)


@pytest.mark.parametrize("kind", ["transducer", "ctc"])
def test_words_appear_as_the_sound_goes_on(kind: str, request: pytest.FixtureRequest, sound: Samples) -> None:
    """Each call hears only what is new; the final has it all."""
    hearing = request.getfixturevalue(kind).listen(StreamOptions())
    partials = [hearing.hear(sound[:end], final=False).text for end in (8000, 16_000, 24_000, 32_000)]
    assert partials == ["he", "hello", "hello wor", "hello world"]
    assert hearing.hear(sound, final=True).text == "hello world"


def test_pieces_are_joined_to_words_with_their_times(transducer: SherpaDecoder, sound: Samples) -> None:
    heard = transducer.listen(StreamOptions()).hear(sound, final=True)
    assert [word.text for word in heard.words] == ["hello", "world"]
    (hello, world) = heard.words
    assert hello.start == pytest.approx(0.16, abs=0.05)
    assert hello.start < hello.end <= world.start == pytest.approx(0.96, abs=0.05)
    assert heard.confidence is not None
    assert 0.3 < heard.confidence <= 1
    assert not heard.inventive


def test_a_hotword_turns_what_is_heard(transducer: SherpaDecoder, sound: Samples) -> None:
    said = [
        transducer.listen(StreamOptions(hotwords=words)).hear(sound, final=True).text
        for words in ((), (HELP,), (Hotword("unheard of"),), (Hotword("/:\n"),), ())
    ]
    assert said == ["hello world", "help world", "hello world", "hello world", "hello world"]


def test_hotwords_are_left_alone_where_the_model_cannot_favour_them(
    folder: Path, ctc: SherpaDecoder, sound: Samples, tmp_path: Path
) -> None:
    """A CTC model, and a transducer of pieces without their vocabulary."""
    options = StreamOptions(hotwords=(HELP,))
    assert ctc.listen(options).hear(sound, final=True).text == "hello world"
    bare = Path(shutil.copytree(folder, tmp_path / "bare"))
    (bare / "bpe.vocab").unlink()
    assert SherpaDecoder(bare, threads=1).listen(options).hear(sound, final=True).text == "hello world"


def test_the_pieces_of_a_sentencepiece_model_are_taken(folder: Path, sound: Samples, tmp_path: Path) -> None:
    import sentencepiece

    folder = Path(shutil.copytree(folder, tmp_path / "pieces"))
    (folder / "bpe.vocab").unlink()
    with (folder / "bpe.model").open("wb") as model:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(["HELP WORLD", "HELLO WORLD", "HELP HELLO"] * 20),
            model_writer=model,
            vocab_size=20,
            hard_vocab_limit=False,
            user_defined_symbols=["▁HE", "LP", "LLO"],
            minloglevel=2,
        )
    decoder = SherpaDecoder(folder, threads=1)
    said = decoder.listen(StreamOptions(hotwords=(HELP,))).hear(sound, final=True).text
    assert said == "help world"


def test_silence_says_nothing(transducer: SherpaDecoder, ctc: SherpaDecoder) -> None:
    for decoder in (transducer, ctc):
        assert decoder.listen(StreamOptions()).hear(np.zeros(48_000, np.float32), final=True).text == ""


def test_a_segment_cut_behind_what_was_heard_is_heard_anew(transducer: SherpaDecoder, sound: Samples) -> None:
    """Nothing after the cut stays in its text."""
    hearing = transducer.listen(StreamOptions())
    assert hearing.hear(sound, final=False).text == "hello world"
    cut = hearing.hear(np.concatenate([sound[:14_000], np.zeros(2000, np.float32)]), final=True)
    assert cut.text == "hello"


def test_networks_in_eight_bits_are_preferred(tmp_path: Path, sound: Samples) -> None:
    folder = make_transducer(tmp_path, int8=True)
    for part in ("encoder", "decoder", "joiner"):
        (folder / f"{part}-epoch-99.onnx").write_bytes(b"not this one")
    assert SherpaDecoder(folder, threads=1).listen(StreamOptions()).hear(sound, final=True).text


def test_hotwords_are_written_as_the_library_reads_them() -> None:
    words = [Hotword("Ada Lovelace", 3), Hotword("a/b:c\nd", 1), Hotword("  ", 2), Hotword("none", 0)]
    assert hotwords_text(words, upper=True) == "ADA LOVELACE :3.00/A B C D :1.00"
    assert hotwords_text([Hotword("naïve café")], upper=False) == "naïve café :2.00"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "tokens.txt").unlink(), r"tokens\.txt"),
        (lambda folder: (folder / "tokens.txt").write_text("what is this\n"), r"tokens\.txt"),
        (lambda folder: (folder / "decoder-epoch-99.onnx").unlink(), "joiner without"),
        (lambda folder: (folder / "joiner-epoch-99.onnx").unlink(), "neither a transducer nor"),
        (lambda folder: (folder / "encoder-epoch-99.onnx").write_bytes(b"rot"), "no network"),
        (lambda folder: drop(folder / "encoder-epoch-99.onnx", "model_type"), "kind ''"),
        (lambda folder: drop(folder / "encoder-epoch-99.onnx", "left_context_len"), "left_context_len"),
        (lambda folder: drop(folder / "decoder-epoch-99.onnx", "context_size"), "context_size"),
    ],
)
def test_what_the_library_would_end_the_process_over_is_refused_before(
    folder: Path, tmp_path: Path, spoil, said: str
) -> None:
    spoiled = Path(shutil.copytree(folder, tmp_path / "spoiled"))
    spoil(spoiled)
    with pytest.raises(UnusableSherpaModel, match=said):
        SherpaDecoder(spoiled, threads=1)


def drop(network: Path, key: str) -> None:
    """Take a key out of a network's metadata."""
    model = onnx.load(str(network))
    kept = [entry for entry in model.metadata_props if entry.key != key]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    onnx.save(model, str(network))
