"""Numbers that tell nothing of a person, by the words around them: of orders and flights, and counts."""

import re

__all__ = ["counts_something", "is_numbered", "is_spent"]

_NUMBERED = (
    r"(?:tickets?|cases?|(?:purchase\s+)?orders?|p\.?o\.?|reference|ref|claims?|invoices?|loads?|shipments?|consignment"
    r"|tracking|items?|models?|parts?|serial|sku|products?|versions?|firmware|release|build|flights?|gates?|rooms?|docks?"
    r"|seals?|trailers?|trucks?|rows?|seats?|pages?|slides?|meters?|routes?|exits?|highway|bus|train|platform|error"
    r"|chapter|section|article|level|step|floor|queue|job|batch|lot|bay|aisle|container|pallets?|table|channel|lane"
    r"|incident|change|request|work\s+order|docket|extension|ext)"
)
_FILLED = (
    r"(?:\b(?:it's|its|it\s+is|that's|sure|yes|yeah|um|uh|so|okay|is|was|number|no|code|id|the|says|say|called)\b"
    r"|[\s.,?!#:])*"
)
_NUMBERED_BEFORE = re.compile(
    rf"\b{_NUMBERED}(?:\s+(?:number|no|code|i\.?d|reference)\b\.?)?"
    rf"(?:\s+(?:for|on|of)\s+\w+(?:\s+\w+)?)?{_FILLED}(?:\b[A-Z]{{1,4}}[\s-]?)?$",
    re.IGNORECASE,
)
_BEFORE_CHARS = 60


def is_numbered(lead: str) -> bool:
    """Tell whether a number that follows `lead` is that of an order, a flight or the like."""
    return _NUMBERED_BEFORE.search(lead[-_BEFORE_CHARS:]) is not None


# "Three digits", "twenty two pallets", "48 hours", "five to seven working days"; not "four is", "two this".
_COUNTED = re.compile(
    r"[\s-]?(?:to\s+\w+\s+)?(?:working\s+|business\s+|more\s+|other\s+|new\s+)?"
    r"(?!(?:is|was|has|does|this|its|it's|as|us|yes|always|perhaps|unless|plus|minus|thanks|sorry|dash|hyphens?)\b)"
    r"(?:[a-z]{2,}[^aeious\W]s|[a-z]{2,}(?:[aeo]s|ies)|people|children|feet|pence|percent|%)\b",
)


def counts_something(text: str, end: int) -> bool:
    """Tell whether the number that ends there counts what comes next: "twenty two pallets"."""
    return _COUNTED.match(text, end, end + 40) is not None


# What may stand between the groups of a number that is being read out, or around its correction.
_STILL = re.compile(
    r"(?:[\s.,…!?–-]|\b(?:no|sorry|wait|oh|i\s+mean|rather|correction|scratch\s+that|make\s+that|hang\s+on|hold\s+on|uh|um"
    r"|er|erm|ah|then|and|pause|dot|dash|okay|ok|start\s+again|that's|it's|actually|excuse\s+me|my\s+mistake|yes|yeah|yep"
    r"|mhm|mm|uh-huh|right|got\s+it|go\s+(?:on|ahead)|sure|alright|perfect|great|thanks|thank\s+you|is|the|number|slash"
    r"|space|double|triple)\b|\b[a-z]\b|\d)+",
    re.IGNORECASE,
)


def is_spent(between: str, first_end: int) -> bool:
    """Tell whether what was announced has been told: digits end at `first_end`, other talk followed."""
    after = between[first_end:]
    return len(after.split()) >= 3 and _STILL.fullmatch(after) is None
