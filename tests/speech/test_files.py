"""File mode: recordings of every shape to text, with the real weights."""

import subprocess
import wave
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from earful.audio.files import read_blocks
from earful.audio.types import BrokenAudio
from earful.audio.vad import VadModel
from earful.conversation.types import Word
from earful.speech.files import FileTranscriber
from earful.speech.moonshine import Decoded, MoonshineModel
from earful.speech.pieces import SURE
from earful.speech.speakers import Turn, with_speakers
from earful.speech.types import Hotword, LanguageNotAvailable

ASSETS = Path(str(files("moonshine_voice"))) / "assets"


@pytest.fixture(scope="module")
def model() -> MoonshineModel:
    return MoonshineModel()


@pytest.fixture(scope="module")
def transcriber(model: MoonshineModel) -> FileTranscriber:
    return FileTranscriber(model, VadModel(), threads=2)


@pytest.fixture(scope="module")
def beckett() -> np.ndarray:
    """float32 [10 s], 16 kHz: a man reading."""
    return np.concatenate(list(read_blocks(ASSETS / "beckett.wav")))


def save(path: Path, *channels: np.ndarray) -> Path:
    """Write channels (float32 [n] each, 16 kHz) as WAV."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((np.stack(channels, axis=1) * 32767).astype("<i2").tobytes())
    return path


def test_a_recording_is_written_down(transcriber):
    """The opening of A Tale of Two Cities is recognised, in order, with sane times and confidence."""
    transcript = transcriber.transcribe(ASSETS / "two_cities.wav")
    text = transcript.text.lower()
    assert "it was the best of times" in text
    assert "the superlative degree of comparison only" in text
    assert transcript.duration_s == pytest.approx(44.37, abs=0.1)
    last = 0.0
    for segment in transcript.segments:
        assert last <= segment.start < segment.end <= transcript.duration_s
        assert 0.3 < segment.confidence <= 1
        assert segment.text == " ".join(word.text for word in segment.words)
        assert [word.start for word in segment.words] == sorted(word.start for word in segment.words)
        last = segment.start


def test_progress_goes_from_nothing_to_all(transcriber, tmp_path, beckett):
    """The share done never falls, and ends at one."""
    path = save(tmp_path / "long.wav", np.tile(beckett, 12))
    shares: list[float] = []
    transcriber.transcribe(path, progress=shares.append, words=False)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert any(0 < share < 1 for share in shares)


def test_how_many_threads_makes_no_difference(model, beckett):
    """The same audio gives the same text on one core and on two, in blocks of any length."""
    long = np.tile(beckett, 3)
    one = FileTranscriber(model, threads=1).recognise([long])
    two = FileTranscriber(model, threads=2).recognise(np.array_split(long, 17))
    assert one == two


@pytest.mark.parametrize("kind", ["silence", "noise", "hum"])
def test_nothing_is_invented_where_nobody_speaks(transcriber, kind):
    """Thirty seconds of no speech give no segment."""
    time = np.arange(30 * 16_000) / 16_000
    sound = {
        "silence": np.zeros_like(time),
        "noise": np.random.default_rng(3).normal(0, 0.05, time.size),
        "hum": 0.2 * np.sin(2 * np.pi * 440 * time),
    }[kind]
    assert transcriber.recognise([sound.astype(np.float32)]) == []


def test_separate_channels_are_separate_speakers(transcriber, tmp_path, beckett):
    """Two people on two channels are heard apart, tagged, and put in order of time."""
    first, second = beckett.copy(), np.roll(beckett, 80_000)
    first[80_000:] = 0
    second[:80_000] = 0
    path = save(tmp_path / "call.wav", first, second)
    for options in ({"channels": "separate"}, {"diarize": True}):
        segments = transcriber.transcribe(path, **options).segments
        assert [segment.speaker for segment in segments] == sorted(segment.speaker for segment in segments)
        assert {segment.speaker for segment in segments} == {1, 2}
        assert all(s.end <= 5.5 if s.speaker == 1 else s.start >= 4.5 for s in segments)
        assert all(word.speaker_tag == segment.speaker for segment in segments for word in segment.words)


def test_a_stereo_scene_is_not_two_speakers(transcriber, tmp_path, beckett):
    """Two channels with the same sound are one recording: nothing is written down twice."""
    path = save(tmp_path / "stereo.wav", beckett, beckett * 0.8)
    mono = transcriber.transcribe(save(tmp_path / "mono.wav", beckett * 0.9))
    stereo = transcriber.transcribe(path, diarize=True)
    assert len(stereo.text.split()) == pytest.approx(len(mono.text.split()), abs=2)


def test_one_voice_is_one_speaker(transcriber):
    """Diarization does not split a reader in two."""
    segments = transcriber.transcribe(ASSETS / "beckett.wav", diarize=True).segments
    assert {segment.speaker for segment in segments} == {1}


def test_a_language_without_a_model_is_refused_before_anything_is_read(transcriber):
    """The error names the language and the command that fetches a model."""
    with pytest.raises(LanguageNotAvailable, match=r"'de-DE'.*earful models pull whisper-small"):
        transcriber.transcribe("/nowhere.wav", language="de-DE")


def test_a_file_that_is_no_audio_is_refused(transcriber, tmp_path):
    """The audio room's own error reaches the caller."""
    path = tmp_path / "notes.wav"
    path.write_bytes(b"dear diary")
    with pytest.raises(BrokenAudio, match=r"notes\.wav"):
        transcriber.transcribe(path)


class _Engine:
    """Answers each hearing of a segment with the next of some texts and confidences."""

    def __init__(self, model: MoonshineModel, answers: list[tuple[str, float]]) -> None:
        self.tokenizer = model.tokenizer
        self.answers = answers
        self.heard = 0
        self.batch = 8

    def decode(
        self,
        segments: list[np.ndarray],
        bias: None = None,
        drafts: list[tuple[int, ...]] | None = None,
    ) -> list[Decoded]:
        assert (drafts is None) == (self.heard == 0), "each further hearing begins from what was heard"
        text, confidence = self.answers[self.heard]
        self.heard += 1
        return [Decoded((), text, confidence, ()) for _ in segments]


@pytest.mark.parametrize(
    ("answers", "kept", "hearings"),
    [
        ([("sure", SURE)], "sure", 1),
        ([("unsure", 0.5), ("better", 0.95)], "better", 2),
        ([("unsure", 0.5), ("worse", 0.4), ("best", 0.6)], "best", 3),
        ([("first", 0.7), ("worse", 0.4), ("same", 0.7)], "first", 3),
    ],
)
def test_what_is_unsure_is_heard_again_and_the_surest_kept(model, beckett, answers, kept, hearings):
    """A sure segment is heard once; an unsure one up to three times."""
    engine = _Engine(model, answers)
    segments = FileTranscriber(engine, threads=1).recognise([beckett[:48_000]], words=False)  # type: ignore[arg-type]
    assert ([segment.text for segment in segments], engine.heard) == ([kept], hearings)


def test_listed_words_are_heard_in_recordings(transcriber, tmp_path):
    """Custom vocabulary counts in file mode as in live speech."""
    path = tmp_path / "said.wav"
    text = "we bought it from Capgemini last year"
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "150", "-w", str(path), text], check=True)
    assert "Capgemini" not in transcriber.transcribe(path).text
    assert "Capgemini" in transcriber.transcribe(path, hotwords=[Hotword("Capgemini")]).text


def test_words_go_to_the_turn_that_covers_them():
    """A change of speaker divides a segment; a word between turns goes to the nearer one."""
    words = [Word("a", 0.0, 0.4), Word("b", 0.5, 0.9), Word("c", 1.05, 1.2), Word("d", 1.4, 1.8)]
    turns = [Turn(0.0, 1.0, 1), Turn(1.3, 2.0, 2)]
    runs = with_speakers(words, turns)
    assert [(speaker, [word.text for word in run]) for speaker, run in runs] == [
        (1, ["a", "b", "c"]),
        (2, ["d"]),
    ]
    assert [word.speaker_tag for _, run in runs for word in run] == [1, 1, 1, 2]


def test_without_turns_nobody_is_named():
    """Words that no turn is known for have no speaker."""
    (run,) = with_speakers([Word("a", 0.0, 0.4)], [])
    assert run[0] is None
