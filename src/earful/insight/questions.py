"""Questions that want an answer, with or without a question mark; not rhetoric, not small talk."""

import re

from earful.insight.encoder import chance
from earful.insight.lexicon import word_set
from earful.insight.text import Token, skip_fillers, tokens

__all__ = ["question_score"]

_AUXILIARIES = word_set("auxiliaries")
_SUBJECTS = word_set("subjects")
_WH = word_set("wh")
_IMPERATIVE_AFTER = frozenset(["not", "it", "that", "this", "n't", "so"])
_TAG = re.compile(
    r"(?:,\s*|\s)(?:(?:is|are|was|were|do|does|did|can|could|will|would|should|have|has|had|wo|ca|ai)n't\s+"
    r"(?:i|you|he|she|it|we|they|there|that)|(?:right|correct|yes|okay|or\s+not|or\s+no"
    r"|or\s+what|or\s+something))\s*[.?!]*$"
)
_INDIRECT = re.compile(
    r"\b(?:i\s+(?:was|am|'m)?\s*(?:just\s+)?wonder(?:ing)?\s+(?:if|whether|what|when|who|where|why|how)"
    r"|i'm\s+(?:just\s+)?(?:wondering|curious)\s+(?:if|whether|what|when|who|where|why|how|about)"
    r"|i(?:'d|\s+would)\s+(?:like|love)\s+to\s+(?:know|ask|hear)\b|my\s+question\s+is"
    r"|(?:quick|one|another|a)\s+question\s+(?:is|about|on)"
    r"|(?:can|could|would|will)\s+you\s+(?:please\s+)?(?:tell|explain|walk|remind|clarify"
    r"|confirm|describe|elaborate|speak)"
    r"|tell\s+me\s+(?:what|when|who|where|why|how|if|whether)|(?:any|anybody|anyone)"
    r"\s+(?:questions|thoughts|ideas|comments|objections|concerns|other)"
    r"|do\s+you\s+(?:think|want|know|have|mean|guys|need|see|see\s+any|remember|feel)"
    r"|what\s+do\s+(?:you|we|they)|what\s+did\s+(?:you|we|they)"
    r"|does\s+(?:that|it|this|anyone|anybody|everyone)|should\s+(?:we|i)|shall\s+(?:we|i)"
    r"|is\s+(?:it|that|this|there)\s+(?:a|the|okay|possible|any|like|just|not|something)"
    r"|are\s+(?:you|we|there)\s+(?!\w+n't)|how\s+(?:about|many|much|long|often|come|do"
    r"|does|did|would|can|should|is|are|far|big|soon)|what\s+(?:about|if|kind|time|sort))"
    r"\b"
)
_SUBORDINATE_BEFORE = re.compile(
    r"\b(?:know|knew|see|saw|tell|told|say|said|wonder|understand|understood|remember"
    r"|forget|decide|decided|show|find|figure|sure|that's|is|was"
    r"|matter|depends|depending|on|about|of|if|whether|how|what|when|where|which|who|why"
    r"|than|as|because|explain|learn|think|imagine|at|look|whoever|whatever|whichever|that)\s*$"
)
_SMALL_TALK = re.compile(
    r"^(?:(?:so|and|hi|hey|hello|oh|well|okay|ok|yeah|there|good\s+(?:morning|afternoon"
    r"|evening)|\w+)[,.!\s]+){0,3}"
    r"(?:how\s+(?:are|r)\s+(?:you|things|we|ya|y'all)(?:\s+(?:all|guys|doing|today|feeling"
    r"|this\s+\w+|everyone|everybody|then|going))*|how(?:'s|\s+is|\s+are)\s+(?:it"
    r"|everything|everyone|things|life)\s*(?:going|doing)?(?:\s+(?:today|with\s+you))?"
    r"|how\s+do\s+you\s+do|how\s+have\s+you\s+been|how(?:'s|\s+is|\s+was)\s+(?:your|the)\s+(?:day"
    r"|weekend|week|morning|evening|holiday|vacation|trip|flight)(?:\s+(?:going|so\s+far))"
    r"?"
    r"|how\s+you\s+doing|what's\s+(?:up|new|going\s+on)|did\s+you\s+have\s+a\s+(?:good"
    r"|nice|great)\s+\w+|you\s+(?:doing\s+)?(?:okay|ok|alright|good|well)"
    r"|(?:do|don't)?\s*you\s+know(?:\s+what\s+i\s+mean|\s+what\s+i'm\s+saying)?|(?:do\s+)"
    r"?you\s+see\s+what\s+i\s+mean|(?:does|did)\s+that\s+make\s+sense|make\s+sense"
    r"|makes\s+sense|know\s+what\s+i\s+mean"
    r"|(?:can|could)\s+(?:you|everyone|everybody|anyone|y'all)(?:\s+all)"
    r"?\s+hear\s+me(?:\s+(?:okay|ok|now|alright|all\s+right|well|clearly))*|is\s+(?:this"
    r"|it|the\s+mic|my\s+mic)\s+(?:thing\s+)?(?:on|working)"
    r"|who\s+(?:knows|cares)|why\s+not|guess\s+what|(?:are\s+you\s+)?(?:kidding|serious)"
    r"(?:\s+me)?|really|seriously|you\s+know\s+what|what\s+can\s+i\s+say"
    r"|who\s+would\s+have\s+thought|what's\s+not\s+to\s+like|how\s+cool\s+is\s+that"
    r"|isn't\s+that\s+(?:great|nice|funny|lovely|wonderful)|what\s+the\s+(?:hell|heck)"
    r"|how\s+about\s+that|is\s+that\s+so|do\s+you\s+mind|may\s+i|shall\s+we"
    r"|how's\s+the\s+weather(?:\s+\w+){0,4})\s*[?.!]*$"
)
_REACTIONS = word_set("reactions")
# A greeting or thanks with a rising voice, or a set phrase of agreement: nothing is asked.
_COURTESY = re.compile(
    r"^(?:(?:oh|so|and|well|okay|ok|yeah|yes|great|right)[,.!\s]+)*"
    r"(?:(?:good\s+(?:morning|afternoon|evening|night|day)|hello|hi|hey|morning|welcome|goodbye|bye(?:[\s-]+bye)?"
    r"|see\s+you(?:\s+(?:later|soon|then|tomorrow|next\s+\w+))?|take\s+care|cheers"
    r"|thanks?(?:\s+(?:you|a\s+lot|so\s+much|very\s+much|again))*"
    r"|you're\s+welcome|nice\s+to\s+(?:meet|see)\s+you)(?:[,\s]+(?:\w+\s*){1,2})?"
    r"|of\s+course|no\s+(?:problem|worries)|sounds?\s+(?:good|great|fine)|that\s+works(?:\s+for\s+me)?"
    r"|i\s+see|got\s+it|not\s+at\s+all|fair\s+enough|all\s+right|perfect|exactly|excellent|my\s+pleasure)"
    r"\s*[,.!?]*$"
)
_NAMED_AFTER = re.compile(
    r"\b(?:is|are|can|could|do|does|did|will|would|what|who|how|when|where|why|which|any)\b"
)


# Fitted on training conversations that the encoder had not seen (training/weigh.py): log odds out of the
# encoder's and the shape of the sentence. One message in sixteen of a conversation asks. Without any
# punctuation a missing question mark says nothing: the odds are raised, most where nothing was said before.
_HEARD_WEIGHT, _FORM_WEIGHT, _ONE_IN_SIXTEEN = 0.47, 1.5, -1.1
_RAISED, _RAISED_ALONE = 1.5, 3.1
# A lone "right" asks one time in four where people check that they are understood.
_EVEN = 2.75


def question_score(text: str, heard: float | None = None, *, alone: bool = False) -> float:
    """Return how likely a message is a question that wants an answer (0..1).

    `heard` is the encoder's log odds of a question; without it the shape of the sentence decides alone.
    `alone` says that nothing was said before.
    """
    lower = text.lower().replace("’", "'").strip()
    words = tokens(text)
    begin = skip_fillers(words)
    said = [word for word in words[begin:] if word.is_word]
    marked = "?" in lower[-3:] or ("?" in lower and bool(re.search(r"\?\s", lower)))
    plain = not marked and not any(mark in lower for mark in ".!,")
    if all(word.lower in _REACTIONS for word in said):
        if plain and alone and heard is not None and lower:
            return round(min(chance(heard + _EVEN), 0.99), 3)
        return (0.2 if said else 0.15) if marked else 0.0
    if _COURTESY.match(lower) and not _NAMED_AFTER.search(lower):
        return 0.1 if marked else 0.0
    last = lower if plain else re.split(r"[,.!]\s+", lower)[-1]
    if _SMALL_TALK.match(lower) or (last.startswith("how") and _SMALL_TALK.match(last)):
        return 0.2 if marked else 0.0
    form = _form_score(words, begin, lower)
    if marked:
        certain = max(form, 0.0 if heard is None else chance(heard))
        return min(0.99, 0.8 + 0.2 * certain) if len(said) > 1 else 0.6
    if heard is None:
        return form
    odds = _HEARD_WEIGHT * heard + _FORM_WEIGHT * form + _ONE_IN_SIXTEEN
    if plain:
        odds += _RAISED_ALONE if alone else _RAISED
    return round(min(chance(odds), 0.99), 3)


def _form_score(words: list[Token], begin: int, lower: str) -> float:
    """Score the shape of a sentence alone, without its question mark."""
    best = 0.0
    for start in _clause_starts(words, begin):
        best = max(best, _clause_score([word for word in words[start:] if word.is_word]))
    if best < 0.6 and _TAG.search(lower) and len(words) > 3:
        best = max(best, 0.55)
    hit = _INDIRECT.search(lower)
    if best < 0.6 and hit and not _SUBORDINATE_BEFORE.search(lower[: hit.start()]):
        best = max(best, 0.55)
    return best


_LEADS = (["i", "mean"], ["you", "know"], ["i", "guess"], ["let's", "see"])


def _clause_starts(words: list[Token], begin: int) -> list[int]:
    """Return where the sentence begins, and where it begins again after a comma, a name or "I mean"."""
    starts = [begin]
    for index in range(begin, min(len(words), begin + 40)):
        if words[index].text in ",;:–—-" and index + 1 < len(words):
            after = index + 1
            while after < len(words) and words[after].lower in ("so", "and", "but", "then", "or", "um", "uh"):
                after += 1
            starts.append(after)
    if [word.lower for word in words[begin : begin + 2]] in _LEADS:
        starts.append(begin + 2)
    return starts


def _clause_score(words: list[Token]) -> float:
    if len(words) < 2:
        return 0.0
    first, second = words[0].lower, words[1].lower
    third = words[2].lower if len(words) > 2 else ""
    if first in _AUXILIARIES:
        if first in ("do", "don't", "have") and second not in (
            "you",
            "we",
            "they",
            "i",
            "people",
            "these",
            "those",
            "the",
        ):
            return 0.0
        if first in ("may", "might", "had", "should") and second in ("be", "it"):
            return 0.0
        if second in _SUBJECTS:
            return 0.9 if len(words) > 2 else 0.6
        if words[1].text[0].isupper() and second not in ("not",) and first not in ("can", "will"):
            return 0.7
        return 0.0
    if first in _WH:
        if "'" in first:
            return 0.85 if first not in ("who's", "when's") else 0.7
        if first == "how" and second in (
            "many",
            "much",
            "long",
            "often",
            "far",
            "big",
            "soon",
            "about",
            "come",
            "old",
            "well",
            "fast",
        ):
            return 0.85
        if first == "what" and second in ("about", "if", "time", "kind", "sort", "else", "exactly"):
            return 0.8
        if second in _AUXILIARIES:
            # "When are we…" asks; "when is done" and "which is fine" do not.
            if (
                first in ("which", "when", "where")
                and third not in _SUBJECTS
                and second in ("is", "was", "are", "were", "has")
            ):
                return 0.45 if first == "where" else 0.2
            if (
                first == "what"
                and third
                and second in ("is", "was")
                and third in ("important", "happening", "interesting")
            ):
                return 0.5
            return 0.85
        named = first == "which" and second == "of"
        later = words[2:7] if named else words[2:5]
        if (
            first in ("which", "what", "whose")
            and (named or second not in _SUBJECTS)
            and any(word.lower in _AUXILIARIES for word in later)
        ):
            return 0.65
        if first in ("who", "why", "where") and len(words) <= 5:
            return 0.6
        return 0.15
    if first in ("you", "we") and second in ("want", "guys", "wanna") and third in ("me", "us", "to", "want"):
        return 0.45
    if first in ("any", "anybody", "anyone", "anything") and len(words) <= 8:
        return 0.6
    return 0.0
