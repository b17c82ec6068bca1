"""Text in an Indian script in Latin letters, as people type it: "मुझे अपना खाता" is "mujhe apna khata".

`indic-transliteration` writes ISO 15919; what is done here is what that leaves to be read aloud: vowels
that are written but not spoken (in the northern languages), nasals, and plain letters without marks.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

__all__ = ["to_latin"]

_SCRIPTS = {
    "devanagari": (0x0900, 0x097F),
    "bengali": (0x0980, 0x09FF),
    "gurmukhi": (0x0A00, 0x0A7F),
    "gujarati": (0x0A80, 0x0AFF),
    "oriya": (0x0B00, 0x0B7F),
    "tamil": (0x0B80, 0x0BFF),
    "telugu": (0x0C00, 0x0C7F),
    "kannada": (0x0C80, 0x0CFF),
    "malayalam": (0x0D00, 0x0D7F),
}
_SILENT_VOWELS = frozenset({"devanagari", "bengali", "gurmukhi", "gujarati"})
"""Scripts whose languages leave written short vowels unspoken."""

# Letters that the library does not know, as ones that it does: Malayalam's consonants without a vowel,
# dotted consonants, and the vowels of English words in Gujarati and Bengali.
_RESPELLED = {
    "ൻ": "ന്",
    "ർ": "ര്",
    "ൽ": "ല്",
    "ൾ": "ള്",
    "ൺ": "ണ്",
    "ൿ": "ക്",
    "\u0d57": "\u0d4c",
    "\u09a1\u09bc": "\u09a1",
    "\u09a2\u09bc": "\u09a2",
    "\u09af\u09bc": "\u09df",
    "\u09dc": "\u09a1",
    "\u09dd": "\u09a2",
    "\u0b21\u0b3c": "\u0b21",
    "\u0b22\u0b3c": "\u0b22",
    "\u0b5c": "\u0b21",
    "\u0b5d": "\u0b22",
    "અૅ": "એ",
    "ઍ": "એ",
    "ઑ": "ઓ",
    "ૅ": "ે",
    "ૉ": "ો",
    "অ্যা": "এ",
    "্যা": "\u09be",
}
_RESPELL = re.compile("|".join(sorted(_RESPELLED, key=len, reverse=True)))

_VOWELS = ("r̥̄", "r̥", "ai", "au", "a", "ā", "i", "ī", "u", "ū", "e", "ē", "o", "ō", "ê", "ô")
_CONSONANTS = (
    *("jñ", "k͟h", "ġ", "kh", "gh", "ch", "jh", "ṭh", "ḍh", "th", "dh", "ph", "bh", "ṛh"),
    *("k", "g", "ṅ", "c", "j", "ñ", "ṭ", "ḍ", "ṇ", "t", "d", "n", "p", "b", "m", "y", "ẏ", "r", "l", "v"),
    *("ś", "ṣ", "s", "h", "ḷ", "ḻ", "ṟ", "ṉ", "ṛ", "q", "z", "f", "x"),
)
_NASALS = ("m̐", "ṁ", "ṃ")
_SOUND = re.compile("|".join(map(re.escape, (*_NASALS, *_VOWELS, *_CONSONANTS))) + "|.", re.DOTALL)
_MARKED = (
    *("ā", "ī", "ū", "ē", "ō", "ê", "ô", "r̥", "r̥̄", "c", "ch", "jñ", "k͟h", "ġ", "ś", "ṣ", "ḻ", "ṛ", "ṛh"),
    *("ẏ", "ḥ"),
)
_TYPED = (
    *(
        "a",
        "i",
        "u",
        "e",
        "o",
        "e",
        "o",
        "ri",
        "ri",
        "ch",
        "chh",
        "gy",
        "kh",
        "g",
        "sh",
        "sh",
        "zh",
        "d",
        "dh",
    ),
    *("y", "h"),
)
_PLAIN = dict(zip(_MARKED, _TYPED, strict=True))
_LABIALS = frozenset({"p", "ph", "b", "bh", "m"})
_GLIDES = frozenset({"y", "r", "v", "l", "n"})
_UNVOICED = {"gh": "k", "jh": "c", "ḍh": "ṭ", "dh": "t", "bh": "p"}
"""Tamil has one letter where others have four, which the library takes for the last of them."""


def to_latin(text: str) -> str:
    """Return a text with its words of Indian scripts in Latin letters; everything else stays as it is."""
    return "".join(_written(part) for part in re.split(r"(\s+)", text))


def _written(word: str) -> str:
    script = _script_of(word)
    return word if script is None else _latin(word, script)


def _script_of(word: str) -> str | None:
    for character in word:
        point = ord(character)
        if 0x0900 <= point <= 0x0D7F and unicodedata.category(character)[0] in "LMN":
            return next(name for name, (first, last) in _SCRIPTS.items() if first <= point <= last)
    return None


@lru_cache(maxsize=8192)
def _latin(word: str, script: str) -> str:
    # Slow to import, and few servers need it.
    from indic_transliteration import sanscript

    spelled = _RESPELL.sub(lambda match: _RESPELLED[match[0]], unicodedata.normalize("NFC", word))
    written = sanscript.transliterate(spelled, script, sanscript.ISO).replace("।", ".")
    sounds = _SOUND.findall(written)
    if script == "tamil":
        sounds = [_UNVOICED.get(sound, sound) for sound in sounds]
    if script == "bengali":
        sounds = ["b" if sound == "v" else sound for sound in sounds]
    if script in _SILENT_VOWELS:
        sounds = _spoken(sounds)
    plain = (_letters(sounds, at, script) for at in range(len(sounds)))
    # What no rule knows is left out, rather than shown as a mark without its letter.
    return "".join(plain).translate(_NO_MARKS)


def _letters(sounds: Sequence[str], at: int, script: str) -> str:
    sound = sounds[at]
    if sound in _NASALS:
        after = sounds[at + 1] if at + 1 < len(sounds) else ""
        if after in _LABIALS or (after not in _CONSONANTS and script not in _SILENT_VOWELS):
            return "m"
        return "n"
    if sound in _PLAIN:
        return _PLAIN[sound]
    return unicodedata.normalize("NFD", sound)


class _Marks(dict[int, None]):
    """What `str.translate` leaves out: combining marks."""

    def __missing__(self, point: int) -> None:
        if unicodedata.category(chr(point)) not in ("Mn", "Mc"):
            raise LookupError(point)


_NO_MARKS = _Marks()


def _spoken(sounds: list[str]) -> list[str]:
    """Return the sounds of a word without the short vowels that are not spoken (Ohala's rule).

    A final "a" is silent; from the right, so is an "a" between single consonants that have vowels on
    their other sides: "apanā" is "apnā", "samajhanā" "samajhnā", but "namastē" keeps all of its own.
    """
    kept = list(sounds)
    end = max((at + 1 for at, sound in enumerate(kept) if _is_sound(sound)), default=0)
    if end >= 3 and kept[end - 1] == "a" and any(sound in _VOWELS for sound in kept[: end - 1]):
        cluster = kept[end - 3] in _CONSONANTS and kept[end - 3] != kept[end - 2]
        if not (cluster and kept[end - 2] in _GLIDES):
            del kept[end - 1]
    for at in range(len(kept) - 3, 1, -1):
        before, left, right, after = kept[at - 2], kept[at - 1], kept[at + 1], kept[at + 2]
        if (
            kept[at] == "a"
            and (before in _VOWELS or before in _NASALS)
            and left in _CONSONANTS
            and right in _CONSONANTS
            and after in _VOWELS
        ):
            del kept[at]
    return kept


def _is_sound(sound: str) -> bool:
    return sound in _VOWELS or sound in _CONSONANTS
