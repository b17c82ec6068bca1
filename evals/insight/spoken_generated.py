"""Personal data read out in many ways, made by rule from a seed: numbers grouped, doubled, paused and spelt.

It shares no code and no sentence with the finder. Every item is one or more messages in a row, as a live
recogniser gives them; in each, the parts to mask are known because they were put there.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Spoken", "generated"]


def _listed(text: str) -> list[str]:
    return text.split()


_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = [
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["", ".", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_LETTER_NAMES = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        [
            "apple",
            "boy",
            "cat",
            "dog",
            "easy",
            "frank",
            "george",
            "henry",
            "ink",
            "john",
            "king",
            "lion",
            "mary",
            "nancy",
            "oscar",
            "peter",
            "queen",
            "robert",
            "sugar",
            "tom",
            "uncle",
            "victor",
            "william",
            "xylophone",
            "yellow",
            "zebra",
        ],
        strict=True,
    )
)
_FIRST = [
    "wendell",
    "oriana",
    "casimir",
    "thandiwe",
    "ludmila",
    "fenwick",
    "aoife",
    "santosh",
    "marisol",
    "tobias",
    "yuki",
    "halima",
]
_LAST = [
    "arkwright",
    "delacroix",
    "fenstermaker",
    "okonkwo",
    "vanterpool",
    "szymanski",
    "iyer",
    "mcgillicuddy",
    "lindqvist",
    "abara",
]
_STREETS = _listed("Larkspur Bellweather Quarry Hollis Pemberton Ashgrove Millrace Tannery")
_HOSTS = _listed("gmail hotmail proton yahoo fastmail brightfield")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A message, what was said just before it, and where what must be masked stands in it."""

    text: str
    before: str
    spans: tuple[tuple[int, int], ...]


def generated(count: int = 240, seed: int = 20) -> list[Spoken]:
    """Return that many messages, the same ones for the same seed."""
    dice = random.Random(seed)
    items: list[Spoken] = []
    while len(items) < count:
        items += _marked(dice.choice(_MAKERS)(dice))
    return items[:count]


def _marked(messages: list[str]) -> list[Spoken]:
    """Read `<...>` marks off messages in a row."""
    result: list[Spoken] = []
    before = ""
    for message in messages:
        text, spans = "", []
        for index, part in enumerate(message.replace(">", "<").split("<")):
            if index % 2:
                spans.append((len(text), len(text) + len(part)))
            text += part
        result.append(Spoken(text, before, tuple(spans)))
        before = f"{before} {text}"[-300:]
    return result


def _digits(dice: random.Random, count: int) -> str:
    return "".join(dice.choice("0123456789") for _ in range(count))


def _say(dice: random.Random, digits: str) -> str:
    """Say digits one by one, in pairs, with doubles, "oh" for nought, and the odd filler."""
    oh = dice.choice(("zero", "oh"))
    pairs, doubles, fillers = dice.random() < 0.25, dice.random() < 0.4, dice.random() < 0.2
    parts: list[str] = []
    at = 0
    while at < len(digits):
        left = digits[at:]
        if doubles and len(left) > 2 and left[0] == left[1] == left[2]:
            parts.append(f"triple {oh if left[0] == '0' else _WORDS[int(left[0])]}")
            at += 3
        elif doubles and len(left) > 1 and left[0] == left[1]:
            parts.append(f"double {oh if left[0] == '0' else _WORDS[int(left[0])]}")
            at += 2
        elif pairs and len(left) > 1 and left[0] != "0":
            value = int(left[:2])
            parts.append(
                _TEENS[value - 10]
                if value < 20
                else _TENS[value // 10] + (f" {_WORDS[value % 10]}" if value % 10 else "")
            )
            at += 2
        else:
            parts.append(oh if left[0] == "0" else _WORDS[int(left[0])])
            at += 1
        if fillers and dice.random() < 0.2 and at < len(digits):
            parts.append(dice.choice(("um", "uh")))
    return " ".join(parts)


def _luhn(dice: random.Random) -> str:
    body = dice.choice("3456") + _digits(dice, 14)
    total = sum(
        sum(divmod(int(digit) * (2 if place % 2 == 0 else 1), 10)) for place, digit in enumerate(body)
    )
    return body + str(-total % 10)


def _card(dice: random.Random) -> list[str]:
    number = _luhn(dice)
    groups = [_say(dice, number[at : at + 4]) for at in range(0, 16, 4)]
    lead = dice.choice(
        ("yeah the card is", "it's a mastercard", "okay so my card number is", "you can put it on visa")
    )
    style = dice.randrange(4)
    if style == 0:
        return [f"{lead} <{' '.join(groups)}>"]
    if style == 1:
        return [f"{lead} <{', '.join(groups)}>."]
    if style == 2:
        return [f"okay so my card number is <{groups[0]}>", *(f"<{group}>" for group in groups[1:])]
    return [
        "what's the number on the card?",
        f"sure it's <{' '.join(groups[:2])}>",
        f"<{' '.join(groups[2:])}>",
    ]


def _short(dice: random.Random) -> list[str]:
    lead, count = dice.choice(
        (
            ("and the three digits on the back", 3),
            ("the security code is", 3),
            ("my pin is", 4),
            ("the last four of my social are", 4),
            ("it ends in", 4),
        )
    )
    if lead == "it ends in":
        return [
            "which card should I use? the number please",
            f"it ends in <{_say(dice, _digits(dice, count))}>",
        ]
    return [f"{lead} <{_say(dice, _digits(dice, count))}>"]


def _social(dice: random.Random) -> list[str]:
    number = _digits(dice, 9)
    parts = [_say(dice, number[:3]), _say(dice, number[3:5]), _say(dice, number[5:])]
    lead = dice.choice(("my social is", "social security number", "the ssn would be"))
    return [f"{lead} <{dice.choice((' ', ', ', ' dash ')).join(parts)}>"]


def _phone(dice: random.Random) -> list[str]:
    number = dice.choice("23456789") + _digits(dice, 9)
    parts = [_say(dice, number[:3]), _say(dice, number[3:6]), _say(dice, number[6:])]
    lead = dice.choice(("call me back on", "my cell is", "best number to reach me is", "it's area code"))
    return [f"{lead} <{dice.choice((' ', ', ')).join(parts)}>" + dice.choice(("", " after lunch", " thanks"))]


def _email(dice: random.Random) -> list[str]:
    first, last, host = dice.choice(_FIRST), dice.choice(_LAST), dice.choice(_HOSTS)
    left = dice.choice(
        (
            f"{first} dot {last}",
            f"{first} underscore {last}",
            f"{first[0]} {last}",
            f"{first}{dice.randrange(10, 99)}",
        )
    )
    end = dice.choice(("com", "net", "org", "co dot uk"))
    lead = dice.choice(("you can write to", "my email is", "send it to", "that's"))
    return [f"{lead} <{left} at {host} dot {end}>" + dice.choice(("", " please", ", all one word"))]


def _spelt(dice: random.Random) -> list[str]:
    last = dice.choice(_LAST).upper()
    if dice.random() < 0.5:
        letters = " ".join(last)
    else:
        letters = " ".join(
            f"{letter} as in {_LETTER_NAMES[letter]}" if dice.random() < 0.5 else letter for letter in last
        )
    return (
        ["could you spell your last name?", f"<{letters}>"]
        if dice.random() < 0.5
        else [f"the last name is spelled <{letters}>"]
    )


def _named(dice: random.Random) -> list[str]:
    name = f"{dice.choice(_FIRST).capitalize()} {dice.choice(_LAST).capitalize()}"
    return [
        dice.choice(
            (
                f"Hi, my name is <{name}>.",
                f"This is <{name}> calling about my order.",
                f"I spoke to <{name}> yesterday.",
            )
        ).replace("yesterday", "before")
    ]


def _birth(dice: random.Random) -> list[str]:
    month = dice.choice(["January", "March", "April", "June", "August", "October", "December"])
    day = dice.choice(["first", "third", "eighth", "twelfth", "nineteenth", "twenty", "fourth"][:5])
    year = f"nineteen {dice.choice(_TENS[5:])} {dice.choice(_WORDS[1:])}"
    style = dice.randrange(3)
    if style == 0:
        return [f"I was born on <{month} {day}, {year}>"]
    if style == 1:
        return [f"date of birth is <the {day} of {month} {year}>"]
    number = f"0{dice.randrange(1, 9)}{dice.randrange(10, 28)}{dice.randrange(50, 99)}"
    return [f"my birthday is <{_say(dice, number)}>"]


def _document(dice: random.Random) -> list[str]:
    letter = dice.choice("ABCDEFGHJKLMNPRSTUVWXYZ")
    lead = dice.choice(("my passport number is", "the driver's license number is", "passport"))
    return [f"{lead} <{letter} {_say(dice, _digits(dice, 7)).replace(' um', '').replace(' uh', '')}>"]


def _bank(dice: random.Random) -> list[str]:
    lead, count = dice.choice(
        (("routing number", 9), ("my account number is", 10), ("the checking account is", 8))
    )
    return [f"{lead} <{_say(dice, _digits(dice, count))}>"]


def _address(dice: random.Random) -> list[str]:
    house = dice.choice(("fourteen", "two twenty one", "nine hundred", "thirty six", "412", "7"))
    street = f"{dice.choice(_STREETS)} {dice.choice(['Street', 'Road', 'Avenue', 'Lane', 'Drive'])}"
    lead = dice.choice(("I live at", "ship it to", "the address is"))
    return [f"{lead} <{house} {street}>"]


_HARMLESS = (
    "We sold {a} units in {b} weeks and the team has {c} people.",
    "The meeting starts at {b} and takes {a} minutes.",
    "We need {a} chairs, {b} tables and {c} lamps for the room.",
    "Turn to page {a} and look at the second table.",
    "About {a} percent of the callers waited more than {b} minutes.",
    "Option {c} is better than option {b}, I think.",
    "It took {b} tries before the printer worked.",
    "I'd say {a} dollars a month for {b} users.",
    "Press {c} and then wait for the beep.",
    "There are {b} of us in the car and it's {a} miles.",
)


def _harmless(dice: random.Random) -> list[str]:
    numbers = {
        "a": dice.choice(("forty", "twelve", "sixty five", "35")),
        "b": dice.choice(("two", "three", "six")),
    }
    return [dice.choice(_HARMLESS).format(**numbers, c=dice.choice(("four", "nine", "eight")))]


_MAKERS: tuple[Callable[[random.Random], list[str]], ...] = (
    _card,
    _short,
    _social,
    _phone,
    _email,
    _spelt,
    _named,
    _birth,
    _document,
    _bank,
    _address,
    _harmless,
    _harmless,
    _harmless,
)
