"""Things that somebody is to do: who, what, by when; promises, requests, assignments and decisions to act."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from earful.conversation.types import Member
from earful.insight.dates import DateSpan, find_dates
from earful.insight.encoder import Sense, chance
from earful.insight.gazetteer import GIVEN_NAMES
from earful.insight.lexicon import word_set
from earful.insight.rewording import retold
from earful.insight.text import STOP_WORDS, clues, skip_fillers, tokens

__all__ = ["Action", "find_action"]

_ACTION_VERBS = word_set("action_verbs")
_WEAK_VERBS = word_set("weak_verbs")
_STATIVE = word_set("stative")
_FAKE = re.compile(
    r"\b(?:i'?ll|i\s+will|let\s+me|i'm\s+going\s+to|i\s+have\s+to|i\s+must|i\s+need\s+to"
    r"|i\s+can)\s+(?:just\s+)?(?:say|see|tell\s+you|be\s+honest|admit|ask\s+you|"
    r"think|know|finish\b(?=\s*(?:[.,?!]|$|first\b|my\s+\w+\s*[.,]|what\s+i\b|by\s+saying))|explain|put\s+it\s+(?:this|that|another|like|to|in|as|very|more|simply|bluntly|mildly|differently|nicely)|start\s+(?:by|with|off)|begin\s+(?:by|with)"
    r"|give\s+you\s+(?:an\s+example|a\s+sense|the\s+background)|turn\s+it\s+over|hand\s+it"
    r"|stop\s+(?:there|you)|take\s+that\s+(?:one|question)|go\s+first|let\s+you|show\s+you"
    r"|repeat|rephrase|make\s+(?:a|one)\s+(?:comment|point)|speak\s+(?:for|up|to\s+(?:that|this|it|what|how|the\s+(?:numbers?|results|slides?|points?|question)))"
    r"|talk\s+about|"
    r"have\s+(?:a|the|some|one)\b(?!.*\b(?:ready|done|finished|fixed)\b)|share\s+(?:my|the)\s+screen|take\s+(?:a|the|one)\s+(?:seat|break|sip|bite)"
    r"|get\s+(?:it|that|to\s+that)\b(?!\s+(?:done|to|over|sent))|come\s+(?:to|back\s+to)"
    r"\s+(?:that|it|this)|go\s+(?:with|for|ahead|on|through)|leave\s+it|pass|wait|hold\s+(?:off|on)|hang\s+on"
    r"|stand\s+by)\b"
)
_NOT_NOW = re.compile(
    r"\b(?:would\s+have|could\s+have|should\s+have|would've|could've|should've|used\s+to"
    r"|if\s+(?:i|we|you|he|she|they|it|there)\b.*\b(?:would|could|might)|"
    r"wish|(?:was|were)\s+(?:going|planning|supposed|meaning|about)\s+to|last\s+(?:time|week|month|year)|yesterday|ago|in\s+theory|hypothetically|suppose"
    r"|supposing|imagine|for\s+example|for\s+instance)\b"
)
_ADVERB = (
    r"(?:(?:just|also|then|definitely|probably|certainly|gladly|quickly|personally|maybe"
    r"|please|really|actually|go\s+ahead\s+and|try\s+and|try\s+to|be\s+sure\s+to|"
    r"make\s+sure\s+to|immediately|either|still|first|now|kindly|at\s+least|possibly"
    r"|perhaps|both|all|be\s+able\s+to)\s+)*"
)
_VERB = r"(?P<verb>[a-z][a-z-]+)"
_HEDGE = re.compile(
    r"\b(?:maybe|might|perhaps|possibly|probably|could|i\s+(?:guess|think|suppose)"
    r"|we\s+should|would\s+be\s+(?:nice|good|great)|if\s+(?:possible|we\s+can|you\s+can))"
    r"\b"
)
# "Could you" asks, it does not doubt.
_ASKING = re.compile(
    r"\b(?:could|would|can|will)\s+(?:you|someone|somebody|anyone|one\s+of\s+(?:you|us))\b|,?\s*\b(?:could|would|can|will)\s+you\s*\?"
)
_NEGATED = re.compile(
    r"\b(?:not|never|won't|don't|can't|cannot|didn't|doesn't|wouldn't|shouldn't|no\s+need)\b"
)

_ALSO = r"(?:(?:also|just|actually|really|definitely|then|now|still|just\s+also)\s+)?"
_MEETING_AGAIN = (
    r"(?:see|meet|speak|talk|call|check\s+in|catch\s+up|come\s+back|follow\s+up)\b[^,.;?!]*"
    r"\b(?:again|in\s+(?:an?|two|three|four|six|a\s+few|\d+)\s+(?:days?|weeks?|months?)|next\s+\w+|tomorrow|on\s+\w+day)\b"
)
_FIRST = re.compile(
    rf"\b(?:what\s+i(?:'ll|\s+will|\s+can|\s+could|'m\s+{_ALSO}going\s+to)\s+do\s+(?:then\s+)?is(?:\s+i'll)?"
    rf"|i(?:'ll|\s+will)\s+{_ALSO}(?:need|have)\s+to|i'?ll|i\s+will|i\s+shall"
    rf"|i(?:'m|\s+am)\s+{_ALSO}(?:going\s+to|gonna)"
    rf"|i\s+{_ALSO}(?:promise|plan|intend|aim|commit)\s+to|i\s+can|i\s+{_ALSO}(?:need|have)\s+to"
    rf"|i(?:'d|\s+would)\s+like\s+to(?=\s+{_ADVERB}{_MEETING_AGAIN})"
    r"|i've\s+got\s+to|i\s+must|i\s+should|i(?:'d|\s+would)\s+be\s+happy\s+to"
    rf"|i'm\s+happy\s+to|let\s+me|i\s+want\s+to|allow\s+me\s+to)\s+{_ADVERB}{_VERB}\b"
)
_REQUEST = re.compile(
    r"\b(?P<ask>(?:could|can|would|will)\s+(?:you|someone|somebody|anyone|one\s+of\s+you)"
    r"(?:\s+(?:guys|all|two|both))?(?:\s+(?:be\s+able\s+to|mind))?|i\s+(?:need|want)"
    r"\s+you\s+(?:guys\s+)?to|i(?:'d|\s+would)\s+like\s+you\s+(?:all\s+)?to|"
    r"(?:it\s+would|it'd|that\s+would|that'd)\s+be\s+(?:\w+\s+)?(?:great|good|nice|helpful|lovely|useful|ideal)\s+if"
    r"\s+(?:you|someone|somebody|one\s+of\s+you)\s+(?:could|can)"
    r"|please|make\s+sure\s+(?:that\s+)?(?:you|to)|be\s+sure\s+to|don't\s+forget\s+to"
    r"|remember\s+to|you(?:'ll\s+(?:also\s+)?(?:need|have)\s+to|\s+will\s+(?:also\s+)?(?:need|have)\s+to|'ll|\s+will|'re\s+going\s+to|\s+are\s+going\s+to|'re\s+gonna"
    r"|\s+need\s+to|\s+have\s+to|\s+should|\s+must|\s+guys\s+(?:can|will|should|need\s+to)"
    r"|\s+can)|you\s+(?:two|both|all)\s+(?:will|should|can|need\s+to))"
    rf"\s+{_ADVERB}{_VERB}\b"
)
_AGAIN = re.compile(
    r"\bshall\s+we\s+(?=(?:meet|speak|talk|call|catch\s+up|touch\s+base|regroup|reconvene|do\s+(?:this|that)\s+again)\b)"
)
_JOINT = re.compile(
    r"\b(?P<who>shall\s+we(?=\s+(?:meet|speak|talk|call|catch|touch|regroup|reconvene)\b)|(?:somebody|someone|one\s+of\s+us)\s+(?:also\s+|still\s+|really\s+)?(?:needs\s+to|has\s+to|should|must|ought\s+to)|we(?:(?:'ll|\s+will|\s+also|\s+really|\s+still)\s+(?:need|have)\s+to"
    r"|'ll|\s+will|'re\s+(?:also\s+)?(?:going\s+to|gonna)|\s+are\s+(?:also\s+)?going\s+to"
    r"|\s+need\s+to|\s+have\s+to|\s+should|\s+must|'ve\s+got\s+to|\s+ought\s+to|\s+gotta"
    r"|\s+agreed\s+to|\s+decided\s+to|\s+plan\s+to|\s+can)|let's|let\s+us)"
    rf"\s+{_ADVERB}{_VERB}\b"
)
_LABELLED = re.compile(
    r"\b(?:action\s+items?|to[- ]?dos?|next\s+steps?)\b(?:\s+(?:for\s+(?P<for>[A-Z]\w+)"
    r"|here))?\s*(?:is|are|:|,|-|would\s+be)\s+(?:that\s+|for\s+\w+\s+)?(?:to\s+)"
    r"?(?P<verb>[a-z][a-z-]+)",
    re.IGNORECASE,
)
_ASSIGNED = (
    r"(?:is|are)\s+(?:going\s+to|gonna|supposed\s+to)|will|'ll|needs?\s+to|has\s+to"
    r"|have\s+to|should|must|shall|can\s+you(?:\s+please)?|could\s+you(?:\s+please)?|"
    r"would\s+you(?:\s+please)?|will\s+you(?:\s+please)?|please|you(?:'ll|\s+will)"
    r"|you\s+need\s+to|i\s+need\s+you\s+to|you're\s+going\s+to|you\s+have\s+to|agreed\s+to"
    r"|promised\s+to|volunteered\s+to|to"
)
_NAMED = re.compile(
    rf"(?P<name>\b[A-Z][\w’'-]+?(?:\s+[A-Z][\w-]+)?),?\s*\b(?P<modal>(?i:{_ASSIGNED}))"
    rf"\s+(?i:{_ADVERB})(?P<verb>(?i:[a-z][a-z-]+))\b"
)
_NOT_NAMES = word_set("not_names")
_TAIL = re.compile(
    r"(?:[\s,;]+(?:if\s+(?:that's|that\s+is|it's|you)|and\s+then\s+(?:we|you|i)\b|but"
    r"|because|so\s+that\s+we|okay|ok|right|alright|please|though)\b.*)?[?.!,;\s]*$"
)
_LOOSE_END = re.compile(
    r"(?:(?<!\bbefore)(?<!\buntil)(?<!\bby)[\s,;]+(?:and|or|but|so|then))+[\s.…]*$", re.IGNORECASE
)
_THINGS = re.compile(r"\b(?:it|that|this|them|him|her|something|things?|stuff|you|me|us|there|one)\b")


@dataclass(frozen=True, slots=True)
class Action:
    """A thing to do: rewritten text, the phrase that names it, its place, who is to do it and until when.

    `by_rule` is false when only the encoder takes it for one, in words that no rule knows; `called` says that
    a member was told to by name. `assignee` is a member of the conversation; `assignee_name` is set also for
    people outside it.
    """

    text: str
    phrase: str
    score: float
    verb: str
    definitive: bool
    assignee: Member | None = None
    assignee_name: str | None = None
    due: DateSpan | None = None
    by_rule: bool = True
    called: bool = False


_SENTENCE_END = re.compile(r"[.?!]\s+(?=[A-Z])")
# Chosen on training conversations that the encoder had not seen (training/weigh.py): how much its chance
# counts beside the rules; from which log odds on a message is one that a meeting's action is read off; and
# how sure it must be of a promise where three or more talk, for most there are about the talk itself.
_HEARD_WEIGHT = 0.5
_LINKED_FROM = -1.8
_MEETING, _MEETING_FROM = 3, 2.0
_LIKELIER = 1.5  # what has a date to come, or a promise of plain work, is less often about the meeting itself
_LIKELY_ORDER = -2.0
# How much the encoder's doubt may cost what is surely meant, and plain work between two people: set while
# made-up talks were read, with the project's own sets beside them (docs/insight.md).
_LATER, _LITTLE_DOUBT, _SOME_DOUBT = timedelta(hours=1), 0.1, 0.15
# In meetings most is about the meeting: a verb that no task is known by tells little.
_UNKNOWN_IN_MEETINGS = 0.08


def find_action(
    text: str,
    speaker: Member | None,
    members: Sequence[Member],
    now: datetime,
    heard: Sense | None = None,
    *,
    people: int = 2,
) -> Action | None:
    """Find the one thing that a message says somebody is to do.

    `now` is the local moment it was said; `members` are the people of the conversation; `heard` is what the
    encoder takes the message for, and `people` how many have spoken so far. Returns None for talk about the
    past, about what might be, and for phrases that only sound like promises.
    """
    plain = text.replace("’", "'")
    lower = plain.lower()
    if len(lower) < 8:
        return None
    words = clues(text)

    def said(one_of: frozenset[str]) -> bool:
        return not words.isdisjoint(one_of)

    found = [
        action
        for action in (
            _named(plain, lower, speaker, members),
            _first_person(plain, lower, speaker, members) if said(_PROMISING) else None,
            _request(plain, lower, speaker, members),
            _called(plain, speaker, members) if "," in plain else None,
            _joint(plain, lower),
            _labelled(plain, lower, members) if said(_LABELS) else None,
            _promised(plain, lower, speaker, members) if said(_GIVEN) else None,
            _helper(plain, lower, speaker) if said(_HELPERS) else None,
            _delegated(plain, lower, speaker, members) if said(_MAKING) else None,
            _needed(plain, lower, speaker, members) if "need" in words else None,
            _taking(plain, members) if said(_TAKING) else None,
            _ordered(plain, lower, speaker, members) if said(_ORDERING) else None,
            _asked(plain, lower, speaker, members, likely=heard is not None and heard.action > _LIKELY_ORDER),
            _imperative(plain, lower, speaker, members) if heard is not None and heard.action > 0 else None,
        )
        if action is not None
    ]
    # What annotators link to the actions of meetings is known from meetings, and says little of other talk.
    meeting = people >= _MEETING
    linked = chance(heard.linked - _LINKED_FROM) if heard is not None and meeting else 0.0
    asks = lower.rstrip().endswith("?") and _is_open_question(lower)
    if (
        not found
        and linked >= 0.5
        and not (asks or _NOT_NOW.search(lower) or _TOLD.match(lower))
        and len(plain.split()) > 3
    ):
        found = [_said(plain, speaker, members)]
    if not found:
        return None
    best = max(found, key=lambda action: action.score)
    due = _due(text, now, plain.find(best.phrase))
    hedged = bool(_HEDGE.search(_ASKING.sub(" ", lower)))
    score = best.score
    if due is not None and due.last is not None:
        score += 0.12
    if _NOT_NOW.search(lower):
        score -= 0.35
    if hedged:
        score -= 0.08
    if asks:
        score -= 0.4
    known = best.verb in _ACTION_VERBS or best.verb in _WEAK_VERBS or _hardly_verb(best.verb)
    if meeting and best.by_rule and not known:
        score -= _UNKNOWN_IN_MEETINGS
    if heard is not None:
        promised = best.definitive and best.assignee is not None and best.assignee is speaker
        ahead = due.last - now if due is not None and due.last is not None else None
        score = max(_weighed(replace(best, score=score), heard, ahead, promised, meeting), linked)
    if due is not None and _of_condition(text, due.start, plain.find(best.phrase)):
        due = None
    definitive = best.definitive and not hedged
    return replace(best, score=round(max(0.0, min(score, 0.98)), 3), due=due, definitive=definitive)


def _weighed(action: Action, heard: Sense, ahead: timedelta | None, promised: bool, meeting: bool) -> float:
    """Return how sure an action is once the encoder has its say.

    `ahead` is how far off its date is, if it has one; `promised` that the speaker is to do it.
    """
    doubt = _HEARD_WEIGHT * (chance(heard.action) - 0.5)
    work = action.verb in _ACTION_VERBS and action.verb not in _WEAK_VERBS
    work = work or _WORK.match(action.phrase) is not None
    if (promised and ahead is not None and ahead >= _LATER) or (action.called and work):
        # A promise with a day or an hour to come is one, and work given by name: whatever it sounds like.
        return action.score + max(doubt, -_LITTLE_DOUBT)
    if not meeting and action.by_rule and work and action.definitive:
        # Between two people plain work that is asked for or promised is mostly meant.
        doubt = max(doubt, -_SOME_DOUBT)
    score = action.score + doubt
    if not meeting or action.called:
        return score
    likelier = action.by_rule and (ahead is not None or (promised and work))
    return min(score, chance(heard.action - _MEETING_FROM + (_LIKELIER if likelier else 0)))


# Words that the rules of these names cannot do without.
_PROMISING = frozenset({"i", "ill", "let", "allow"})
_LABELS = frozenset({"item", "items", "todo", "todos", "do", "dos", "step", "steps"})
_GIVEN = _MAKING = frozenset({"have", "get"})
_HELPERS = frozenset(
    {"assistant", "colleague", "team", "office", "secretary", "manager", "lawyer", "accountant", "engineer"}
    | {"technician", "department", "partner"}
)
_TAKING = frozenset(
    {"takes", "handles", "covers", "owns", "does", "runs", "leads", "writes", "calls", "drives", "prepares"}
    | {"presents", "checks", "reviews", "sends", "books", "organises", "organizes", "collects"}
)
_ORDERING = frozenset(
    {
        "give",
        "run",
        "copy",
        "cc",
        "loop",
        "keep",
        "fill",
        "get",
        "bring",
        "find",
        "fetch",
        "hand",
        "send",
        "show",
    }
)


# "For me, I worked on the export": what one tells of the past is nothing to do.
_TOLD = re.compile(
    r"(?:\w+[\s,]+){0,3}\bi\s+(?:(?:also|just|already|then)\s+)?(?:was|had|did|\w+ed)\b(?!.*\b(?:will|'ll|need|have\s+to)\b)"
)


def _said(plain: str, speaker: Member | None, members: Sequence[Member]) -> Action:
    """Return a message as an action that no rule has words for: it is told as it was said."""
    words = tokens(plain)
    begin = skip_fillers(words)
    phrase = plain[words[begin].start :].strip(" ,;") if begin < len(words) else plain
    phrase = phrase.rstrip(" .,;?!")
    named = [
        member
        for member in members
        if member.name and re.search(rf"\b{re.escape(member.name.split()[0])}\b", plain, re.IGNORECASE)
    ]
    owner = named[0] if len(named) == 1 else None
    if owner is None and re.search(r"\bi(?:'ll|'m|'ve)?\b", plain, re.IGNORECASE):
        owner = speaker
    elif owner is None and re.search(r"\byou(?:'ll|'re)?\b", plain, re.IGNORECASE):
        owner = _addressee(plain, 0, speaker, members)
    verb = next((word.lower for word in words if word.lower in _ACTION_VERBS), "")
    return Action(_sentence(phrase), phrase, 0.0, verb, False, owner, _shown_name(owner), by_rule=False)


def _is_open_question(lower: str) -> bool:
    if _AGAIN.search(lower):
        return False
    return not (_REQUEST.search(lower) or _POLITE_END.search(lower)) or bool(
        re.match(
            r"\W*(?:\w+\W+){0,2}(?:what|who|when|where|why|how|which|do|does|did|are|is|should|shall)\b",
            lower,
        )
    )


def _due(text: str, now: datetime, at: int) -> DateSpan | None:
    """Return the moment still to come that belongs to what is said from `at` on.

    What follows comes first, then what leads up to it in the same sentence. A week ends on its Friday.
    """
    begin = max((hit.end() for hit in _SENTENCE_END.finditer(text, 0, max(at, 0))), default=0)
    ahead = [
        moved
        for span in find_dates(text, now)
        if span.start >= begin
        and not _SINCE.search(text, 0, span.start)
        and (moved := _ahead(span, now)) is not None
    ]
    due = next((span for span in ahead if span.start >= at), ahead[-1] if ahead else None)
    if due is not None and due.open_clock and due.last is not None:
        # "Thursday is fine, I'll come at five" is Thursday at five.
        day = next((span for span in ahead if span.kind == "date" and span.start < due.start), None)
        if day is not None and day.last is not None:
            due = replace(due, last=datetime.combine(day.last.date(), due.last.time()))
    if due is None or due.first is None or due.last is None:
        return due
    if due.kind == "daterange" and due.first > now and _BEFORE.search(text, 0, due.start):
        # Work that is to be done "before the weekend", "before next week" ends on a Friday.
        last = due.first - timedelta(days=1)
        return replace(due, last=_friday(last) if _WEEK.search(due.text) and last.weekday() > 4 else last)
    if due.last.weekday() == 6 and re.search(r"\bweek$", due.text, re.IGNORECASE):
        friday = _friday(due.last)
        if friday.date() >= now.date():
            return replace(due, last=friday)
        if re.search(r"\bthis\s+week$", due.text, re.IGNORECASE):
            return replace(due, last=friday + timedelta(days=7))  # said on a weekend: the one that comes
    return due


# "If you sign by Friday, I'll ask" sets no time for asking.
_CONDITION = re.compile(
    r"(?<!\bsee\s)(?<!\bcheck\s)(?<!\bask\s)(?<!\bknow\s)(?<!\bout\s)\b(?:if|unless)\s[^,.?!;]*$",
    re.IGNORECASE,
)


def _of_condition(text: str, due: int, phrase: int) -> bool:
    """Tell whether a date is that of a condition before or behind what is to be done."""
    condition = _CONDITION.search(text, 0, due)
    return condition is not None and (due < phrase or condition.start() > phrase)


_BEFORE = re.compile(r"\bbefore\s+(?:the\s+)?$", re.IGNORECASE)
_SINCE = re.compile(r"\b(?:since|ever\s+since)\s+$", re.IGNORECASE)
_WEEK = re.compile(r"\bweek(?:end)?$", re.IGNORECASE)


def _friday(day: datetime) -> datetime:
    """Return the Friday before a day of the weekend, another day as it is."""
    return day - timedelta(days=max(0, day.weekday() - 4))


_HALF_SAID = re.compile(r"[ap]\.?\s?m\b|morning|afternoon|evening|night|noon|:", re.IGNORECASE)


def _ahead(span: DateSpan, now: datetime) -> DateSpan | None:
    """Return a time that is still to come, or None; an hour of the clock that has passed is tomorrow's."""
    if span.first is None or span.last is None or span.kind == "duration":
        return None
    if span.kind == "time" and span.last < now and span.last.hour < 12 and not _HALF_SAID.search(span.text):
        # "Check it at ten", said in the evening, is ten at night.
        later = timedelta(hours=12)
        if span.last + later >= now:
            return replace(span, first=span.first + later, last=span.last + later)
    if span.kind in ("time", "timerange") and span.last < now:
        return replace(span, first=span.first + timedelta(days=1), last=span.last + timedelta(days=1))
    if span.kind in ("datetime", "datetimerange"):
        return span if span.last >= now.replace(second=0, microsecond=0) else None
    return span if span.last.date() >= now.date() else None


_MADE = re.compile(
    r"^\w+\s+[^,.;?!]*\b(?:done|fixed|signed|sent|ready|sorted|finished|approved|ordered|booked|out)\b"
)


def _object_score(lower: str, verb_start: int, verb: str) -> float:
    """Rate how much is said of what is to be done: a named thing says more than "it"."""
    rest = lower[verb_start:]
    said = [word for word in tokens(lower) if word.start >= verb_start]
    content = [w for w in said[1:14] if w.is_word and w.lower not in STOP_WORDS]
    score = 0.0
    made = (verb in ("get", "have") and _MADE.search(rest)) or _WORK.match(rest)
    if made or (verb in _ACTION_VERBS and verb not in _WEAK_VERBS):
        score += 0.14
    elif verb not in _WEAK_VERBS:
        score -= 0.12 if _hardly_verb(verb) else 0.04
    if len(content) >= 2:
        score += 0.1
    elif not content:
        score -= 0.12 if _THINGS.search(rest[len(verb) :]) else 0.22
    return score


# Work told by a verb that alone says little: "take care of the catering", "look into that".
_WORK = re.compile(
    r"(?:take\s+care\s+of|look\s+into|deal\s+with|find\s+out|figure\s+out|sort\s+(?:\w+\s+){0,3}out|get\s+back\s+to"
    r"|get\s+in\s+touch|get\s+hold\s+of|get\s+rid\s+of|set\s+(?:\w+\s+){0,3}up|make\s+sure|make\s+a\s+(?:note|list|copy)"
    r"|keep\s+an\s+eye\s+on|put\s+(?:\w+\s+){0,3}together)\b",
    re.IGNORECASE,
)
_NO_VERBS = frozenset(
    ("again", "very", "quite", "once", "maybe", "perhaps", "soon", "today", "tomorrow", "always", "never")
)


def _hardly_verb(verb: str) -> bool:
    """Tell whether a word after "to" or "could you" is hardly the verb of a task: "being", "again"."""
    return verb.endswith(("ing", "ed", "ly")) or verb in STOP_WORDS or verb in _NO_VERBS


def _clause(plain: str, start: int) -> str:
    """Return the text from `start` to the end of its clause, without what trails after it."""
    rest = plain[start:]
    stop = re.search(
        r"[.?!;](?:\s|$)|,\s+(?:but|because|so|and\s+(?:then|i|we|you|they|he|she)|which"
        r"|if\s+that|okay|right|is\s+that|would\s+that|(?:he|she|it|they|that|there|the\s+\w+)(?=\s+(?:is|was|are|will|has|takes)\b|'))\b|\s+(?:because|but\s+(?:i|we|you))\b"
        r"|\s+and\s+\w+,\s+(?:you|can|could|please)\b",
        rest,
        re.IGNORECASE,
    )
    rest = rest[: stop.start()] if stop else rest
    return _LOOSE_END.sub("", _TAIL.sub("", rest).strip(" ,;"))


def _shown_name(member: Member | None) -> str | None:
    return (member.name or None) if member else None


def _first_person(plain: str, lower: str, speaker: Member | None, members: Sequence[Member]) -> Action | None:
    found: Action | None = None
    for hit in _FIRST.finditer(lower):
        verb = hit["verb"]
        anchor = lower[hit.start() : hit.start("verb")]
        before = lower[max(0, hit.start() - 24) : hit.start()]
        planned = anchor.startswith("what")
        again = "like" in anchor
        made_ready = verb == "have" and (
            planned or re.match(r"have\b.*\b(?:ready|done|finished|fixed)\b", lower[hit.start("verb") :])
        )
        if (
            (verb in _STATIVE and not (made_ready or again))
            or (_FAKE.match(lower, hit.start()) and not made_ready)
            or _NEGATED.search(anchor)
        ):
            continue
        if not planned and re.search(
            r"\b(?:if|when|once|unless|what|how|where|why|that|which|whether|as|than|until|should|will)\s*$",
            before,
        ):
            continue
        base = 0.68
        if re.match(
            r"(?:i\s+can\b|let\s+me|i\s+want|i\s+should|i\s+(?:\w+\s+)?(?:need|have)|i\s+must|i've)", anchor
        ):
            base = 0.5 if anchor.startswith(("i can", "i want")) else 0.58
        phrase = _clause(plain, hit.start("verb"))
        name = _shown_name(speaker)
        told = retold(phrase, speaker, _addressee(plain, 0, speaker, members), requested=False)
        text = f"{name} will {told}." if name else _sentence(plain[hit.start() : hit.start("verb")] + phrase)
        definitive = base > 0.5 and not anchor.startswith("i should")
        score = base + _object_score(lower, hit.start("verb"), verb)
        if found is None or score > found.score:
            found = Action(text, phrase, score, verb, definitive, speaker, name)
    return found


def _infinitive(verb: str) -> str:
    """Return the verb that "copying" is a form of, if it is one of those that tasks are told with."""
    if not verb.endswith("ing"):
        return verb
    stem = verb.removesuffix("ing")
    return next((one for one in (stem, f"{stem}e", stem[:-1]) if one in _ACTION_VERBS), verb)


_ASSENT = frozenset({"do", "do so", "do it", "go ahead", "go on", "continue", "wait"})
_QUESTION_VERBS = word_set("question_verbs")
_TOLD_VERBS = word_set("told_verbs")


def _request(plain: str, lower: str, speaker: Member | None, members: Sequence[Member]) -> Action | None:
    for hit in _REQUEST.finditer(lower):
        verb, ask = hit["verb"], hit["ask"]
        before = lower[max(0, hit.start() - 24) : hit.start()]
        anchor = lower[hit.start() : hit.start("verb")]
        if _NEGATED.search(anchor.replace("don't forget", "")) or verb in ("not", "never"):
            continue
        if re.search(
            r"\b(?:if|when|once|unless|what|how|where|why|that|which|whether|as|than|so|because"
            r"|until|everything|thing|like|time)\s*$",
            before,
        ) and not ask.startswith(("could", "please")):
            continue
        phrase = _clause(plain, hit.start("verb"))
        if phrase.lower() in _ASSENT:
            continue
        if ask.endswith("mind") or anchor.rstrip().endswith("mind"):
            base_verb = _infinitive(verb)
            phrase, verb = base_verb + phrase[len(verb) :], base_verb
        direct = ask.startswith(
            (
                "could",
                "can",
                "would",
                "will",
                "it ",
                "it'd",
                "that",
                "please",
                "i need",
                "i want",
                "i'd",
                "i would",
                "make",
                "be sure",
                "don't",
                "remember",
            )
        )
        if direct:
            base = 0.62
            if verb in _QUESTION_VERBS and not re.match(
                r"(?:share|give|find|help|look|talk)\s+(?:\w+\s+){0,3}(?:the|a|with|into|at|to|us|out)"
                r"\b.*\w{4}",
                phrase.lower(),
            ):
                base = 0.3
        else:
            if verb in _STATIVE or verb in _TOLD_VERBS:
                continue
            base = 0.5 if not ask.endswith("can") else 0.38
        if verb in _STATIVE:
            base -= 0.2
        addressee = (
            None
            if re.search(r"some|any|one of|guys|all|both|two", ask)
            else _addressee(plain, hit.start(), speaker, members)
        )
        told = retold(phrase, speaker, addressee, requested=True)
        name = _shown_name(addressee)
        text = f"{name} needs to {told}." if name else _sentence(told)
        return Action(
            text, phrase, base + _object_score(lower, hit.start("verb"), verb), verb, direct, addressee, name
        )
    return None


def _addressee(plain: str, at: int, speaker: Member | None, members: Sequence[Member]) -> Member | None:
    """Return who "you" is: someone called by name in the message, or the only other person."""
    for member in members:
        if speaker is not None and member.id == speaker.id:
            continue
        first = (member.name or "").split(" ")[0]
        if first and re.search(
            rf"(?:^|[,.]\s*|\b(?:hey|hi|so|okay|and|please)\s+){re.escape(first)}\s*[,:]"
            rf"|,\s*{re.escape(first)}\s*[?.!]*$"
            # Without marks: "okay mo please open", "jin i want you to".
            rf"|^(?:(?:okay|ok|so|and|alright|hey|hi|right|well|now|great|yes|no)\W+)*{re.escape(first)}\s+"
            r"(?:please|can\s+you|could\s+you|would\s+you|will\s+you|i\s+(?:want|need|would\s+like)\s+you|i'd\s+like\s+you)\b",
            plain,
            re.IGNORECASE,
        ):
            return member
    others = [member for member in members if speaker is None or member.id != speaker.id]
    return others[0] if speaker is not None and len(others) == 1 else None


def _named(plain: str, lower: str, speaker: Member | None, members: Sequence[Member]) -> Action | None:
    for hit in _NAMED.finditer(plain):
        name, verb, modal = hit["name"].strip(" ,'"), hit["verb"].lower(), hit["modal"].lower()
        known = _member_named(name, members)
        if name.split()[0].lower() in _NOT_NAMES or (
            known is None and (hit.start() == 0 and "," not in hit.group() and not _looks_like_person(name))
        ):
            continue
        if modal == "to" and (
            known is None or not plain[hit.end("name") :].lstrip().lower().startswith("to")
        ):
            continue
        if verb in _STATIVE or _NEGATED.search(modal) or (known is None and verb not in _ACTION_VERBS):
            continue
        phrase = _clause(plain, hit.start("verb"))
        direct = bool(re.search(r"you|please", modal))
        shown = _shown_name(known) or name
        told = retold(phrase, speaker, known or Member(shown, shown) if direct else None, requested=True)
        text = f"{shown} {'needs to' if direct else 'will'} {told}."
        base = (0.66 if known else 0.6) if modal not in ("should", "to") else 0.55
        score = base + _object_score(lower, hit.start("verb"), verb)
        return Action(text, phrase, score, verb, True, known, shown, called=direct and known is not None)
    return None


_CALLED = re.compile(
    r"(?:^|[.!?]\s+|\b(?:so|and|then|okay|ok|right)[,\s]+)(?P<name>[A-Z][\w’'-]+),\s+(?:please\s+|just\s+)?"
    r"(?P<verb>[a-z][a-z-]+)\s+\w"
)


def _called(plain: str, speaker: Member | None, members: Sequence[Member]) -> Action | None:
    """Find what a member is told to do by name, without "can you": "Mia, call them tomorrow"."""
    for hit in _CALLED.finditer(plain):
        known = _member_named(hit["name"], members)
        verb = hit["verb"]
        if known is None or known == speaker or verb not in _ACTION_VERBS:
            continue
        phrase = _clause(plain, hit.start("verb"))
        text = f"{_shown_name(known)} needs to {retold(phrase, speaker, known, requested=True)}."
        score = 0.62 + _object_score(plain.lower(), hit.start("verb"), verb)
        return Action(text, phrase, score, verb, True, known, _shown_name(known), called=True)
    return None


_IMPERATIVE = re.compile(
    r"(?:^|[.!?]\s+)(?:(?:so|and|then|okay|ok|right|also|just|now|no)[,\s]+)*(?:just\s+)?(?P<verb>[a-z]+)\s+"
    r"(?!(?:is|are|was|were|has|have|had|will|would|can|could|should|me|up\s+to|out\s+of)\b)\w",
    re.IGNORECASE,
)


def _imperative(plain: str, lower: str, speaker: Member | None, members: Sequence[Member]) -> Action | None:
    """Find a plain order, "ask Helen for the keys": nouns begin sentences too, so the encoder must agree."""
    for hit in _IMPERATIVE.finditer(lower):
        verb = hit["verb"]
        if verb not in _ACTION_VERBS or verb in _WEAK_VERBS or plain.rstrip().endswith("?"):
            continue
        phrase = _clause(plain, hit.start("verb"))
        who = _addressee(plain, 0, speaker, members)
        told = retold(phrase[:1].lower() + phrase[1:], speaker, who, requested=True)
        text = f"{_shown_name(who)} needs to {told}." if _shown_name(who) else _sentence(told)
        score = 0.44 + _object_score(lower, hit.start("verb"), verb)
        return Action(text, phrase, score, verb, False, who, _shown_name(who), by_rule=False)
    return None


_DELIVERED = re.compile(
    r"\byou(?:'ll|\s+will)\s+(?:have|get)\s+(?P<what>(?:it|them|that|the\s+\w+(?:\s+\w+)?))\s+"
    r"(?=(?:by|before|on|in|this|tomorrow|tonight|today|later|next|first)\b)"
)


def _promised(plain: str, lower: str, speaker: Member | None, members: Sequence[Member]) -> Action | None:
    """Find a promise told from the other's side: "you'll have it by Wednesday"."""
    hit = _DELIVERED.search(lower)
    if hit is None or re.search(r"\b(?:if|when|once|unless)\s*$", lower[: hit.start()]):
        return None
    phrase = f"provide {_clause(plain, hit.start('what'))}"
    name = _shown_name(speaker)
    told = retold(phrase, speaker, _addressee(plain, 0, speaker, members), requested=False)
    text = f"{name} will {told}." if name else _sentence(plain[hit.start() :].rstrip(" .!"))
    return Action(text, phrase, 0.66, "provide", True, speaker, name)


_HELPER = re.compile(
    rf"\b(?P<whose>my|our|[a-z]+'s)\s+(?P<helper>(?:\w+\s+)?(?:assistant|colleague|team|office|secretary|manager|lawyer"
    rf"|accountant|engineer|technician|department|partner))\s+(?:will|is\s+going\s+to|'ll)\s+{_ADVERB}{_VERB}\b"
)


def _helper(plain: str, lower: str, speaker: Member | None) -> Action | None:
    """Find what the speaker's people will do: "my assistant will send it today"."""
    hit = _HELPER.search(lower)
    if hit is None or hit["verb"] not in _ACTION_VERBS:
        return None
    phrase = _clause(plain, hit.start("verb"))
    name = _shown_name(speaker)
    whose = f"{name}'s" if name and hit["whose"] == "my" else hit["whose"].capitalize()
    if hit["whose"].endswith("'s") and plain[hit.start()].islower():
        return None  # "the bank's lawyer": no name
    text = f"{whose} {hit['helper']} will {retold(phrase, speaker, None, requested=True)}."
    return Action(text, phrase, 0.5 + _object_score(lower, hit.start("verb"), hit["verb"]), hit["verb"], True)


_DELEGATED = re.compile(
    r"(?:^(?:(?i:so|and|then|okay|ok|right|just|yes|no)[,\s]+)*(?=(?i:have)\s+[A-Z])|\b(?i:let's|let\s+us|i'll|i\s+will|we'll|we\s+will|we\s+should|you\s+should|can\s+you|could\s+you)\s+(?:(?i:just)\s+)?)"
    r"(?:(?i:have)\s+(?P<had>[A-Z][\w’'-]+)\s+(?P<verb>[a-z-]+)|(?i:get)\s+(?P<got>[A-Z][\w’'-]+)\s+to\s+(?P<verb2>[a-z-]+))\b"
)


def _delegated(plain: str, lower: str, speaker: Member | None, members: Sequence[Member]) -> Action | None:
    """Find what somebody else will be made to do: "let's have Tom review it", "I'll get Ana to call you"."""
    hit = _DELEGATED.search(plain)
    if hit is None:
        return None
    name = hit["had"] or hit["got"]
    at = hit.start("verb") if hit["had"] else hit.start("verb2")
    verb = hit["verb"] or hit["verb2"]
    known = _member_named(name, members)
    if verb not in _ACTION_VERBS or name.lower() in _NOT_NAMES or name.lower() in STOP_WORDS:
        return None
    phrase = _clause(plain, at)
    shown = _shown_name(known) or name
    told = retold(phrase, speaker, None, requested=True)
    return Action(
        f"{shown} will {told}.", phrase, 0.72 + _object_score(lower, at, verb), verb, True, known, shown
    )


_TAKES = re.compile(
    r"(?:^|[.,;]\s+|\band\s+)(?P<name>[A-Z][\w’'-]+)\s+(?P<verb>takes|handles|covers|owns|does|runs|leads|writes|calls|drives"
    r"|prepares|presents|checks|reviews|sends|books|organi[sz]es|collects)\s+(?:on\s+)?(?=(?:the|that|this|these|those|all|both|our"
    r"|my|his|her|their|an?)\s+\w)"
)


def _taking(plain: str, members: Sequence[Member]) -> Action | None:
    """Find who gets which part, told as settled: "Ruben takes the brewery, Faye takes the school"."""
    taking = [(hit, _member_named(hit["name"], members)) for hit in _TAKES.finditer(plain)]
    told = [(hit, member) for hit, member in taking if member is not None]
    if not told or plain.rstrip().endswith("?"):
        return None
    # One alone tells habits as well ("Ruben runs the shop"); two share work out.
    if len(told) < 2 and not told[0][0]["verb"].startswith("take"):
        return None
    hit, member = told[0]
    verb = hit["verb"].removesuffix("es") if hit["verb"] == "does" else hit["verb"].removesuffix("s")
    phrase = _clause(plain[: told[1][0].start()] if len(told) > 1 else plain, hit.start("verb"))
    phrase = verb + phrase[len(hit["verb"]) :]
    name = _shown_name(member)
    text = f"{name} will {retold(phrase, None, None, requested=True)}."
    if len(told) > 1:
        text = f"{plain[hit.start('name') :].rstrip(' .!')}."
    return Action(text, phrase, 0.78 if len(told) > 1 else 0.6, verb, True, member, name, called=True)


# Orders in fixed words: "give us a ring", "run it by me", "copy me in", "get me ten minutes".
_ORDERED = re.compile(
    r"(?:^|[.!?]\s+|,\s+|\b(?=(?:so|and|then)\s))(?:(?:so|and|then|okay|ok|right|also|just|yes|no|please|perfect|great|good|fine"
    r"|sure|well)[,\s]+)*(?P<what>(?P<verb>give)\s+(?:me|us|him|her|them|the\s+\w+|[a-z]+)\s+an?\s+(?:quick\s+)?"
    r"(?:ring|call|shout|buzz|bell|hand)\b"
    r"|(?P<verb2>run)\s+(?:it|that|this|them|those|everything|the\s+\w+)\s+(?:by|past)\s+\w+"
    r"|(?P<verb3>copy|cc|loop|keep|fill)\s+(?:me|us|him|her|them)\s+(?:in|on|into|posted|informed|updated|in\s+the\s+loop)\b"
    r"|(?P<verb4>get|bring|find|fetch|hand|send|show)\s+(?:me|us|him|her|them)\s+(?:an?|the|some|that|those|your|two|three|five|ten"
    r"|fifteen|twenty|thirty|\d+|everything)\s+\w)"
)
_ORDER_BEFORE = re.compile(
    r"\b(?:to|can|could|will|would|did|didn't|don't|do|does|not|never|i|we|you|they|he|she|if|when|that)\s*$"
)


def _ordered(plain: str, lower: str, speaker: Member | None, members: Sequence[Member]) -> Action | None:
    for hit in _ORDERED.finditer(lower):
        group = next(name for name in ("verb", "verb2", "verb3", "verb4") if hit[name])
        if _ORDER_BEFORE.search(lower[: hit.start("what")]):
            continue
        polite = _POLITE_END.search(plain)
        phrase = _clause(plain[: polite.start()] if polite else plain, hit.start("what"))
        phrase = phrase[:1].lower() + phrase[1:]
        who = _addressee(plain, 0, speaker, members)
        name = _shown_name(who)
        told = retold(phrase, speaker, who, requested=True)
        text = f"{name} needs to {told}." if name else _sentence(told)
        return Action(text, phrase, 0.76, hit[group], True, who, name)
    return None


_NEEDED = re.compile(
    r"\b(?P<who>i|we)(?:'ll|\s+will|'m\s+going\s+to|'d)?\s+(?:also\s+|just\s+|still\s+)?need\s+"
    r"(?P<what>(?:an?|the|your|some|two|three|both|all)\s+(?:[\w-]+\s+){0,3}?(?:copy|copies|photos?|pictures?|reports?"
    r"|receipts?|invoices?|numbers?|details|information|info|signatures?|statements?|forms?|address|email|id|proof|list"
    r"|documents?|paperwork|quotes?|dates?|files?|contract|confirmation|approval|estimate|breakdown|results|records|logs?"
    r"|screenshots?|answer|decision|update|draft|version|deposit|password|passcode|code)\b)"
)


def _needed(plain: str, lower: str, speaker: Member | None, members: Sequence[Member]) -> Action | None:
    """Find what the other is to hand over, "I'll need a copy", or what all need: "we need a quote by May"."""
    hit = _NEEDED.search(lower)
    before = lower[max(0, (hit.start() if hit else 0) - 12) : hit.start() if hit else 0]
    if hit is None or re.search(r"\b(?:if|when|that|what|all|why|unless|then)\s*$", before):
        return None
    if hit["who"] == "we":
        clause = _clause(plain, hit.start())
        if not _BY_THEN.search(clause):
            return None
        return Action(_sentence(clause), clause[hit.start("what") - hit.start() :], 0.6, "get", False)
    other = _addressee(plain, hit.start(), speaker, members)
    name = _shown_name(other)
    if name is None:
        return None
    told = f"provide {_clause(plain, hit.start('what'))}"
    text = f"{name} needs to {retold(told, speaker, other, requested=True)}."
    return Action(text, _clause(plain, hit.start("what")), 0.72, "provide", True, other, name)


_BY_THEN = re.compile(r"\b(?:by|before|no\s+later\s+than|latest)\b", re.IGNORECASE)
_POLITE_CHARS = 64  # no polite end is longer
_POLITE_END = re.compile(r"(?:,?\s+please|,?\s+(?:would|will|could|can)\s+you(?:\s+please)?)\s*[.?!]*$")
_ASKED_FOR = re.compile(
    r"(?:^|[.!?]\s+|,\s+|\b(?=and\s))(?:(?:so|and|then|okay|ok|right|also|just|now|no|alright|all\s+right|great|good|fine|sure|well|yes"
    r"|yeah|oh|in\s+that\s+case|meanwhile)[,\s]+)*"
    r"(?P<way>go\s+ahead\s+and\s+|let\s+(?:the\s+|my\s+|our\s+)?\w+(?:\s+\w+)?\s+know\b)?(?P<verb>[a-z-]*)",
)


_ONE_MORE = re.compile(r"[.!?\s]*(?:and|also|and\s+also)\s")
_A_THING = re.compile(r"\s+(?:an?|the|my|our|her|his|their|them|him|two|three|some|all|another)\b")


def _asked(
    plain: str, lower: str, speaker: Member | None, members: Sequence[Member], *, likely: bool
) -> Action | None:
    """Find an order marked as one: "…, please", "go ahead and …", "let Tom know", "…, would you?"."""
    polite = bool(_POLITE_END.search(lower, max(0, len(lower) - _POLITE_CHARS)))
    for hit in _ASKED_FOR.finditer(lower):
        way = hit["way"] or ""
        told = way.startswith("let")
        if told and re.match(r"let\s+(?:me|us)\b", way):
            continue
        verb = "let" if told else hit["verb"]
        at = hit.start("way") if told else hit.start("verb")
        begins = not hit.start() or lower[hit.start()] in ".!?"
        more = (
            likely
            and begins
            and _ONE_MORE.match(lower, hit.start(), hit.end())
            and _A_THING.match(lower, hit.end())
        )
        if (
            not (polite or (way and begins) or more)
            or verb not in _ACTION_VERBS
            or (verb in _STATIVE and not told)
        ):
            continue
        if not re.match(rf"{verb}\s+\w", lower[at:]):
            continue
        end = _POLITE_END.search(plain)
        phrase = _clause(plain[: end.start()] if end else plain, at)
        who = _addressee(plain, 0, speaker, members)
        name = _shown_name(who)
        done = retold(phrase[:1].lower() + phrase[1:], speaker, who, requested=True)
        text = f"{name} needs to {done}." if name else _sentence(done)
        return Action(text, phrase, 0.6 + _object_score(lower, at, verb), verb, True, who, name)
    return None


def _looks_like_person(name: str) -> bool:

    return name.split()[0].lower() in GIVEN_NAMES


def _member_named(name: str, members: Sequence[Member]) -> Member | None:
    wanted = name.lower()
    for member in members:
        shown = (member.name or "").lower()
        if shown and (shown == wanted or shown.split()[0] == wanted.split()[0]):
            return member
    return None


def _joint(plain: str, lower: str) -> Action | None:
    for hit in _JOINT.finditer(lower):
        verb, who = hit["verb"], hit["who"]
        before = lower[max(0, hit.start() - 24) : hit.start()]
        if verb in _STATIVE or _NEGATED.search(lower[hit.start() : hit.start("verb")]):
            continue
        if re.search(
            r"\b(?:if|when|once|unless|what|how|where|why|that|which|whether|as|than|so|until"
            r"|because|thing|should|way)\s*$",
            before,
        ):
            continue
        if who.startswith("let") and re.match(
            r"(?:see|say|start|move|go|get|talk|take|just|have|stop|continue|begin|look|hear|do"
            r"|try|face|wait|assume|pretend|call\s+it)\b",
            lower[hit.start("verb") :],
        ):
            base = 0.3
        else:
            base = 0.36 if who.endswith("can") or "should" in who else 0.44
        phrase = _clause(plain, hit.start("verb"))
        text = _sentence(plain[hit.start() : hit.start("verb")] + phrase)
        return Action(text, phrase, base + _object_score(lower, hit.start("verb"), verb), verb, False)
    return None


def _labelled(plain: str, lower: str, members: Sequence[Member]) -> Action | None:
    hit = _LABELLED.search(plain)
    if hit is None or _NEGATED.search(lower):
        return None
    phrase = _clause(plain, hit.start("verb"))
    owner = _member_named(hit["for"], members) if hit["for"] else None
    name = _shown_name(owner) or hit["for"]
    text = f"{name} will {phrase}." if name else _sentence(phrase)
    return Action(
        text,
        phrase,
        0.7 + _object_score(lower, hit.start("verb"), hit["verb"].lower()),
        hit["verb"].lower(),
        True,
        owner,
        name,
    )


def _sentence(text: str) -> str:
    text = text.strip(" ,;")
    return text[:1].upper() + text[1:] + "." if text else text
