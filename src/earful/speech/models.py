"""The models on this machine: a folder each under the models directory, with a manifest of what is in it.

Weights come from Hugging Face or, in a closed network, from a local folder. Either way every file's
SHA-256 is written down when it arrives (and checked against the one Hugging Face publishes), so that
`verify` can tell a damaged model from a sound one.
"""

import fnmatch
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from earful.speech.catalogue import CATALOGUE, Engine, ModelCard, find_card, for_language

__all__ = [
    "InstalledModel",
    "ModelDamaged",
    "ModelError",
    "ModelStore",
    "ModelUnavailable",
    "ModelUnknown",
    "Progress",
    "catalogue_with",
]

MANIFEST = "earful-model.json"
HUB = "https://huggingface.co"
_CHUNK = 1 << 20

Progress = Callable[[str, int, int], None]
"""Called with (file name, bytes so far, bytes in all); the latter is 0 when unknown."""


class ModelError(Exception):
    """Root of what can go wrong with models.

    ModelError
    ├── ModelUnknown        no model of that name is in the catalogue or installed
    ├── ModelUnavailable    the source could not be reached or lacks a file
    └── ModelDamaged        a file's checksum is not the one written down
    """


class ModelUnknown(ModelError):
    """No model of that name is in the catalogue or installed."""


class ModelUnavailable(ModelError):
    """The source could not be reached or lacks a file that the engine needs."""


class ModelDamaged(ModelError):
    """A file's checksum is not the one that was published or written down."""


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model that is on this machine: its card, its folder, and the SHA-256 of each file."""

    card: ModelCard
    path: Path
    checksums: dict[str, str]

    def verify(self) -> None:
        """Compare every file with its checksum; raises `ModelDamaged` naming the first bad one."""
        for name, expected in self.checksums.items():
            file = self.path / name
            if not file.is_file() or _sha256(file) != expected:
                raise ModelDamaged(f"{file} is missing or damaged; run: earful models pull {self.card.name}")


class ModelStore:
    """The models directory. Safe to use from several processes: a model appears whole or not at all."""

    def __init__(self, root: Path, *, hub: str = HUB) -> None:
        self.root = root
        self._hub = hub.rstrip("/")

    def installed(self) -> list[InstalledModel]:
        """Return every model in the directory, by name. Models that come with Earful are not listed."""
        if not self.root.is_dir():
            return []
        found = (self._read(folder) for folder in sorted(self.root.iterdir()))
        return [model for model in found if model is not None]

    def get(self, name: str) -> InstalledModel:
        """Return an installed model; raises `ModelUnknown` naming the command that fetches it."""
        model = self._read(self.root / name) if _is_plain(name) else None
        if model is None:
            if find_card(name) is None:
                raise ModelUnknown(f"no model is called {name!r}; see: earful models list")
            raise ModelUnknown(f"{name} is not on this machine; fetch it with: earful models pull {name}")
        return model

    def best_for(self, language: str) -> InstalledModel | None:
        """Return the largest installed model that recognises the language, None when there is none."""
        installed = {model.card.name: model for model in self.installed()}
        cards = for_language(language, [model.card for model in installed.values()])
        return installed[cards[-1].name] if cards else None

    def pull(
        self, name: str, *, source: Path | None = None, progress: Progress | None = None
    ) -> InstalledModel:
        """Fetch a model from Hugging Face, or copy it from the folder `source`.

        Raises `ModelUnknown`, `ModelUnavailable` (with the reason) or `ModelDamaged`. A model that is
        already there is replaced only once the new copy is whole.
        """
        card = find_card(name)
        if card is None:
            raise ModelUnknown(f"no model is called {name!r}; see: earful models list")
        if card.built_in:
            raise ModelError(f"{name} comes with Earful; there is nothing to fetch")
        return self._install(card, source, progress or _quiet)

    def add(
        self,
        name: str,
        source: Path,
        *,
        engine: Engine,
        languages: Sequence[str],
        licence: str = "unknown",
        progress: Progress | None = None,
    ) -> InstalledModel:
        """Install a model of the user's own from a folder, under a name of their choice."""
        if not _is_plain(name) or find_card(name) is not None:
            raise ModelError(f"{name!r} cannot be the name of a model of yours")
        size = sum(file.stat().st_size for file in source.rglob("*") if file.is_file())
        card = ModelCard(
            name, engine, tuple(languages), licence, round(size / 1e6), repository=str(source.name)
        )
        return self._install(card, source, progress or _quiet)

    def remove(self, name: str) -> None:
        """Delete a model from this machine; raises `ModelUnknown` when it is not there."""
        shutil.rmtree(self.get(name).path)

    def _install(self, card: ModelCard, source: Path | None, progress: Progress) -> InstalledModel:
        self.root.mkdir(parents=True, exist_ok=True)
        staging = self.root / f".{card.name}.part"
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir()
        try:
            if source is None:
                checksums = self._download(card, staging, progress)
            else:
                checksums = _copy(card, source, staging, progress)
            (staging / MANIFEST).write_text(_manifest(card, checksums))
            final = self.root / card.name
            shutil.rmtree(final, ignore_errors=True)
            staging.rename(final)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        return InstalledModel(card, final, checksums)

    def _download(self, card: ModelCard, folder: Path, progress: Progress) -> dict[str, str]:
        checksums: dict[str, str] = {}
        with httpx.Client(
            base_url=self._hub, follow_redirects=True, timeout=60.0, headers={"accept-encoding": "identity"}
        ) as client:
            try:
                listing = client.get(f"/api/models/{card.repository}", params={"blobs": "true"})
                listing.raise_for_status()
                described = listing.json()
                revision = described["sha"]
                wanted = [item for item in described["siblings"] if _matches(card, item["rfilename"])]
                if not wanted:
                    raise ModelUnavailable(
                        f"{card.repository} holds none of the files {', '.join(card.files)}"
                    )
                for item in wanted:
                    name = item["rfilename"]
                    url = f"/{card.repository}/resolve/{revision}/{name}"
                    digest = _fetch(client, url, folder / name, name, progress)
                    published = (item.get("lfs") or {}).get("sha256")
                    if published and published != digest:
                        raise ModelDamaged(f"{name} arrived damaged: its SHA-256 is not the published one")
                    checksums[name] = digest
            except (httpx.HTTPError, KeyError, ValueError) as error:
                raise ModelUnavailable(
                    f"could not fetch {card.name} from {self._hub}: {error or type(error).__name__}; "
                    f"in a closed network: earful models pull {card.name} --from FOLDER"
                ) from error
        return checksums

    def _read(self, folder: Path) -> InstalledModel | None:
        manifest = folder / MANIFEST
        if folder.name.startswith(".") or not manifest.is_file():
            return None
        described = json.loads(manifest.read_text())
        known = find_card(folder.name)
        card = known or ModelCard(
            name=folder.name,
            engine=described["engine"],
            languages=tuple(described["languages"]),
            licence=described["licence"],
            size_mb=described["size_mb"],
            repository=described["repository"],
        )
        return InstalledModel(card, folder, dict(described["sha256"]))


def catalogue_with(store: ModelStore) -> list[tuple[ModelCard, InstalledModel | None]]:
    """Return every model that has a name, known or the user's own, with its copy here if there is one."""
    here = {model.card.name: model for model in store.installed()}
    known = [(card, here.pop(card.name, None)) for card in CATALOGUE]
    return known + [(model.card, model) for model in here.values()]


def _quiet(name: str, done: int, total: int) -> None:
    return None


def _is_plain(name: str) -> bool:
    """Whether a model's name is one path component, so that it cannot lead out of the directory."""
    return bool(name) and not name.startswith(".") and Path(name).name == name


def _matches(card: ModelCard, name: str) -> bool:
    relative = Path(name)
    if relative.is_absolute() or ".." in relative.parts:
        return False
    return any(fnmatch.fnmatch(name, pattern) for pattern in card.files)


def _fetch(client: httpx.Client, url: str, target: Path, name: str, progress: Progress) -> str:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    done = 0
    with client.stream("GET", url) as response, target.open("wb") as out:
        response.raise_for_status()
        total = int(response.headers.get("content-length") or 0)
        for chunk in response.iter_bytes(_CHUNK):
            out.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            progress(name, done, total)
    if total and done != total:
        raise ModelUnavailable(f"{name} arrived short: {done} of {total} bytes")
    return digest.hexdigest()


def _copy(card: ModelCard, source: Path, folder: Path, progress: Progress) -> dict[str, str]:
    if not source.is_dir():
        raise ModelUnavailable(f"{source} is not a folder")
    files = [file for file in sorted(source.rglob("*")) if file.is_file() and file.name != MANIFEST]
    wanted = [file for file in files if _matches(card, file.relative_to(source).as_posix())]
    if not wanted:
        raise ModelUnavailable(f"{source} holds none of the files {', '.join(card.files)}")
    checksums: dict[str, str] = {}
    for file in wanted:
        name = file.relative_to(source).as_posix()
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
        size = file.stat().st_size
        progress(name, size, size)
        checksums[name] = _sha256(target)
    return checksums


def _manifest(card: ModelCard, checksums: dict[str, str]) -> str:
    described = {
        "engine": card.engine,
        "languages": list(card.languages),
        "licence": card.licence,
        "size_mb": card.size_mb,
        "repository": card.repository,
        "sha256": checksums,
    }
    return json.dumps(described, indent=2, sort_keys=True) + "\n"


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
