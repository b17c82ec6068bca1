"""The table of model names."""

from pathlib import Path

import pytest

from earful.dialects.bodhi.errors import BodhiError
from earful.dialects.bodhi.models import ModelTable, ModelTableError
from earful.speech.catalogue import find_card

DOCUMENTED = [
    *(
        f"{code}-{kind}-v2-8khz"
        for code in ("bn", "gu", "hi", "kn", "ml", "mr", "ta", "te")
        for kind in ("general", "banking")
    ),
    *("hi-en-general-v2-8khz", "hi-general-feb24-v1-8khz"),
]


@pytest.fixture(scope="module")
def table() -> ModelTable:
    return ModelTable.load()


@pytest.mark.parametrize(
    "name",
    ["en-general-v2-8khz", "en-banking-v2-8khz", "en-in-general-v2-8khz", "en-general", "EN-General-v2-8khz"],
)
def test_every_english_name_is_recognised_by_what_comes_with_earful(table: ModelTable, name: str) -> None:
    found = table.find(name)
    assert (found.code, found.engine) == ("en", "moonshine")
    card = find_card(found.model)
    assert card is not None
    assert card.built_in


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_other_documented_name_has_a_model_that_can_be_pulled(table: ModelTable, name: str) -> None:
    found = table.find(name)
    assert found.code == name[:2]
    card = find_card(found.model)
    assert card is not None
    assert card.speaks(found.language)
    assert card.engine == found.engine
    assert found.pull_command == f"earful models pull {card.name}"


@pytest.mark.parametrize("name", ["xx-banking-v2-8khz", "or-general-v3-8khz", "whisper", "", "*"])
def test_a_name_that_is_not_in_the_table_is_not_available(table: ModelTable, name: str) -> None:
    with pytest.raises(BodhiError) as refused:
        table.find(name)
    assert refused.value.code == 400
    assert refused.value.message == f"model '{name}' is not available"


def test_an_exact_name_goes_before_a_pattern(tmp_path: Path) -> None:
    file = tmp_path / "models.toml"
    entry = '[[model]]\nname = "{}"\nlanguage = "en-US"\ncode = "{}"\nengine = "moonshine"\nmodel = "m"\n'
    file.write_text(entry.format("hi-*", "aa") + entry.format("hi-mine", "bb"))
    table = ModelTable.load(file)
    assert table.find("hi-mine").code == "bb"
    assert table.find("hi-other").code == "aa"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "model = 5",
        "[[model]]\nname = 'x'",
        "not toml",
        "[[model]]\nname='x'\nlanguage='en'\ncode='en'\nengine='magic'\nmodel='m'",
    ],
)
def test_a_table_that_cannot_be_used_is_refused_by_its_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "models.toml"
    file.write_text(text)
    with pytest.raises(ModelTableError, match=r"models\.toml"):
        ModelTable.load(file)


def test_a_table_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelTableError, match=r"nowhere\.toml"):
        ModelTable.load(tmp_path / "nowhere.toml")


def test_the_other_languages_of_a_table_are_each_there_once() -> None:
    table = ModelTable.load()
    others = table.others(table.find("hi-banking-v2-8khz"))
    codes = [model.code for model in others]
    assert codes[0] == "en"
    assert "hi" not in codes
    assert len(set(codes)) == len(codes)
