"""The models on this machine: a folder each under the models directory, with a manifest of what is in it.

Weights come from Hugging Face or, in a closed network, from a local folder. Every file is checked against
the checksum that Hugging Face publishes, and its SHA-256 is written down, so that `verify` can tell a damaged
model from a sound one. A model is put together in a hidden folder and appears whole; a fetch that was broken
off goes on from there (huggingface_hub itself keeps no part of a file, so the bytes are fetched here).
"""

import fcntl
import fnmatch
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
_REVISION = ".revision"

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
        with self._alone():
            try:
                if source is None:
                    checksums = self._download(card, staging, progress)
                else:
                    shutil.rmtree(staging, ignore_errors=True)
                    checksums = _copy(card, source, staging, progress)
            except ModelUnavailable:
                if source is not None:
                    shutil.rmtree(staging, ignore_errors=True)
                raise
            except ModelDamaged:
                shutil.rmtree(staging, ignore_errors=True)
                raise
            (staging / _REVISION).unlink(missing_ok=True)
            (staging / MANIFEST).write_text(_manifest(card, checksums))
            final, old = self.root / card.name, self.root / f".{card.name}.old"
            shutil.rmtree(old, ignore_errors=True)
            if final.exists():
                final.rename(old)
            staging.rename(final)
            shutil.rmtree(old, ignore_errors=True)
        return InstalledModel(card, final, checksums)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from installing at the same time."""
        folder = os.open(self.root, os.O_RDONLY)
        try:
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise ModelError("another command is installing a model here; try again later") from error
            yield
        finally:
            os.close(folder)

    def _download(self, card: ModelCard, folder: Path, progress: Progress) -> dict[str, str]:
        # Not at the top: a server that only looks for models would start later.
        from huggingface_hub import hf_hub_url

        try:
            revision, files = self._published(card)
            if not files:
                raise ModelUnavailable(f"{card.repository} holds none of the files {', '.join(card.files)}")
            _begin(folder, revision)
            with httpx.Client(follow_redirects=True, timeout=60.0) as client:
                checksums = {}
                for file in files:
                    url = hf_hub_url(str(card.repository), file.name, revision=revision, endpoint=self._hub)
                    checksums[file.name] = _fetch(client, url, folder / file.name, file, progress)
                return checksums
        except (httpx.HTTPError, OSError, KeyError, ValueError) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise ModelUnavailable(
                f"could not fetch {card.name} from {self._hub}: {reason}; what has arrived is kept for the "
                f"next try; in a closed network: earful models pull {card.name} --from FOLDER"
            ) from error

    def _published(self, card: ModelCard) -> tuple[str, list["_Published"]]:
        """Return the newest revision of a model's repository and those of its files that are needed."""
        from huggingface_hub import HfApi

        try:
            info = HfApi(endpoint=self._hub, library_name="earful").model_info(
                str(card.repository), files_metadata=True, timeout=60
            )
        except Exception as error:
            # Its errors are those of whichever HTTP client its version uses.
            raise OSError(str(error)) from error
        if not info.sha:
            raise ValueError("the hub does not tell the revision")
        files = [
            _Published(
                name=item.rfilename,
                size=item.size or 0,
                sha256=item.lfs["sha256"] if item.lfs else None,
                blob=item.blob_id if not item.lfs else None,
            )
            for item in info.siblings or ()
            if _matches(card, item.rfilename)
        ]
        return info.sha, files

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


@dataclass(frozen=True, slots=True)
class _Published:
    """A file as the hub describes it: its size, and its SHA-256 or, for small files, its Git blob id."""

    name: str
    size: int
    sha256: str | None
    blob: str | None

    def check(self, file: Path) -> str:
        """Return the file's SHA-256; raises `ModelDamaged` when it is not what was published."""
        digest = _sha256(file)
        sound = self.sha256 is None or self.sha256 == digest
        if self.blob is not None and len(self.blob) == 40:
            sound = sound and self.blob == _git_blob(file)
        if not sound:
            raise ModelDamaged(f"{self.name} arrived damaged: its checksum is not the published one")
        return digest


def _begin(folder: Path, revision: str) -> None:
    """Make the folder ready for files of a revision; those of another one are dropped."""
    mark = folder / _REVISION
    if not mark.is_file() or mark.read_text() != revision:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        mark.write_text(revision)


def _fetch(client: httpx.Client, url: str, target: Path, file: _Published, progress: Progress) -> str:
    """Fetch what is not yet there of a file; returns its SHA-256."""
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".incomplete")
        done = part.stat().st_size if part.is_file() else 0
        headers = build_hf_headers(library_name="earful") | {"accept-encoding": "identity"}
        if done:
            headers["range"] = f"bytes={done}-"
        with client.stream("GET", url, headers=headers) as response:
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                part.unlink()
                raise ModelUnavailable(f"{file.name} has changed meanwhile; try again")
            response.raise_for_status()
            resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
            done = done if resumed else 0
            total = file.size or done + int(response.headers.get("content-length") or 0)
            with part.open("ab" if resumed else "wb") as out:
                for chunk in response.iter_bytes():
                    out.write(chunk)
                    done += len(chunk)
                    progress(file.name, done, total)
        if total and done != total:
            raise ModelUnavailable(f"{file.name} arrived short: {done} of {total} bytes; try again")
        digest = file.check(part)
        part.rename(target)
        return digest
    progress(file.name, target.stat().st_size, target.stat().st_size)
    return file.check(target)


def _copy(card: ModelCard, source: Path, folder: Path, progress: Progress) -> dict[str, str]:
    if not source.is_dir():
        raise ModelUnavailable(f"{source} is not a folder")
    files = [file for file in sorted(source.rglob("*")) if file.is_file() and file.name != MANIFEST]
    wanted = [file for file in files if _matches(card, file.relative_to(source).as_posix())]
    if not wanted:
        raise ModelUnavailable(f"{source} holds none of the files {', '.join(card.files)}")
    folder.mkdir()
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


def _git_blob(file: Path) -> str:
    """Return the id that Git gives the file's contents."""
    digest = hashlib.sha1(f"blob {file.stat().st_size}\0".encode(), usedforsecurity=False)
    digest.update(file.read_bytes())
    return digest.hexdigest()
