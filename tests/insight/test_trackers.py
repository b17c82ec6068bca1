"""Tracked phrases found literally, in every inflection, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earful.conversation.types import Tracker
from earful.insight.encoder import shared_encoder
from earful.insight.trackers import TrackerSet, phrase_pattern


def _hits(phrase: str, text: str) -> list[tuple[int, str]]:
    return [(hit.offset, hit.text) for hit in TrackerSet([Tracker("t", (phrase,), "1")]).find(text)]


@pytest.mark.parametrize(
    ("phrase", "text", "offset", "said"),
    [
        ("too expensive", "That is too expensive for us.", 8, "too expensive"),
        ("Too Expensive", "that is TOO expensive", 8, "TOO expensive"),
        ("cafe", "We met at the Café today.", 14, "Café"),
        ("was late, really!", "It was late really", 3, "was late really"),
        ("was late, really!", "It was late, really bad", 3, "was late, really"),
        ("What?", "And what now", 4, "what"),
        ("node.js 3.5", "We use Node.js 3.5.", 7, "Node.js 3.5"),
        ("cancel", "They cancelled the order.", 5, "cancelled"),
        ("cancel", "She is canceling it.", 7, "canceling"),
        ("delivery was late", "The last delivery was late.", 9, "delivery was late"),
        ("delivery is late", "The last delivery was late.", 9, "delivery was late"),
        ("invoice", "Two invoices are open.", 4, "invoices"),
        ("company", "Both companies agreed.", 5, "companies"),
        ("pay", "They paid twice.", 5, "paid"),
        ("refund", "He wants to be refunded.", 15, "refunded"),
        ("make a complaint", "She made a complaint.", 4, "made a complaint"),
        ("follow up", "Please follow-up tomorrow.", 7, "follow-up"),
        ("upgrade", "upgrading is easy", 0, "upgrading"),
        ("price", "What are your prices?", 14, "prices"),
        ("GDPR", "Is it gdpr proof?", 6, "gdpr"),
        ("24/7 support", "We offer 24/7 support.", 9, "24/7 support"),
        ("stop", "We stopped.", 3, "stopped"),
        ("R&D", "Ask R&D about it", 4, "R&D"),
    ],
)
def test_a_phrase_is_found_at_its_place(phrase: str, text: str, offset: int, said: str) -> None:
    """Case, accents, plurals and tenses do not hide a phrase; the offset is where it was said."""
    assert _hits(phrase, text) == [(offset, said)]


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("art", "the party started"),
        ("pay", "the payroll is done"),
        ("car", "take care of the card"),
        ("late delivery", "late last night the delivery came"),
        ("no", "nobody knows"),
        ("use", "the user is used up by us"[:11]),
    ],
)
def test_a_phrase_inside_other_words_is_not_found(phrase: str, text: str) -> None:
    """Precision matters: words must be whole, and together."""
    assert _hits(phrase, text) == []


def test_every_place_is_reported() -> None:
    """A phrase said twice is hit twice."""
    assert [offset for offset, _ in _hits("price", "price and price")] == [0, 10]


def test_empty_vocabulary_finds_nothing() -> None:
    """A phrase without words is ignored instead of matching everywhere."""
    assert phrase_pattern(" ... ") is None
    assert not TrackerSet([Tracker("t", ("", "!"), "1")])


def test_inline_trackers_get_an_id() -> None:
    """A tracker without an id has one for as long as the set lives."""
    trackers = TrackerSet([Tracker("t", ("price",))])
    first, second = trackers.find("price")[0], trackers.find("a price")[0]
    assert first.tracker_id == second.tracker_id
    assert len(first.tracker_id) == 16


def test_repeated_vocabulary_is_used_once() -> None:
    """The same phrase twice in a vocabulary gives one hit."""
    assert len(TrackerSet([Tracker("t", ("price", "price"), "1")]).find("price")) == 1


@given(st.text(max_size=30), st.text(max_size=60))
def test_no_vocabulary_breaks_the_search(phrase: str, text: str) -> None:
    """Any phrase can be searched for in any text, and hits lie inside it."""
    assert all(0 <= offset < len(text) for offset, _ in _hits(phrase, text))


@given(st.from_regex(r"[a-z]{3,8}( [a-z]{3,8}){0,2}", fullmatch=True))
def test_a_phrase_finds_itself(phrase: str) -> None:
    """Whatever the phrase, it is found where it stands."""
    assert (3, phrase) in _hits(phrase, f"so {phrase}.")


_PRINTER = Tracker("Printer", ("printer is jammed", "can't print", "printer not working"), "1")
_HEATING = Tracker("Heating", ("the heating is off", "it's cold in the flat"), "2")


def _meant(text: str, *trackers: Tracker) -> list[str]:
    hits = TrackerSet(trackers).find_similar(text, shared_encoder())
    assert all(hit.offset == -1 and hit.text == text for hit in hits)
    return sorted({hit.tracker_name for hit in hits})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The printer keeps swallowing my pages.", ["Printer"]),
        ("We're freezing in the bedroom, the boiler is dead.", ["Heating"]),
        ("The printer works again.", []),
        ("It's lovely and warm in here now.", []),
        ("We were stuck in a traffic jam.", []),
        ("It's warm in the flat.", []),
        ("It isn't cold in the flat at all.", []),
        ("It isn't warm in the flat at all.", ["Heating"]),
        ("The heating isn't off any more.", []),
        ("Let's look at the numbers of last quarter.", []),
        ("Um, you know.", []),
        ("?!", []),
    ],
)
def test_what_is_said_in_other_words_is_found_and_its_opposite_is_not(text: str, found: list[str]) -> None:
    assert _meant(text, _PRINTER, _HEATING) == found


def test_what_the_encoder_heard_need_not_be_asked_for_again() -> None:
    """The sense of a message after its neighbours is taken as it is."""
    trackers, text = TrackerSet([_PRINTER]), "The printer keeps swallowing my pages."
    sense = shared_encoder().sense(text)
    assert trackers.find_similar(text, shared_encoder(), sense) == trackers.find_similar(
        text, shared_encoder()
    )


def test_a_tracker_means_the_same_beside_others() -> None:
    """What is found of one tracker does not depend on which others there are, or in what order."""
    text = "We're freezing in the bedroom, the boiler is dead."
    assert _meant(text, _HEATING) == _meant(text, _HEATING, _PRINTER) == _meant(text, _PRINTER, _HEATING)
