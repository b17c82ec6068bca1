"""Who speaks when in a recording with one channel, and which words are whose.

Voices are told apart by moonshine-voice's speaker embeddings (in process, no download): it cuts the
recording at pauses and clusters the parts. Two people who talk over each other stay one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from earful.audio.files import read_blocks
from earful.conversation.types import Word

__all__ = ["Turn", "speaker_turns", "with_speakers"]

SAMPLE_RATE = 16_000
_BLOCK_S = 5.0
_UPDATE_S = 30.0
_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch of speech by one speaker; times in seconds, speakers count from 1 in order of appearance."""

    start: float
    end: float
    speaker: int


def speaker_turns(path: Path | str) -> list[Turn]:
    """Return who speaks when in a file (its channels mixed), in order of time.

    Raises `earful.audio.types.BrokenAudio` or an `OSError` for the file.
    """
    from moonshine_voice import ModelArch, Transcriber

    options = {
        "skip_transcription": "true",
        "identify_speakers": "true",
        "return_audio_data": "false",
        "speaker_id_cluster_threshold": str(_THRESHOLD),
    }
    with Transcriber(str(_assets()), ModelArch.TINY, options=options) as transcriber:
        stream = transcriber.create_stream(update_interval=_UPDATE_S)
        try:
            stream.start()
            for block in read_blocks(path, block_s=_BLOCK_S):
                stream.add_audio(block.tolist(), SAMPLE_RATE)
            stream.update_transcription(Transcriber.MOONSHINE_FLAG_FORCE_UPDATE)
            lines = stream.stop().lines
        finally:
            stream.close()
    numbers: dict[int, int] = {}
    turns = []
    for line in sorted(lines, key=lambda line: line.start_time):
        speaker = numbers.setdefault(line.speaker_index, len(numbers) + 1)
        turns.append(Turn(line.start_time, line.start_time + line.duration, speaker))
    return turns


def with_speakers(words: Sequence[Word], turns: Sequence[Turn]) -> list[tuple[int | None, tuple[Word, ...]]]:
    """Return the words in runs of one speaker; None when nobody is known to have spoken at all.

    A word belongs to the turn that covers most of it, or else to the nearest one.
    """
    runs: list[tuple[int | None, list[Word]]] = []
    for word in words:
        turn = max(turns, key=lambda turn: _overlap(word, turn), default=None)
        speaker = turn.speaker if turn is not None else None
        if not runs or runs[-1][0] != speaker:
            runs.append((speaker, []))
        runs[-1][1].append(word)
    return [(speaker, tuple(_tagged(run, speaker))) for speaker, run in runs]


def _overlap(word: Word, turn: Turn) -> float:
    """Return the seconds that a word and a turn share; below 0, how far apart they are."""
    return min(word.end, turn.end) - max(word.start, turn.start)


def _tagged(words: Sequence[Word], speaker: int | None) -> Iterator[Word]:
    for word in words:
        yield Word(word.text, word.start, word.end, word.confidence, speaker)


def _assets() -> Path:
    spec = find_spec("moonshine_voice")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the moonshine-voice package, which tells voices apart, is missing")
    return Path(spec.origin).parent / "assets" / "tiny-en"
