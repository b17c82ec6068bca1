"""What a conversation is about, without churn and within bounds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earful.insight.encoder import shared_encoder
from earful.insight.text import stem
from earful.insight.topics import TopicBook, candidates

TALK = [
    "The delivery schedule slipped again this week.",
    "We should look at the delivery schedule with the carrier.",
    "The carrier said the border was closed.",
    "A new carrier would cost more than the house blend brings in.",
    "The house blend is our best coffee.",
    "So the delivery schedule needs two more days.",
]


def _book(texts: list[str]) -> TopicBook:
    book = TopicBook(shared_encoder())
    for index, text in enumerate(texts):
        book.add(text, str(index), f"m{index % 2}")
    return book


def test_repeated_phrases_lead() -> None:
    """What is said most, in more than one word, comes first."""
    topics, _ = _book(TALK).ranked()
    assert topics is not None
    assert topics[0].text == "delivery schedule"


def test_a_topic_names_its_messages() -> None:
    """Every topic can be traced to the messages it was said in."""
    topics, _ = _book(TALK).ranked()
    assert topics is not None
    (schedule,) = [topic for topic in topics if topic.text == "delivery schedule"]
    assert schedule.message_ids == ("0", "1", "5")
    assert schedule.root_words == ("delivery", "schedule")


def test_topics_are_ranked_by_score() -> None:
    """Scores fall along the list and lie between none and one."""
    topics, _ = _book(TALK).ranked()
    assert topics is not None
    assert all(0 < topic.score <= 1 for topic in topics)


def test_an_unchanged_list_is_not_reported_again() -> None:
    """Nothing new said, nothing reported."""
    book = _book(TALK)
    book.ranked()
    assert book.ranked() == (None, ())
    book.add("Yes, okay.", "9", None)
    assert book.ranked()[1] == ()


def test_a_topic_keeps_its_identity() -> None:
    """Later mentions do not make it a new topic."""
    book = _book(TALK)
    first = {topic.text: topic.id for topic in book.ranked()[0] or ()}
    book.add("The delivery schedule and the house blend, again.", "9", None)
    later = {topic.text: topic.id for topic in book.current()}
    assert all(first[text] == later[text] for text in first.keys() & later.keys())


def test_new_topics_are_reported_once() -> None:
    """A topic that leaves and comes back is not new."""
    book = TopicBook(shared_encoder())
    seen: list[str] = []
    for index in range(200):
        book.add(
            f"The {'red lorry' if index % 40 < 20 else 'yellow tractor'} number{index} came.",
            str(index),
            None,
        )
        seen += [topic.text for topic in book.ranked()[1]]
    assert len(seen) == len(set(seen))


def test_small_words_are_no_topics() -> None:
    """Greetings and fillers name nothing."""
    assert _book(["Okay, thank you.", "Yeah, right, so I think we're good.", "Thanks, bye."]).ranked() == (
        None,
        (),
    )


def test_plural_and_singular_are_one() -> None:
    """Invoices and an invoice are the same topic."""
    topics, _ = _book(["The invoices are late.", "One invoice is missing.", "Check every invoice."]).ranked()
    assert topics is not None
    assert len([topic for topic in topics if "invoice" in topic.text.lower()]) == 1


def test_a_shorter_topic_is_the_parent_of_a_longer() -> None:
    """The carrier contract belongs under the carrier when the carrier is talked of much more."""
    texts = ["The carrier called."] * 12 + ["The carrier contract is old.", "Renew the carrier contract."]
    topics, _ = _book(texts).ranked()
    assert topics is not None
    parents = {topic.text.lower(): topic.parent for topic in topics}
    assert parents["carrier contract"] == "carrier"


def test_sentiment_is_the_mean_of_the_messages() -> None:
    """A topic feels as the messages it was said in."""
    book = TopicBook(shared_encoder())
    book.add("The delivery schedule is awful.", "1", None, -0.8)
    book.add("The delivery schedule is fine.", "2", None, 0.2)
    topics, _ = book.ranked()
    assert topics is not None
    assert topics[0].sentiment is not None
    assert abs(topics[0].sentiment + 0.3) < 1e-9


def test_a_day_of_talk_stays_within_bounds() -> None:
    """However much is said, the book does not grow without end."""
    book = TopicBook(shared_encoder())
    for index in range(9000):
        book.add(
            f"word{chr(97 + index % 26)}{chr(97 + index // 26 % 26)}{chr(97 + index // 676)} thing",
            str(index),
            None,
        )
    assert len(book._candidates) <= 6000


def test_verbs_do_not_begin_a_phrase() -> None:
    """Candidates are named things, not what is done to them."""
    assert [text for _, text in candidates("Please discuss the annual budget")] == ["budget"] or [
        text for _, text in candidates("Please discuss the annual budget")
    ] == ["annual budget"]


def test_stem_takes_endings_off() -> None:
    """Plurals and possessives go, words that only look so stay."""
    assert [stem(word) for word in ("companies", "boxes", "carrier's", "class", "status", "prices")] == [
        "company", "box", "carrier", "class", "status", "price",
    ]  # fmt: skip


@settings(max_examples=50)
@given(st.lists(st.text(max_size=60), max_size=20))
def test_no_text_breaks_the_book(texts: list[str]) -> None:
    """The list is never longer than it may be, and texts are not repeated in it."""
    topics, _ = _book(texts).ranked()
    shown = [topic.text.lower() for topic in topics or ()]
    assert len(shown) <= 12
    assert len(shown) == len(set(shown))


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("Our contract for the old warehouse ends in September.", "old warehouse"),
        ("The inspector comes on Tuesday.", "inspector"),
        ("The new shelves cost more than we expected.", "new shelves"),
        ("What about the moving budget?", "moving budget"),
        ("We looked at the expense reports.", "expense reports"),
    ],
)
def test_verbs_do_not_end_a_phrase(text: str, phrase: str) -> None:
    """Number agreement and what follows tell the verb after a noun from a noun."""
    assert phrase in [shown for _, shown in candidates(text)]


@pytest.mark.parametrize("text", ["The building is almost ready.", "They keep asking.", "Let's schedule it."])
def test_qualities_and_doings_name_nothing(text: str) -> None:
    """A single adjective or verb is no topic."""
    assert not {shown for _, shown in candidates(text)} & {"ready", "asking", "schedule"}


def test_a_head_word_means_the_phrase_named_before() -> None:
    """After "the safety inspection", "the inspection" counts for that one and is no topic beside it."""
    book = TopicBook(shared_encoder())
    book.add("The loading dock still needs a safety inspection.", "1", "a")
    book.add("When will the inspection happen?", "2", "b")
    topics = book.ranked()[0] or ()
    (inspection,) = [topic for topic in topics if "inspection" in topic.text]
    assert (inspection.text, inspection.message_ids) == ("safety inspection", ("1", "2"))


def test_vectors_keep_the_list_ranked_and_steady() -> None:
    """With the encoder too scores fall along the list, and talk about nothing changes nothing."""
    book = TopicBook(shared_encoder())
    for index, text in enumerate(TALK):
        book.add(text, str(index), "m")
    topics = book.ranked()[0] or ()
    assert topics[0].text == "delivery schedule"
    assert [topic.score for topic in topics] == sorted((topic.score for topic in topics), reverse=True)
    book.add("Yes, okay.", "9", "m")
    assert book.ranked()[1] == ()


def test_who_takes_part_is_no_topic() -> None:
    """The names of speakers are said all the time and say nothing of what is talked of."""
    book = TopicBook(shared_encoder())
    book.leave_out("Noah Berg")
    for number in range(3):
        book.add("Noah, the samples for Berg Brothers.", str(number), None)
    assert {topic.text for topic in book.ranked()[0] or ()} <= {"samples", "Berg Brothers", "Brothers"}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("The weekend otherwise was quiet.", "otherwise"), ("The tree fell on the car.", "fell")],
)
def test_what_is_never_a_noun_ends_no_phrase(text: str, wrong: str) -> None:
    """Adverbs and verbs that taggers never take for nouns are no part of a topic."""
    assert not any(wrong in shown for _, shown in candidates(text))


def test_a_list_left_alone_is_what_ranking_again_would_give() -> None:
    """Messages that say nothing new are passed over; the list is the same as if each had been ranked."""
    talk = [text for line in TALK for text in (line, "Yes, okay.", "Right.", "Um, yeah.")]
    patient, eager = TopicBook(shared_encoder()), TopicBook(shared_encoder())
    for index, text in enumerate(talk):
        told = []
        for book in (patient, eager):
            book.add(text, str(index), f"m{index % 2}")
            if book is eager:
                book._settled = None
            topics, fresh = book.ranked()
            told.append([[topic.text for topic in some] for some in (topics or (), fresh)])
            told.append([[(topic.text, topic.score) for topic in book.current()]])
        assert told[:2] == told[2:]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The X-ray was fine.", [("x-ray", "X-ray")]),
        ("Turn off third-party cookies.", [("third-party cooky", "third-party cookies")]),
        ("There is a one-time fee.", [("fee", "fee")]),
        ("It needs a cold-brew tap.", [("cold brew tap", "cold-brew tap")]),
    ],
)
def test_half_a_compound_is_no_topic(text: str, found: list[tuple[str, str]]) -> None:
    """What is before the hyphen belongs to it where the rest would name another thing."""
    assert [one for one in candidates(text) if one[1] != "time"] == found


def test_words_within_a_phrase_with_a_compound_are_shown_as_they_were_said() -> None:
    book = _book(["The chest X-ray results came.", "We need the chest X-ray.", "That chest X-ray again."])
    topics, _ = book.ranked()
    assert topics is not None
    assert topics[0].text == "chest X-ray"
