"""Settings: read from the environment, checked, and all of them documented."""

from pathlib import Path

import pytest

from earful.commands.config import settings_markdown
from earful.settings import Settings, SettingsError, load_settings, misspelt


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("EARFUL_")]:
        monkeypatch.delenv(name)


def test_every_setting_has_a_default_and_a_description() -> None:
    for name, field in Settings.model_fields.items():
        assert not field.is_required(), name
        assert field.description, name
        assert field.description.rstrip().endswith("."), name


def test_the_documentation_lists_every_setting_as_it_is() -> None:
    page = Path(__file__).parents[1] / "docs" / "settings.md"
    assert page.read_text() == settings_markdown(), "run: earful config --markdown > docs/settings.md"
    for name in Settings.model_fields:
        assert f"`EARFUL_{name.upper()}`" in page.read_text()


def test_a_variable_changes_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARFUL_PORT", "9000")
    monkeypatch.setenv("EARFUL_SHUTDOWN_GRACE", "2.5")
    settings = load_settings()
    assert (settings.port, settings.shutdown_grace) == (9000, 2.5)


def test_what_the_command_line_says_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARFUL_PORT", "9000")
    assert load_settings(port=9001, host=None).port == 9001


def test_the_data_folder_is_absolute_and_holds_the_database(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_settings().database == f"sqlite:///{tmp_path}/.earful/earful.db"
    monkeypatch.chdir(tmp_path)
    assert load_settings(data_dir="here").data_dir == tmp_path / "here"


def test_another_database_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARFUL_DATABASE_URL", "postgresql://u:hunter2@db/earful")
    settings = load_settings()
    assert settings.database == "postgresql://u:hunter2@db/earful"
    assert "hunter2" not in repr(settings)


def test_origins_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().cors_origins == ("*",)
    monkeypatch.setenv("EARFUL_CORS_ORIGINS", "https://a.example, https://b.example,")
    assert load_settings().cors_origins == ("https://a.example", "https://b.example")


def test_a_public_address_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings(public_url="https://earful.example/").public_url == "https://earful.example"
    monkeypatch.setenv("EARFUL_PUBLIC_URL", "earful.example")
    with pytest.raises(SettingsError, match="EARFUL_PUBLIC_URL"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "many"),
        ("PORT", "65536"),
        ("ENDPOINT_SILENCE", "0.1"),
        ("TOKEN_LIFETIME", "5"),
        ("LOG_LEVEL", "loud"),
        ("MAX_STREAMS", "0"),
    ],
)
def test_a_bad_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"EARFUL_{name}", value)
    with pytest.raises(SettingsError, match=f"EARFUL_{name}: "):
        load_settings()


def test_every_bad_value_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARFUL_LOG_LEVEL", "loud")
    with pytest.raises(SettingsError) as caught:
        load_settings(port=70_000)
    assert len(str(caught.value).splitlines()) == 2
    assert "--port: " in str(caught.value)


def test_a_setting_cannot_be_changed_later() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().port = 1


def test_languages_are_given_models_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tags come down to their language; what is no such list is refused by the variable's name."""
    monkeypatch.setenv("EARFUL_SPEECH_MODELS", "hi-IN = whisper-medium, *=whisper-small,")
    assert load_settings().speech_models == {"hi": "whisper-medium", "*": "whisper-small"}
    for value in ("whisper-small", "hi=", "=x"):
        monkeypatch.setenv("EARFUL_SPEECH_MODELS", value)
        with pytest.raises(SettingsError, match="EARFUL_SPEECH_MODELS"):
            load_settings()


def test_a_misspelt_variable_is_told_with_what_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one that something else calls so, nor a setting in small letters."""
    for name in ("EARFUL_SIP_SOURCE", "EARFUL_DATA", "EARFUL_SERVICE_HOST", "EARFUL_PORT", "earful_host"):
        monkeypatch.setenv(name, "1")
    assert misspelt() == {"EARFUL_SIP_SOURCE": "EARFUL_SIP_SOURCES"}
