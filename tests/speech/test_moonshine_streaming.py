"""Streaming Moonshine models, five graphs in a folder, through the same loader."""

import json
from pathlib import Path

import numpy as np
import pytest

from earful.speech.engines import Engines
from earful.speech.models import ModelStore
from earful.speech.moonshine import MoonshineModel, UnusableModel
from tests.support.models.moonshine_streaming import make_streaming_moonshine

SHORT = np.full(16_000, 0.05, np.float32)
LONG = np.full(48_000, 0.05, np.float32)


@pytest.mark.parametrize(("step", "suffix"), [(None, ".ort"), (1280, ".onnx")])
def test_the_five_graphs_are_run_one_after_the_other(tmp_path: Path, step: int | None, suffix: str) -> None:
    """Whether the frontend takes any number of samples or only so many at a time."""
    model = MoonshineModel(make_streaming_moonshine(tmp_path, step=step, suffix=suffix))
    decoded = model.decode([SHORT, LONG, SHORT])
    assert [one.text for one in decoded] == ["short speech", "long speech", "short speech"]
    assert decoded[0].confidence > 0.9


def test_what_the_frontend_remembers_goes_from_step_to_step(tmp_path: Path) -> None:
    """The tiny frontend's features say how many frames it had made before."""
    stepping = MoonshineModel(make_streaming_moonshine(tmp_path, step=1280))
    assert sorted(set(stepping.encode(SHORT)[0, 0, 0, 0, :, 0].tolist())) == list(range(0, 72, 4))


def test_prefixes_drafts_and_scores_are_those_of_a_decoding_from_the_start(tmp_path: Path) -> None:
    model = MoonshineModel(make_streaming_moonshine(tmp_path))
    whole = model.decode([LONG])[0]
    assert model.decode([LONG], prefixes=[whole.tokens[:1]])[0].tokens == whole.tokens
    for draft in (whole.tokens, whole.tokens[::-1], whole.tokens[:1]):
        assert model.decode([LONG], drafts=[draft])[0].tokens == whole.tokens
        assert model.decode([LONG], drafts=[draft], final=False)[0].tokens == whole.tokens
    (scores,) = model.score(model.encode(LONG), [whole.tokens])
    assert scores[:-1] == pytest.approx(whole.token_logprobs, abs=2e-3)
    assert scores[-1] == pytest.approx(whole.end_logprob, abs=2e-3)


def test_a_folder_of_ones_own_is_installed_and_chosen(tmp_path: Path) -> None:
    folder = make_streaming_moonshine(tmp_path / "given")
    store = ModelStore(tmp_path / "models")
    store.add("tiny-streaming", folder, engine="moonshine", languages=["en"], licence="MIT")
    engines = Engines(store, threads=1)
    card = engines.choose("en-US", "tiny-streaming")
    assert engines.moonshine(card).decode([LONG])[0].text == "long speech"


def test_what_is_missing_or_other_is_said(tmp_path: Path) -> None:
    folder = make_streaming_moonshine(tmp_path, suffix=".onnx")
    (folder / "frontend.onnx").rename(folder / "kept")
    with pytest.raises(UnusableModel, match=r"no frontend\.ort"):
        MoonshineModel(folder)
    (folder / "frontend.onnx").write_bytes((folder / "encoder.onnx").read_bytes())
    with pytest.raises(UnusableModel, match="no input audio_chunk"):
        MoonshineModel(folder)
    (folder / "kept").rename(folder / "frontend.onnx")
    (folder / "streaming_config.json").write_text(json.dumps({"bos_id": 0, "eos_id": 2}))
    with pytest.raises(UnusableModel, match="other tokens"):
        MoonshineModel(folder)
    (folder / "streaming_config.json").write_text("{")
    with pytest.raises(UnusableModel, match="can be read"):
        MoonshineModel(folder)
