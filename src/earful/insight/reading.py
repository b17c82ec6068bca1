"""Personal data masked in what is read, while what is stored stays as it was said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from earful.conversation.types import Message, Word
from earful.insight.redaction import PersonalData, find_personal_data

__all__ = ["Masking", "masked"]


@dataclass(frozen=True, slots=True)
class Masking:
    """How personal data is written: `[PERSON_NAME]`, as asterisks, or by texts of one's own.

    In `custom`, texts by entity name; `default` there is for all others (`obfuscation`: asterisks).
    """

    type: Literal["default", "obfuscation", "custom"] = "default"
    exclude: frozenset[str] = frozenset()
    custom: Mapping[str, str] = field(default_factory=dict)

    def mask(self, item: PersonalData) -> str:
        """Return what is written in place of one span."""
        stars = "*" * len(item.text)
        if self.type == "obfuscation":
            return stars
        if self.type == "custom":
            text = self.custom.get(item.type, self.custom.get("default", "obfuscation"))
            return stars if text == "obfuscation" else text
        return f"[{item.type}]"


def masked(
    messages: Sequence[Message], how: Masking, *, now: datetime, names: Sequence[str] = ()
) -> list[Message]:
    """Return the messages with personal data masked, in words and phrases too. `names` take part."""
    result: list[Message] = []
    before = ""
    for message in messages:
        found = find_personal_data(message.text, now, names=names, before=before)
        hidden = [item for item in found if item.type not in how.exclude]
        before = message.text[-200:]
        if not hidden:
            result.append(message)
            continue
        said = [item.text for item in hidden]
        result.append(
            replace(
                message,
                text=_replaced(message.text, hidden, how),
                words=_words(message.text, message.words, hidden, how),
                phrases=tuple(
                    phrase
                    for phrase in message.phrases
                    if not any(text.casefold() in phrase.text.casefold() for text in said)
                ),
                entities=tuple(
                    entity
                    for entity in message.entities
                    if not any(
                        item.start < entity.offset + len(entity.text) and entity.offset < item.end
                        for item in hidden
                    )
                ),
            )
        )
    return result


def _replaced(text: str, hidden: Sequence[PersonalData], how: Masking) -> str:
    parts: list[str] = []
    at = 0
    for item in hidden:
        parts += [text[at : item.start], how.mask(item)]
        at = item.end
    return "".join((*parts, text[at:]))


def _words(
    text: str, words: Sequence[Word], hidden: Sequence[PersonalData], how: Masking
) -> tuple[Word, ...]:
    """Mask the words that lie in hidden spans; all of them when one cannot be placed in the text."""
    result: list[Word] = []
    at = 0
    for word in words:
        begin = text.find(word.text.strip(), at)
        if begin < 0:
            return tuple(replace(each, text="*" * len(each.text)) for each in words)
        at = end = begin + len(word.text.strip())
        item = next((one for one in hidden if begin < one.end and end > one.start), None)
        result.append(word if item is None else replace(word, text=how.mask(item)))
    return tuple(result)
