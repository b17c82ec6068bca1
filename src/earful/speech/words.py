"""When each word of an utterance was said, and how sure the recogniser was of it."""

from collections.abc import Sequence

from earful.audio.vad import FRAME_SECONDS
from earful.conversation.types import Word
from earful.speech.decoding import Decoded, mean_chance
from earful.speech.tokenizer import Tokenizer

__all__ = ["estimate_words", "place_words", "word_confidences"]


def word_confidences(decoded: Decoded, tokenizer: Tokenizer) -> list[tuple[str, float | None]]:
    """Return each word with the geometric mean probability of its tokens, None when unknown."""
    groups: list[tuple[list[int], list[float]]] = []
    for token, logprob in zip(decoded.tokens, decoded.token_logprobs, strict=True):
        if tokenizer.is_special(token):
            continue
        if tokenizer.starts_word(token) or not groups:
            groups.append(([], []))
        groups[-1][0].append(token)
        groups[-1][1].append(logprob)
    words = ((tokenizer.decode(tokens), logprobs) for tokens, logprobs in groups)
    return [(text, mean_chance(logprobs)) for text, logprobs in words if text]


def estimate_words(
    words: Sequence[tuple[str, float | None]],
    probabilities: Sequence[float],
    offset: float,
    *,
    voiced: float = 0.35,
) -> tuple[Word, ...]:
    """Spread the words over the voiced frames, each by its length in letters; a pause holds no word.

    `probabilities` are the frames' speech probabilities, the first frame beginning at `offset` seconds.
    """
    if not words:
        return ()
    frames = [at for at, chance in enumerate(probabilities) if chance >= voiced]
    if not frames:
        frames = list(range(len(probabilities))) or [0]
    weights = [_weight(text) for text, _ in words]
    total = sum(weights)
    placed: list[Word] = []
    passed = 0.0
    for (text, confidence), weight in zip(words, weights, strict=True):
        start = _time(frames, passed / total, rounding_up=True)
        passed += weight
        end = _time(frames, passed / total, rounding_up=False)
        end = max(start, end)
        placed.append(Word(text, round(offset + start, 3), round(offset + end, 3), confidence))
    return tuple(placed)


def place_words(
    words: Sequence[tuple[str, float | None]], times: Sequence[tuple[float, float]], offset: float
) -> tuple[Word, ...]:
    """Put words at known times (seconds from a point `offset` seconds into the stream)."""
    return tuple(
        Word(text, round(offset + start, 3), round(offset + end, 3), confidence)
        for (text, confidence), (start, end) in zip(words, times, strict=True)
    )


def _weight(text: str) -> float:
    letters = sum(3.0 if char.isdigit() else 1.0 for char in text if char.isalnum())
    return letters + 1.5


def _time(frames: Sequence[int], share: float, *, rounding_up: bool) -> float:
    """Return the time at which `share` of the voiced frames have passed: at a gap, its end or its start."""
    position = share * len(frames)
    whole = min(len(frames) - 1, int(position + (1e-6 if rounding_up else -1e-6)))
    return (frames[max(0, whole)] + min(1.0, position - max(0, whole))) * FRAME_SECONDS
