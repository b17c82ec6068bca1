"""Which words of an utterance that is still going on can be relied on: what two hypotheses in a row agree on.

The agreed tokens are given to the next decoding as its beginning, so each update pays for new words only
and the text shown does not flicker behind them. Agreed words that lie well in the past need not be heard
again either: the `Window` that partials listen to moves on behind the speaker, from pause to pause.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from earful.audio.vad import FRAME, FRAME_SECONDS, SAMPLE_RATE
from earful.speech.endpoint import Segment
from earful.speech.moonshine import Decoded, with_prefix_logprobs
from earful.speech.tokenizer import Tokenizer
from earful.speech.words import estimate_words

__all__ = ["Agreement", "Window", "next_window"]

_LONG, _LONG_FULL = 3.5, 2.6
_CONTEXT, _CONTEXT_FULL = 2.0, 1.4
_ANCHOR = 1.0
_SEARCH = 1.25
_ANCHOR_WORDS = 2


class Agreement:
    """The hypotheses of one segment so far."""

    def __init__(self, tokenizer: Tokenizer, *, hold_back: int = 1) -> None:
        self._tokenizer = tokenizer
        self._hold_back = hold_back
        self.latest: Decoded | None = None
        self.agreed: tuple[int, ...] = ()

    @property
    def prefix(self) -> tuple[int, ...]:
        """The tokens that the next hypothesis should begin with."""
        return self.agreed

    @property
    def stable_text(self) -> str:
        """The text of the agreed tokens."""
        return self._tokenizer.decode(self.agreed)

    def add(self, decoded: Decoded) -> Decoded:
        """Take the next hypothesis; return it with the log-probabilities of its prefix filled in."""
        previous = self.latest
        if previous is not None:
            decoded = with_prefix_logprobs(decoded, previous.token_logprobs)
            shared = common_prefix(previous.tokens, decoded.tokens)
            words = self._word_starts(decoded.tokens[:shared])
            keep = words[-self._hold_back] if len(words) >= self._hold_back else 0
            if keep > len(self.agreed):
                self.agreed = decoded.tokens[:keep]
        self.latest = decoded
        return decoded

    def _word_starts(self, tokens: Sequence[int]) -> list[int]:
        return [at for at, token in enumerate(tokens) if self._tokenizer.starts_word(token)]


@dataclass(frozen=True, slots=True)
class Window:
    """The part of an utterance that partials still listen to.

    `start` is a position of the stream in samples; the first `tokens` agreed tokens were said before it.
    """

    start: int
    tokens: int = 0

    def joined(self, agreed: Sequence[int], heard: Decoded, tokenizer: Tokenizer) -> Decoded:
        """Return what was heard in the window with the agreed tokens from before it put in front."""
        if self.tokens == 0:
            return heard
        tokens = (*agreed[: self.tokens], *heard.tokens)
        unknown = (float("nan"),) * self.tokens
        text = tokenizer.decode(tokens)
        return replace(heard, tokens=tokens, text=text, token_logprobs=unknown + heard.token_logprobs)


def next_window(
    window: Window, segment: Segment, agreement: Agreement, tokenizer: Tokenizer, strain: float = 0.0
) -> Window:
    """Return the window for the next partial: moved to a quiet point in the past once it has grown long.

    The words' places are estimates, so some agreed words always stay in the window: the decoder, made to
    begin with them, finds the place where they end by itself, and nothing is said twice or left out. Under
    `strain` (0..1) windows are shorter.
    """
    long = _LONG + strain * (_LONG_FULL - _LONG)
    context = _CONTEXT + strain * (_CONTEXT_FULL - _CONTEXT)
    latest = agreement.latest
    agreed = agreement.agreed
    if latest is None or segment.heard - window.start < long * SAMPLE_RATE:
        return window
    if latest.tokens[: len(agreed)] != agreed:
        return window
    starts = [
        at for at in range(window.tokens, len(latest.tokens)) if tokenizer.starts_word(latest.tokens[at])
    ]
    if not starts or starts[0] != window.tokens:
        starts.insert(0, window.tokens)
    first = (window.start - segment.offset) // FRAME
    spans = zip(starts, [*starts[1:], len(latest.tokens)], strict=True)
    words = [(tokenizer.decode(latest.tokens[start:end]), None) for start, end in spans]
    placed = estimate_words(words, segment.probabilities[first:], window.start / SAMPLE_RATE)
    known = sum(1 for at in starts if at < len(agreed))
    if known <= _ANCHOR_WORDS:
        return window
    limit = min(segment.heard / SAMPLE_RATE - context, placed[known - 1].end - _ANCHOR)
    last = int((limit - segment.offset / SAMPLE_RATE) / FRAME_SECONDS)
    low = max(first + 1, last - round(_SEARCH / FRAME_SECONDS))
    if last - low < 4:
        return window
    cut = segment.quietest(low, last)
    at = segment.offset + cut * FRAME
    kept = next((i for i, w in enumerate(placed) if (w.start + w.end) / 2 >= at / SAMPLE_RATE), len(placed))
    kept = min(kept, known - _ANCHOR_WORDS)
    return Window(at, starts[kept])


def common_prefix(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many tokens both sequences begin with."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
