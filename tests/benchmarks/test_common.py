"""The benchmarks' own server and callers, once for real and short."""

import asyncio

import psutil
import pytest
from benchmarks.common import Server, call, running_server
from benchmarks.measure import figures
from benchmarks.streams.floor import alone
from benchmarks.streams.peer import run_peer
from benchmarks.tracks import Track, load_clips, make_track, words_of


@pytest.fixture(scope="module")
def track(tmp_path_factory) -> Track:
    """A few seconds of real speech from the moonshine-voice wheel, with its words timed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARFUL_DATA", str(tmp_path_factory.mktemp("none")))
        clips = load_clips()
    assert len(clips) >= 4
    shortest = min(clips, key=lambda clip: len(clip.samples))
    return make_track([shortest], 0, 1.0, pause=1.2)


def test_a_caller_hears_back_what_it_said(track):
    """Partials and a final come over the wire; the server is measured while it runs and gone afterwards."""
    with running_server() as server:
        before = server.usage()
        log = asyncio.run(call(server, track))
        after = server.usage()
        process = server.process
    assert log.error is None
    assert log.results[-1].is_final
    assert any(not result.is_final for result in log.results)
    found = figures(log, track)
    assert found.word
    assert len(found.final) == 1
    said = {word.text for word in track.words}
    assert len(said & set(words_of(log.text))) >= len(said) // 2
    assert all(result.at >= result.sent - 0.1 for result in log.results)
    assert after.cpu_s > before.cpu_s
    assert after.memory_mib > 50
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_the_same_call_in_bodhis_dialect_hears_the_same_words(track):
    """Both protocols end in the same kind of log."""
    with running_server(dialect="bodhi", silence_s=0.6) as server:
        log = asyncio.run(call(server, track))
    assert log.error is None
    assert log.results[-1].is_final
    said = {word.text for word in track.words}
    assert len(said & set(words_of(log.text))) >= len(said) // 2


def test_a_server_that_cannot_start_says_why():
    """Its own words are in the error."""
    with (
        pytest.raises(RuntimeError, match="EARFUL_ENDPOINT_SILENCE"),
        running_server(settings={"EARFUL_ENDPOINT_SILENCE": "99"}),
    ):
        pass


def test_a_caller_without_a_server_gets_an_error_not_an_exception(track):
    """One failed caller does not end the run."""
    nowhere = Server("http://127.0.0.1:9", "token", psutil.Process(), 0.0)
    log = asyncio.run(call(nowhere, track))
    assert log.error
    assert log.results == []


def test_a_stream_alone_gives_text_and_its_cost(track):
    """What everyone else is compared with."""
    (text,), floor = alone([track])
    assert len(text.split()) >= len(track.words) // 2
    assert 0 < floor < 10


def test_the_peer_hears_the_same_track(track):
    """moonshine-voice in its own process returns a log of the same kind."""
    (log,), cpu_s, memory = run_peer([track], on=(), interval_s=1.0, seconds=track.seconds)
    assert len(log.text.split()) >= len(track.words) // 2
    assert cpu_s > 0
    assert memory > 50
