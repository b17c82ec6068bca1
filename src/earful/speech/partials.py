"""Which words of an utterance that is still going on can be relied on: what two hypotheses in a row agree on.

The agreed tokens are given to the next decoding as its beginning, so each update pays for new words only
and the text shown does not flicker behind them.
"""

from collections.abc import Sequence

from earful.speech.moonshine import Decoded, with_prefix_logprobs
from earful.speech.tokenizer import Tokenizer

__all__ = ["Agreement"]


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


def common_prefix(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many tokens both sequences begin with."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
