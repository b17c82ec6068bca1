"""A message that someone puts right: its words keep their times as far as they are still there."""

import difflib
from dataclasses import replace

from earful.conversation.types import Entity, Message, Word

__all__ = ["corrected"]


def corrected(message: Message, text: str) -> Message:
    """Return the message with another text. Phrases and entities that it no longer has are dropped."""
    folded = text.casefold()
    return replace(
        message,
        text=text,
        words=_reworded(message.words, text.split()),
        phrases=tuple(phrase for phrase in message.phrases if phrase.text.casefold() in folded),
        entities=tuple(found for entity in message.entities if (found := _moved(entity, text)) is not None),
    )


def _reworded(words: tuple[Word, ...], texts: list[str]) -> tuple[Word, ...]:
    """Give new words the time of those they stand for, in equal parts; nobody is sure of them."""
    if not words:
        return ()
    matcher = difflib.SequenceMatcher(a=[word.text for word in words], b=texts, autojunk=False)
    found: list[Word] = []
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind == "equal":
            found += words[i1:i2]
        elif j2 > j1:
            near = words[min(i1, len(words) - 1)]
            start = words[i1].start if i1 < len(words) else words[-1].end
            end = words[i2 - 1].end if i2 > i1 else start
            step = (end - start) / (j2 - j1)
            found += [
                replace(
                    near,
                    text=one,
                    start=round(start + step * place, 3),
                    end=round(start + step * (place + 1), 3),
                    confidence=None,
                )
                for place, one in enumerate(texts[j1:j2])
            ]
    return tuple(found)


def _moved(entity: Entity, text: str) -> Entity | None:
    places = [at for at in range(len(text)) if text.startswith(entity.text, at)]
    if not entity.text or not places:
        return None
    return replace(entity, offset=min(places, key=lambda at: abs(at - entity.offset)))
