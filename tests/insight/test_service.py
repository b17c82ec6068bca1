"""A conversation's meaning, utterance by utterance, through the interface that live sessions use."""

import threading
from datetime import UTC, datetime

import pytest

from earful.conversation.types import Conversation, Member, Redaction, Tracker, Word
from earful.insight.service import LocalInsightService, LocalInsightSession
from earful.insight.types import Findings, InsightOptions, Utterance

INES = Member("i", "Ines", "ines@example.com", "ines@example.com")
TOMASZ = Member("t", "Tomasz")
ALL = InsightOptions(sentiment=True, entities=True, phrases=True)


@pytest.fixture(scope="module")
def service() -> LocalInsightService:
    return LocalInsightService()


def _open(
    service: LocalInsightService, options: InsightOptions = ALL, offset: int = 0
) -> LocalInsightSession:
    start = datetime(2022, 3, 1, 9, tzinfo=UTC)
    conversation = Conversation("c", "app", start, members=(INES, TOMASZ), timezone_offset_min=offset)
    return service.open(conversation, options)


def _say(session: LocalInsightSession, *said: tuple[Member | None, str]) -> list[Findings]:
    return [
        session.observe(Utterance(text, 10.0 * index, 10.0 * index + 8, speaker))
        for index, (speaker, text) in enumerate(said)
    ]


def test_messages_are_sentences_with_speaker_and_time(service: LocalInsightService) -> None:
    """An utterance of two sentences makes two messages of one speaker, in order."""
    (found,) = _say(_open(service), (INES, "The truck is here. It brought two pallets."))
    assert [message.text for message in found.messages] == ["The truck is here.", "It brought two pallets."]
    assert {message.member_id for message in found.messages} == {"i"}
    first, second = found.messages
    assert 0 <= first.start < first.end <= second.start < second.end <= 8
    assert first.conversation_id == "c"
    assert first.id != second.id
    assert len(first.id) == 16


def test_the_running_example_of_the_reference(service: LocalInsightService) -> None:
    """A request, a promise with its date, and a complaint, as the reference describes them."""
    tracker = Tracker("Late delivery", ("delivery was late",), "77")
    asked, promised, complained = _say(
        _open(service, InsightOptions(sentiment=True, trackers=(tracker,))),
        (INES, "Could you send the revised quote by Friday?"),
        (TOMASZ, "Yes, I will email the quote to Ines tomorrow morning."),
        (INES, "The last delivery was late and we were really unhappy."),
    )
    assert {insight.kind for insight in asked.insights} == {"action_item", "question"}
    (action,) = promised.insights
    assert action.text == "Tomasz will email the quote to Ines tomorrow morning."
    assert (action.kind, action.assignee_id, action.definitive) == ("action_item", "t", True)
    assert action.due_by == datetime(2022, 3, 2, 12, tzinfo=UTC)
    assert action.message_ids == (promised.messages[0].id,)
    person, moment = action.entities
    assert (person.type, person.text, person.offset, person.value["assignee"]) == (
        "person",
        "Tomasz",
        0,
        True,
    )
    assert (moment.type, moment.offset) == ("datetimerange", 36)
    (match,) = complained.trackers
    assert (match.tracker_id, match.phrase, match.message_refs[0].offset) == ("77", "delivery was late", 9)
    assert complained.messages[0].sentiment is not None
    assert complained.messages[0].sentiment < -0.3


def test_due_dates_follow_the_time_zone(service: LocalInsightService) -> None:
    """Midnight on Friday in Warsaw is eleven in the evening on Thursday in UTC."""
    (found,) = _say(_open(service, offset=60), (TOMASZ, "I will send the invoice on Friday."))
    assert found.insights[0].due_by == datetime(2022, 3, 3, 23, tzinfo=UTC)


def test_only_the_kinds_asked_for_are_reported(service: LocalInsightService) -> None:
    """Whoever asks for questions gets no action items."""
    session = _open(service, InsightOptions(kinds=frozenset({"question"})))
    (found,) = _say(session, (INES, "Could you send the revised quote by Friday?"))
    assert {insight.kind for insight in found.insights} == {"question"}


def test_a_follow_up_is_an_action_item_when_follow_ups_are_not_wanted(
    service: LocalInsightService,
) -> None:
    """A promise to call is not lost on whoever asks for action items only."""
    text = "I'll call you tomorrow at three."
    (both,) = _say(_open(service), (TOMASZ, text))
    assert [insight.kind for insight in both.insights] == ["follow_up"]
    (one,) = _say(_open(service, InsightOptions(kinds=frozenset({"action_item"}))), (TOMASZ, text))
    assert [insight.kind for insight in one.insights] == ["action_item"]


def test_the_threshold_filters_by_score(service: LocalInsightService) -> None:
    """Nothing scores as high as an unreachable threshold."""
    session = _open(service, InsightOptions(confidence_threshold=1.0))
    (found,) = _say(session, (INES, "Could you send the revised quote by Friday?"))
    assert found.insights == ()


def test_a_sentence_broken_by_a_pause_is_understood_whole(service: LocalInsightService) -> None:
    """ "I will" … "send the invoice" is one promise, traceable to both messages."""
    session = _open(service)
    first = session.observe(Utterance("I will", 0, 1, TOMASZ))
    second = session.observe(Utterance("send the invoice to the client on Monday.", 2, 4, TOMASZ))
    assert first.insights == ()
    (action,) = second.insights
    assert action.text == "Tomasz will send the invoice to the client on Monday."
    assert action.message_ids == (first.messages[0].id, second.messages[0].id)


def test_the_name_of_who_is_to_speak_is_no_question(service: LocalInsightService) -> None:
    found = _say(_open(service), (INES, "Great, thanks."), (INES, "Tomasz?"), (INES, "Tomasz, is it done?"))
    assert [one.text for step in found for one in step.insights] == ["Tomasz, is it done?"]


def test_a_sentence_that_goes_on_without_a_pause_is_whole(service: LocalInsightService) -> None:
    """ "That", "to" and "in" may end one: the next is another."""
    session = _open(service)
    asked = ("Nice, I like that. What does it cost?", "Okay, I think it's in. Any objections?")
    found = [session.observe(Utterance(text, 9.0 * at, 9.0 * at + 4, INES)) for at, text in enumerate(asked)]
    questions = [one.text for step in found for one in step.insights if one.kind == "question"]
    assert questions == ["What does it cost?", "Any objections?"]


def test_a_long_pause_or_another_speaker_breaks_a_sentence(service: LocalInsightService) -> None:
    """What another says, or what is said much later, is another sentence."""
    session = _open(service)
    session.observe(Utterance("I will", 0, 1, TOMASZ))
    other = session.observe(Utterance("the weather is nice.", 2, 3, INES))
    late = session.observe(Utterance("a nice day it was.", 60, 61, TOMASZ))
    assert other.insights == ()
    assert late.insights == ()


def test_the_same_promise_twice_is_one_insight(service: LocalInsightService) -> None:
    """Repeating oneself makes no second action item."""
    _, again = _say(
        _open(service),
        (TOMASZ, "I will send the invoice on Friday."),
        (TOMASZ, "I will send the invoice on Friday."),
    )
    assert again.insights == ()


def test_topics_come_with_talk_and_only_when_they_change(service: LocalInsightService) -> None:
    """The list is reported when it changed, new topics once."""
    first, _, third, last = _say(
        _open(service),
        (INES, "The delivery schedule is a mess."),
        (TOMASZ, "Our delivery schedule was fine last year."),
        (INES, "The warehouse contract ends in June."),
        (TOMASZ, "Okay."),
    )
    assert [topic.text for topic in first.new_topics] == ["delivery schedule"]
    assert "delivery schedule" not in {topic.text for topic in third.new_topics}
    assert last.topics is None


def test_topics_can_be_switched_off(service: LocalInsightService) -> None:
    """Without topics the list is never reported."""
    (found,) = _say(_open(service, InsightOptions(topics=False)), (INES, "The delivery schedule slipped."))
    assert found.topics is None
    assert found.new_topics == ()


def test_options_change_from_then_on(service: LocalInsightService) -> None:
    """A tracker added later finds what is said later, and keeps its id."""
    session = _open(service, InsightOptions())
    (before,) = _say(session, (INES, "That price is too high."))
    session.configure(InsightOptions(trackers=(Tracker("Price", ("price",)),)))
    (after,) = _say(session, (INES, "That price is too high."))
    session.configure(InsightOptions(trackers=(Tracker("Price", ("price",)), Tracker("More", ("more",)))))
    (later,) = _say(session, (INES, "The price again."))
    assert before.trackers == ()
    assert after.trackers[0].tracker_id == later.trackers[0].tracker_id


def test_a_similar_meaning_has_no_offset(service: LocalInsightService) -> None:
    """Wanting one's money back is about a refund; finding something again is not."""
    session = _open(service, InsightOptions(trackers=(Tracker("Refund", ("refund",), "5"),)))
    meant, other = _say(session, (INES, "I want my money back."), (INES, "We found it in the basement."))
    assert [match.message_refs[0].offset for match in meant.trackers] == [-1]
    assert other.trackers == ()


def test_partials_are_searched_only_when_asked(service: LocalInsightService) -> None:
    """Interim hits have a place but no message yet."""
    tracker = Tracker("Price", ("price",), "5")
    assert _open(service, InsightOptions(trackers=(tracker,))).interim("the price", INES) == ()
    session = _open(service, InsightOptions(trackers=(tracker,), interim_trackers=True))
    (match,) = session.interim("what is the price", INES)
    assert (match.message_refs[0].offset, match.message_refs[0].message_id) == (12, "")


SECRET = "My name is Zbigniew and my card is 4111 1111 1111 1111."


def test_redaction_masks_everything_that_is_returned(service: LocalInsightService) -> None:
    """Messages, words, insights, phrases, topics and trackers never carry what was masked."""
    options = InsightOptions(
        sentiment=True,
        phrases=True,
        entities=True,
        redaction=Redaction(redact=True),
        trackers=(Tracker("Card", ("card",)),),
    )
    words = tuple(Word(text, i, i + 1) for i, text in enumerate(SECRET.split()))
    session = _open(service, options)
    findings = [
        session.observe(Utterance(SECRET, 0, 12, TOMASZ, words=words)),
        session.observe(Utterance("I will send Zbigniew the form to zbig@example.com.", 20, 25, INES)),
    ]
    shown = repr(findings)
    assert "Zbigniew" not in shown
    assert "4111" not in shown
    assert "zbig@example.com" not in shown
    assert findings[0].messages[0].text == "My name is **** and my card is ****."
    assert findings[1].insights[0].text.startswith("**** will send")


def test_identified_data_is_listed_with_its_value(service: LocalInsightService) -> None:
    """With identify alone the text stays and the entities say what is in it."""
    session = _open(service, InsightOptions(redaction=Redaction(identify=True)))
    (found,) = _say(session, (TOMASZ, SECRET))
    (message,) = found.messages
    assert message.text == SECRET
    assert [(e.type, e.value) for e in message.entities] == [
        ("PERSON_NAME", "Zbigniew"),
        ("CREDIT_CARD_NUMBER", "4111111111111111"),
    ]


def test_words_that_became_personal_meanwhile_are_masked_in_phrases_too(service: LocalInsightService) -> None:
    """What stood in a message that told nothing then is a name now."""
    options = InsightOptions(phrases=True, redaction=Redaction(redact=True, mask="[X]"))
    session = _open(service, options)
    (first,) = _say(session, (INES, "Maybe we call Quorvex tomorrow."))
    session.meet(Member("q", "Quorvex"))
    (last,) = _say(session, (INES, "I will call Quorvex tomorrow."))
    assert first.messages[0].text == "Maybe we call Quorvex tomorrow."
    assert last.messages[0].text == "I will call [X] tomorrow."
    phrases = [*last.messages[0].phrases, *(one for insight in last.insights for one in insight.phrases)]
    assert {phrase.text for phrase in phrases} == {"call [X] tomorrow"}


def test_partials_are_masked_like_messages(service: LocalInsightService) -> None:
    """A caption that is still growing shows no card number either."""
    session = _open(service, InsightOptions(redaction=Redaction(redact=True, mask="[X]")))
    assert session.mask("my card is 4111 1111 1111 1111") == "my card is [X]"
    assert _open(service).mask("my card is 4111 1111 1111 1111") == "my card is 4111 1111 1111 1111"


def test_entities_are_listed_with_their_message(service: LocalInsightService) -> None:
    """Every entity can be traced to the place it was said."""
    (found,) = _say(_open(service), (INES, "We fly to Berlin on Friday."))
    assert [(match.entity.type, match.entity.text) for match in found.entities] == [
        ("location", "Berlin"), ("date", "Friday"),
    ]  # fmt: skip
    reference = found.entities[0].message_refs[0]
    assert reference.message_id == found.messages[0].id
    assert found.messages[0].text[reference.offset :].startswith("Berlin")


def test_confidence_is_the_mean_of_the_words(service: LocalInsightService) -> None:
    """A message is as sure as its words, or as the utterance when the words do not say."""
    words = (Word("Good", 0, 1, 0.8), Word("day.", 1, 2, 0.6))
    session = _open(service)
    assert session.observe(Utterance("Good day.", 0, 2, INES, words, 0.1)).messages[
        0
    ].confidence == pytest.approx(0.7)
    assert session.observe(Utterance("Good day.", 3, 5, INES, (), 0.1)).messages[0].confidence == 0.1


def test_an_unknown_speaker_is_fine(service: LocalInsightService) -> None:
    """Without a speaker the words stay as said and nobody is the assignee."""
    (found,) = _say(_open(service), (None, "I will send the invoice on Friday."))
    assert found.messages[0].member_id is None
    assert found.insights[0].assignee_id is None


def test_silence_means_nothing(service: LocalInsightService) -> None:
    """An empty utterance makes no message, and the end brings nothing that was held back."""
    session = _open(service)
    assert session.observe(Utterance("  ", 0, 1, INES)) == Findings()
    assert session.finish() == Findings()


def test_the_same_words_give_the_same_findings(service: LocalInsightService) -> None:
    """Live or recorded, findings depend on the words alone."""
    said = ((INES, "Could you order the blue labels?"), (TOMASZ, "Yes, I'll order the labels today."))
    texts = [
        [insight.text for findings in _say(_open(service), *said) for insight in findings.insights]
        for _ in range(2)
    ]
    assert texts[0] == texts[1]
    assert texts[0]


def test_threads_take_turns(service: LocalInsightService) -> None:
    """Several speakers' streams may call one session at once."""
    session = _open(service)
    found: list[Findings] = []

    def talk(speaker: Member) -> None:
        found.extend(
            session.observe(Utterance(f"Box {number} is ready.", number, number + 1, speaker))
            for number in range(20)
        )

    threads = [threading.Thread(target=talk, args=(speaker,)) for speaker in (INES, TOMASZ)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = {message.id for findings in found for message in findings.messages}
    assert len(ids) == 40


def test_bare_talk_becomes_sentences(service: LocalInsightService) -> None:
    """Without any punctuation two sentences are two messages, written as such, and the question is found."""
    (found,) = _say(_open(service), (INES, "the truck leaves at nine on monday what time does it get to you"))
    assert [message.text[-1] for message in found.messages] == [".", "?"]
    assert found.messages[1].text[0].isupper()
    assert [insight.kind for insight in found.insights] == ["question"]
    assert found.insights[0].message_ids == (found.messages[1].id,)


def test_what_bare_talk_becomes_means_the_same_when_sent_as_text(service: LocalInsightService) -> None:
    """The messages of live talk, sent again as they were written, give the same insights."""
    said = [
        (INES, "okay so can you send us the revised quote by friday"),
        (TOMASZ, "yeah i'll do that what was the number of the order"),
        (INES, "how are you doing otherwise"),
    ]
    first = _say(_open(service), *said)
    again = _say(
        _open(service),
        *((INES if m.member_id == INES.id else TOMASZ, m.text) for f in first for m in f.messages),
    )
    kinds = [[i.kind for f in run for i in f.insights] for run in (first, again)]
    texts = [[m.text for f in run for m in f.messages] for run in (first, again)]
    assert texts[0] == texts[1]
    assert kinds[0] == kinds[1]
    assert "question" in kinds[0]


def test_a_broken_sentence_is_not_understood_before_its_other_half(service: LocalInsightService) -> None:
    """Half a promise is no promise yet, though it reads like one; the whole is one, with its date."""
    session = _open(service)
    first = session.observe(Utterance("I will send the report and the", 0, 2, TOMASZ))
    aside = session.observe(Utterance("Mhm.", 2, 2.5, INES))
    second = session.observe(Utterance("revised quote by Friday.", 3, 4, TOMASZ))
    assert first.held
    assert not second.held
    assert first.insights == aside.insights == ()
    (action,) = second.insights
    assert action.text == "Tomasz will send the report and the revised quote by Friday."
    assert action.due_by is not None
    assert action.message_ids == (first.messages[0].id, second.messages[0].id)


@pytest.mark.parametrize("end", ["release", "finish", "later"])
def test_half_a_sentence_is_told_as_it_stands_when_no_more_comes(
    service: LocalInsightService, end: str
) -> None:
    """Nothing is lost when the speaker stops, the conversation ends or goes on much later; nor told twice."""
    session = _open(service)
    first = session.observe(Utterance("I will send the invoice tomorrow and", 0, 2, TOMASZ))
    assert first.insights == ()
    told = {
        "release": lambda: session.release(TOMASZ),
        "finish": session.finish,
        "later": lambda: session.observe(Utterance("It rains.", 9, 10, INES)),
    }[end]()
    (action,) = told.insights
    assert action.message_ids == (first.messages[0].id,)
    assert action.due_by is not None
    assert session.release(TOMASZ).insights == session.finish().insights == ()


def test_halves_are_joined_however_often_a_sentence_is_broken(service: LocalInsightService) -> None:
    """Two pauses in one promise: it is traceable to three messages."""
    session = _open(service)
    halves = ["I will", "send you the", "quote by Friday."]
    found = [
        session.observe(Utterance(text, 2.0 * at, 2.0 * at + 1, TOMASZ)) for at, text in enumerate(halves)
    ]
    (action,) = found[-1].insights
    assert action.text == "Tomasz will send Ines the quote by Friday."
    assert action.message_ids == tuple(step.messages[0].id for step in found)


def test_two_promises_stay_two_when_the_first_has_no_end(service: LocalInsightService) -> None:
    """A promise that is whole in itself is not swallowed by half of another."""
    found = _say(
        _open(service),
        (TOMASZ, "I will send the invoice tomorrow and"),
        (TOMASZ, "I'll call the warehouse about the pallets on Monday."),
    )
    assert [insight.text for step in found for insight in step.insights] == [
        "Tomasz will send the invoice tomorrow.",
        "Tomasz will call the warehouse about the pallets on Monday.",
    ]
