"""What keeps invented words out: text that the audio cannot have held is not passed on."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from earful.audio.vad import FRAME_SECONDS
from earful.speech.moonshine import Decoded

__all__ = ["Evidence", "is_invented"]

_DIGITS_PER_SECOND = 9.0
_VOICED = 0.35


@dataclass(frozen=True, slots=True)
class Evidence:
    """What voice activity says of a segment.

    `voiced` is the seconds of frames that held speech, `mean` their mean speech probability.
    """

    voiced: float
    mean: float

    @classmethod
    def of(cls, chances: Sequence[float]) -> "Evidence":
        """Return what the speech probabilities of a segment's frames say."""
        voiced = [chance for chance in chances if chance >= _VOICED]
        return cls(len(voiced) * FRAME_SECONDS, sum(voiced) / len(voiced) if voiced else 0.0)


def is_invented(decoded: Decoded, evidence: Evidence) -> bool:
    """Return whether the text is more likely made up by the model than said.

    Models of this kind answer noise with a short, common phrase, hesitantly; real short words come with
    either a sure voice or a sure decoder. Text without a letter or digit is never speech, and no one
    says more than about nine digits a second.
    """
    if not any(char.isalnum() for char in decoded.text):
        return True
    digits = len(re.sub(r"\D", "", decoded.text))
    if digits > 12 and digits > _DIGITS_PER_SECOND * max(evidence.voiced, 1.0):
        return True
    if decoded.looped and decoded.confidence < 0.5:
        return True
    return decoded.confidence * evidence.mean < 0.16
