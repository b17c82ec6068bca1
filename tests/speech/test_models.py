"""Models on this machine: fetched from a hub or a folder, checked, listed, removed."""

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from earful.speech import models
from earful.speech.catalogue import CATALOGUE, find_card, for_language, recommended
from earful.speech.models import (
    ModelDamaged,
    ModelError,
    ModelStore,
    ModelUnavailable,
    ModelUnknown,
    catalogue_with,
)

FILES = {
    "config.json": b"{}",
    "model.bin": b"weights" * 1000,
    "tokenizer.json": b"{}",
    "vocabulary.txt": b"a\nb\n",
    "README.md": b"not needed",
}


class Hub:
    """A small stand-in for Hugging Face: the two routes that fetching a model uses, with ranges."""

    def __init__(self) -> None:
        self.files = dict(FILES)
        self.published = {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()}
        self.revision = "a" * 40
        self.requests: list[tuple[str, str | None]] = []
        self.cut_at: int | None = None
        self.ranges = True
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.requests.append((self.path, self.headers["range"]))
                if self.path.startswith("/api/models/Systran/faster-whisper-tiny"):
                    self.answer(json.dumps(hub.listing()).encode())
                elif self.path.startswith(f"/Systran/faster-whisper-tiny/resolve/{hub.revision}/"):
                    body = hub.files[self.path.rsplit("/", 1)[1]]
                    start = 0
                    if hub.ranges and (asked := self.headers["range"]):
                        start = int(asked.removeprefix("bytes=").rstrip("-"))
                    self.answer(body[start:], cut=hub.cut_at, partial=start > 0)
                else:
                    self.send_error(404)

            def answer(self, body: bytes, *, cut: int | None = None, partial: bool = False) -> None:
                self.send_response(206 if partial else 200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[:cut])

            def log_message(self, *args: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def listing(self) -> dict[str, object]:
        """Describe the repository as the hub does: large files by SHA-256, small ones by Git's blob id."""
        siblings: list[dict[str, object]] = []
        for name, data in self.files.items():
            file: dict[str, object] = {"rfilename": name, "size": len(data)}
            if name == "model.bin":
                file["lfs"] = {"sha256": self.published[name], "size": len(data), "pointerSize": 130}
            else:
                sound = FILES.get(name, data)
                file["blobId"] = hashlib.sha1(b"blob %d\0" % len(sound) + sound).hexdigest()
            siblings.append(file)
        return {"id": "Systran/faster-whisper-tiny", "sha": self.revision, "siblings": siblings}

    def fetched(self, name: str) -> list[str | None]:
        """Return the ranges that were asked for of a file."""
        return [asked for path, asked in self.requests if path.endswith(f"/{name}")]

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def hub() -> Iterator[Hub]:
    served = Hub()
    yield served
    served.close()


@pytest.fixture
def store(tmp_path: Path, hub: Hub) -> ModelStore:
    return ModelStore(tmp_path / "models", hub=hub.url)


def test_pull_keeps_the_files_the_engine_needs_with_their_checksums(store: ModelStore) -> None:
    model = store.pull("whisper-tiny")
    assert sorted(model.checksums) == ["config.json", "model.bin", "tokenizer.json", "vocabulary.txt"]
    assert (model.path / "model.bin").read_bytes() == FILES["model.bin"]
    assert not (model.path / "README.md").exists()
    model.verify()
    assert [found.card.name for found in store.installed()] == ["whisper-tiny"]
    assert store.get("whisper-tiny").checksums == model.checksums


def test_pull_reports_progress_up_to_the_size_of_each_file(store: ModelStore) -> None:
    seen: dict[str, tuple[int, int]] = {}
    store.pull("whisper-tiny", progress=lambda name, done, total: seen.update({name: (done, total)}))
    assert seen["model.bin"] == (7000, 7000)


@pytest.mark.parametrize("name", ["model.bin", "config.json"])
def test_a_file_that_is_not_the_published_one_is_refused_and_nothing_stays(
    store: ModelStore, hub: Hub, name: str
) -> None:
    """Large files are known by their SHA-256, small ones by Git's id of them."""
    hub.files[name] = b"x" * len(FILES[name])
    with pytest.raises(ModelDamaged, match=name.replace(".", r"\.")):
        store.pull("whisper-tiny")
    assert store.installed() == []
    assert list(store.root.iterdir()) == []


def test_a_connection_cut_in_the_middle_leaves_the_old_model_in_place(store: ModelStore, hub: Hub) -> None:
    store.pull("whisper-tiny")
    hub.cut_at = 1
    with pytest.raises(ModelUnavailable):
        store.pull("whisper-tiny")
    store.get("whisper-tiny").verify()


def test_a_fetch_that_was_broken_off_goes_on_where_it_was(store: ModelStore, hub: Hub) -> None:
    hub.cut_at = 4000
    with pytest.raises(ModelUnavailable, match="kept for the next try"):
        store.pull("whisper-tiny")
    assert store.installed() == []
    hub.cut_at = None
    seen: list[tuple[str, int, int]] = []
    store.pull("whisper-tiny", progress=lambda *report: seen.append(report)).verify()
    assert hub.fetched("model.bin") == [None, "bytes=4000-"]
    assert len(hub.fetched("config.json")) == 1
    assert ("model.bin", 7000, 7000) in seen
    assert [path.name for path in store.root.iterdir()] == ["whisper-tiny"]


def test_a_source_that_cannot_go_on_in_the_middle_begins_again(store: ModelStore, hub: Hub) -> None:
    hub.cut_at = 4000
    with pytest.raises(ModelUnavailable):
        store.pull("whisper-tiny")
    hub.cut_at, hub.ranges = None, False
    store.pull("whisper-tiny").verify()


def test_what_was_fetched_of_an_older_revision_is_dropped(store: ModelStore, hub: Hub) -> None:
    hub.cut_at = 4000
    with pytest.raises(ModelUnavailable):
        store.pull("whisper-tiny")
    hub.cut_at, hub.revision = None, "b" * 40
    store.pull("whisper-tiny").verify()
    assert hub.fetched("model.bin") == [None, None]


def test_a_killed_fetch_leaves_no_half_model_and_the_next_one_goes_on(tmp_path: Path, hub: Hub) -> None:
    """A process killed while the model comes in, as a user's would be."""
    hub.files["model.bin"] = b"w" * (8 << 20)
    hub.published["model.bin"] = hashlib.sha256(hub.files["model.bin"]).hexdigest()
    script = (
        "import os, sys; from pathlib import Path; from earful.speech.models import ModelStore\n"
        "def report(name, done, total):\n"
        "    if done > 3 << 20: os.kill(os.getpid(), 9)\n"
        "ModelStore(Path(sys.argv[1]), hub=sys.argv[2]).pull('whisper-tiny', progress=report)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path / "models"), hub.url], timeout=120)
    assert killed.returncode == -9
    store = ModelStore(tmp_path / "models", hub=hub.url)
    assert store.installed() == []
    with pytest.raises(ModelUnknown):
        store.get("whisper-tiny")
    store.pull("whisper-tiny").verify()
    asked = hub.fetched("model.bin")[-1]
    assert asked is not None
    assert int(asked.removeprefix("bytes=").rstrip("-")) > 2 << 20


def test_two_commands_do_not_install_at_once(store: ModelStore) -> None:
    store.root.mkdir()
    with store._alone(), pytest.raises(ModelError, match="another command"):
        store.pull("whisper-tiny")
    store.pull("whisper-tiny").verify()


def test_a_hub_that_cannot_be_reached_is_told_with_the_way_around(tmp_path: Path) -> None:
    store = ModelStore(tmp_path, hub="http://127.0.0.1:9")
    with pytest.raises(ModelUnavailable, match="--from FOLDER"):
        store.pull("whisper-tiny")


def test_a_hub_without_the_needed_files_is_told(store: ModelStore, hub: Hub) -> None:
    hub.files = {"README.md": b""}
    with pytest.raises(ModelUnavailable, match=r"none of the files.*model\.bin"):
        store.pull("whisper-tiny")


def test_a_listing_that_names_a_path_outside_is_not_followed(
    store: ModelStore, hub: Hub, tmp_path: Path
) -> None:
    hub.files["../vocabulary.evil"] = b"x"
    store.pull("whisper-tiny")
    assert not (tmp_path / "vocabulary.evil").exists()
    assert not any("evil" in path for path, _ in hub.requests)


def test_pull_from_a_folder_needs_no_network(tmp_path: Path) -> None:
    folder = tmp_path / "usb"
    folder.mkdir()
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    store = ModelStore(tmp_path / "models", hub="http://127.0.0.1:9")
    store.pull("whisper-base", source=folder).verify()
    assert store.get("whisper-base").card.engine == "faster-whisper"


@pytest.mark.parametrize(
    "make", [lambda path: None, lambda path: path.mkdir(), lambda path: path.write_text("x")]
)
def test_pull_from_what_is_no_model_folder_is_refused(tmp_path: Path, make: object) -> None:
    source = tmp_path / "source"
    make(source)  # type: ignore[operator]
    with pytest.raises(ModelUnavailable):
        ModelStore(tmp_path / "models").pull("whisper-base", source=source)


def test_a_damaged_file_is_found_by_verify_and_the_mend_is_named(store: ModelStore) -> None:
    model = store.pull("whisper-tiny")
    (model.path / "model.bin").write_bytes(b"rot")
    with pytest.raises(ModelDamaged, match="earful models pull whisper-tiny"):
        store.get("whisper-tiny").verify()


def test_a_model_that_is_not_here_names_the_command_that_fetches_it(store: ModelStore) -> None:
    with pytest.raises(ModelUnknown, match="earful models pull whisper-small"):
        store.get("whisper-small")
    with pytest.raises(ModelUnknown, match="earful models list"):
        store.get("gpt-9")


@pytest.mark.parametrize("name", ["../etc", "", ".", "..", ".hidden", "a/b"])
def test_a_name_never_leads_out_of_the_models_directory(store: ModelStore, name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelUnknown):
        store.get(name)
    with pytest.raises(ModelError):
        store.add(name, tmp_path, engine="moonshine", languages=["en"])


def test_remove_deletes_the_model_once(store: ModelStore) -> None:
    store.pull("whisper-tiny")
    store.remove("whisper-tiny")
    assert store.installed() == []
    with pytest.raises(ModelUnknown):
        store.remove("whisper-tiny")


def test_a_model_of_the_users_own_is_found_by_its_language(store: ModelStore, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"x")
    store.add("our-hindi", folder, engine="faster-whisper", languages=["hi"], licence="ours")
    found = store.best_for("hi-IN")
    assert found is not None
    assert (found.card.name, found.card.licence) == ("our-hindi", "ours")
    assert store.best_for("ta-IN") is None


def test_the_built_in_model_is_not_to_be_pulled_or_shadowed(store: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="comes with Earful"):
        store.pull("moonshine-tiny-en")
    with pytest.raises(ModelError):
        store.add("moonshine-tiny-en", tmp_path, engine="moonshine", languages=["en"])


def test_the_larger_of_two_installed_models_is_the_better(store: ModelStore, tmp_path: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"x")
    for name in ("whisper-base", "whisper-tiny"):
        store.pull(name, source=folder)
    found = store.best_for("de")
    assert found is not None
    assert found.card.name == "whisper-base"


def test_the_catalogue_lists_what_is_here_and_what_is_not(store: ModelStore, tmp_path: Path) -> None:
    store.pull("whisper-tiny")
    (tmp_path / "model.bin").write_bytes(b"x")
    listed = {card.name: model for card, model in catalogue_with(store)}
    assert listed["whisper-tiny"] is not None
    assert listed["whisper-small"] is None


def test_every_card_has_a_licence_a_size_and_a_source_or_is_built_in() -> None:
    names = [card.name for card in CATALOGUE]
    assert len(set(names)) == len(names)
    for card in CATALOGUE:
        assert card.licence in {"MIT", "Apache-2.0"}, card.name
        assert card.size_mb > 0
        assert card.built_in == (card.repository is None)
    assert find_card("moonshine-tiny-en") is CATALOGUE[0]


def test_models_for_a_language_come_smallest_first() -> None:
    english = for_language("en-GB")
    assert english[0].name == "moonshine-tiny-en"
    assert all(card.engine == "faster-whisper" for card in for_language("hi-IN"))
    assert for_language("tlh") == []
    sizes = [card.size_mb for card in english]
    assert sizes == sorted(sizes)


def test_an_unfinished_download_of_another_process_is_not_listed(store: ModelStore) -> None:
    store.pull("whisper-tiny")
    (store.root / ".whisper-base.part").mkdir()
    (store.root / ".whisper-base.part" / models.MANIFEST).write_text("{}")
    assert [found.card.name for found in store.installed()] == ["whisper-tiny"]


def test_the_model_advised_for_a_language_is_made_for_it_or_of_middling_size() -> None:
    advised = [recommended(language) for language in ("zh-CN", "hi-IN", "de", "tlh")]
    assert [card.name if card else None for card in advised] == [
        "zipformer-zh-en",
        "whisper-small",
        "whisper-small",
        None,
    ]
