"""Bodhi's model names: the table that says what each is recognised with here."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from earful.dialects.bodhi.errors import BodhiError
from earful.settings import SettingsError
from earful.speech.catalogue import Engine, primary_subtag

__all__ = ["BodhiModel", "ModelTable", "ModelTableError", "not_available"]


class ModelTableError(SettingsError):
    """The table of models cannot be used; the message names the file and the entry."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    language: str = Field(min_length=2)
    code: str = Field(min_length=2)
    engine: Engine
    model: str = Field(min_length=1)
    sample_rate: int = Field(default=8000, ge=8000, le=48_000)


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")

    model: list[_Entry] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class BodhiModel:
    """What recognises a name. `language` is a BCP-47 tag, `code` what clients are told, rate in Hz."""

    name: str
    language: str
    code: str
    engine: Engine
    model: str
    sample_rate: int

    @property
    def pull_command(self) -> str:
        """The command that fetches the model."""
        return f"earful models pull {self.model}"


def not_available(asked: str) -> BodhiError:
    """Return the documented answer for a name that nothing recognises."""
    return BodhiError(400, f"model '{asked[:80]}' is not available")


class ModelTable:
    """Finds the model behind a name: an exact name first, then the first pattern that fits."""

    def __init__(self, models: Sequence[BodhiModel]) -> None:
        self._models = tuple(models)

    def find(self, name: str) -> BodhiModel:
        """Return the model of a name. Raises `BodhiError` (400) when there is none."""
        for model in self._models:
            if model.name == name:
                return model
        for model in self._models:
            if fnmatchcase(name.lower(), model.name):
                return model
        raise not_available(name)

    def others(self, model: BodhiModel) -> tuple[BodhiModel, ...]:
        """Return the first model of each other language in the table."""
        found = {primary_subtag(model.language): model}
        for other in self._models:
            found.setdefault(primary_subtag(other.language), other)
        return tuple(other for other in found.values() if other is not model)

    @classmethod
    def load(cls, path: Path | None = None) -> "ModelTable":
        """Read a table; None reads the one that comes with Earful. Raises `ModelTableError`."""
        source = files("earful.dialects.bodhi") / "models.toml" if path is None else path
        try:
            data: dict[str, Any] = tomllib.loads(source.read_text(encoding="utf-8"))
            entries = _Table.model_validate(data).model
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ModelTableError(f"{source}: {error}") from None
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(str(part) for part in problem["loc"])
            raise ModelTableError(f"{source}: {where}: {problem['msg']}") from None
        return cls([BodhiModel(**entry.model_dump()) for entry in entries])
