"""Moonshine models of other sizes, in the formats that are published, through the same loader."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from earful.speech.moonshine import MoonshineModel, UnusableModel
from tests.support.models.moonshine import make_moonshine

SHORT = np.full(16_000, 0.05, np.float32)
LONG = np.full(48_000, 0.05, np.float32)


@pytest.mark.parametrize("masks", [True, False])
@pytest.mark.parametrize("suffix", [".onnx", ".ort"])
def test_the_base_size_is_read_from_the_model(tmp_path: Path, suffix: str, masks: bool) -> None:
    """Eight layers of eight heads of 52; a batch says of each segment what it says of it alone."""
    model = MoonshineModel(make_moonshine(tmp_path, suffix=suffix, masks=masks))
    decoded = model.decode([SHORT, LONG, SHORT])
    assert [one.text for one in decoded] == ["short speech", "long speech", "short speech"]
    assert model.encode(SHORT).shape[1] == 416
    assert decoded[0].confidence > 0.9
    assert model.batch == (8 if masks else 1)


def test_a_prefix_and_a_draft_go_on_as_with_the_model_that_comes_along(tmp_path: Path) -> None:
    model = MoonshineModel(make_moonshine(tmp_path, layers=2, heads=4, head_size=16, width=64))
    whole = model.decode([LONG])[0]
    assert model.decode([LONG], prefixes=[whole.tokens[:1]])[0].tokens == whole.tokens
    assert model.decode([LONG], drafts=[whole.tokens])[0].tokens == whole.tokens
    assert model.decode([LONG], drafts=[whole.tokens[::-1]])[0].tokens == whole.tokens


def test_a_hub_folder_with_its_networks_in_onnx_is_taken_as_it_is(tmp_path: Path) -> None:
    make_moonshine(tmp_path / "onnx", layers=1)
    shutil.move(tmp_path / "onnx" / "tokenizer.json", tmp_path / "tokenizer.json")
    assert MoonshineModel(tmp_path).decode([SHORT])[0].text == "short speech"


def test_what_is_no_moonshine_model_is_refused_with_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UnusableModel, match="tokenizer"):
        MoonshineModel(tmp_path)
    folder = make_moonshine(tmp_path / "model", layers=1)
    shutil.copy(folder / "encoder_model.onnx", folder / "decoder_model_merged.onnx")
    with pytest.raises(UnusableModel, match="another kind"):
        MoonshineModel(folder)
    (folder / "decoder_model_merged.onnx").unlink()
    with pytest.raises(UnusableModel, match=r"decoder_model_merged\.ort"):
        MoonshineModel(folder)
    (folder / "tokenizer.json").write_text("[]")
    with pytest.raises(ValueError, match="not the tokenizer"):
        MoonshineModel(folder)
