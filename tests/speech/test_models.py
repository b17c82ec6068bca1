"""Models on this machine: fetched from a hub or a folder, checked, listed, removed."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from earful.speech import models
from earful.speech.catalogue import CATALOGUE, find_card, for_language
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
    """A small stand-in for Hugging Face: the two routes that fetching a model uses."""

    def __init__(self) -> None:
        self.files = dict(FILES)
        self.published = {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()}
        self.requests: list[str] = []
        self.cut_short = False
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.requests.append(self.path)
                if self.path.startswith("/api/models/Systran/faster-whisper-tiny"):
                    siblings = [
                        {"rfilename": name, "lfs": {"sha256": hub.published[name]}} for name in hub.files
                    ]
                    self.answer(json.dumps({"sha": "abc123", "siblings": siblings}).encode())
                elif self.path.startswith("/Systran/faster-whisper-tiny/resolve/abc123/"):
                    self.answer(hub.files[self.path.rsplit("/", 1)[1]], cut=hub.cut_short)
                else:
                    self.send_error(404)

            def answer(self, body: bytes, *, cut: bool = False) -> None:
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if cut else body)

            def log_message(self, *args: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

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


def test_a_file_that_is_not_the_published_one_is_refused_and_nothing_stays(
    store: ModelStore, hub: Hub
) -> None:
    hub.files["model.bin"] = b"something else"
    with pytest.raises(ModelDamaged, match=r"model\.bin"):
        store.pull("whisper-tiny")
    assert store.installed() == []
    assert list(store.root.iterdir()) == []


def test_a_connection_cut_in_the_middle_leaves_the_old_model_in_place(store: ModelStore, hub: Hub) -> None:
    store.pull("whisper-tiny")
    hub.cut_short = True
    with pytest.raises(ModelUnavailable):
        store.pull("whisper-tiny")
    store.get("whisper-tiny").verify()


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
    hub.published["../vocabulary.evil"] = ""
    store.pull("whisper-tiny")
    assert not (tmp_path / "vocabulary.evil").exists()
    assert not any("evil" in path for path in hub.requests)


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
    sizes = [card.size_mb for card in english]
    assert sizes == sorted(sizes)


def test_an_unfinished_download_of_another_process_is_not_listed(store: ModelStore) -> None:
    store.pull("whisper-tiny")
    (store.root / ".whisper-base.part").mkdir()
    (store.root / ".whisper-base.part" / models.MANIFEST).write_text("{}")
    assert [found.card.name for found in store.installed()] == ["whisper-tiny"]
