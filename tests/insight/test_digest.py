"""Summaries, scores, themes, custom entities, masking on reading, and the language model's manners."""

from datetime import datetime

import httpx
import pytest

from earful.conversation.types import CustomEntity, Entity, Message, Topic
from earful.insight.call_score import score_call
from earful.insight.custom_entities import CUSTOM, find_custom_entities
from earful.insight.encoder import shared_encoder
from earful.insight.language_model import LanguageModel, LanguageModelError
from earful.insight.reading import Masking, masked
from earful.insight.summary import call_transcript, summarise
from earful.insight.themes import rank_topics, themes, vocabulary_topics
from earful.insight.topics import TopicBook
from tests.store.samples import ACTION_ITEM, ASKED, FOLLOW_UP, PROMISED, QUESTION, UNNAMED

MESSAGES = (ASKED, PROMISED, UNNAMED)
NAMES = {"m-ines": "Ines", "m-tomasz": "Tomasz"}


def test_a_summary_says_what_is_to_be_done_and_where_it_is_from() -> None:
    summary = summarise(MESSAGES, [QUESTION, ACTION_ITEM], (), NAMES)
    assert ACTION_ITEM.text in summary.text
    assert PROMISED.id in summary.message_ids
    assert summarise(MESSAGES, [QUESTION, ACTION_ITEM], (), NAMES) == summary


def test_a_long_talk_has_a_short_summary() -> None:
    things = ["grinder", "roaster", "kettle", "scale", "van", "invoice", "window", "ladder", "filter", "lamp"]
    said = [
        Message(
            str(i), "c", f"The {things[i % 10]} stands beside the {things[i // 10 % 10]} today.", i, i + 1
        )
        for i in range(500)
    ]
    summary = summarise(said)
    assert 2 <= len(summary.message_ids) <= 8
    assert all(one.text in summary.text for one in said if one.id in summary.message_ids)


def test_nothing_said_has_no_summary() -> None:
    assert summarise([]).text == ""


def test_a_long_transcript_keeps_its_ends() -> None:
    text = call_transcript([*MESSAGES] * 50, NAMES, max_chars=400)
    assert len(text) < 420
    assert text.startswith("Ines: Could")
    assert text.endswith("late.")


def test_a_call_with_next_steps_moves_forward() -> None:
    with_steps = score_call(MESSAGES, [QUESTION, ACTION_ITEM, FOLLOW_UP])
    without = score_call(MESSAGES, [QUESTION])
    names = [one.name for one in with_steps.criteria]
    assert names == ["Communication and Engagement", "Question Handling", "Forward Motion"]
    assert with_steps.criteria[2].score > without.criteria[2].score == 0
    assert with_steps.criteria[1].score == 100
    assert with_steps.score == round(sum(one.score for one in with_steps.criteria) / 3)
    assert score_call(MESSAGES, [], sales=True).criteria[-1].name == "Sales Process"


def test_custom_entities_are_whole_words_in_any_case_the_longest_first() -> None:
    wanted = [CustomEntity("Thing", "bike", "b"), CustomEntity("Vehicle", "cargo bike", "cb")]
    found = find_custom_entities("A Cargo  Bike and a bike, no bikes.", wanted)
    assert found == (
        Entity("Vehicle", "Cargo  Bike", 2, "cb", CUSTOM),
        Entity("Thing", "bike", 20, "b", CUSTOM),
    )


def test_a_custom_entity_of_no_words_is_found_nowhere() -> None:
    assert find_custom_entities("anything", [CustomEntity("x", "  ", "y")]) == ()


@pytest.mark.parametrize(
    ("how", "shown"),
    [
        (Masking(), "[EMAIL_ADDRESS]"),
        (Masking("obfuscation"), "*" * len("jo@example.com")),
        (Masking("custom", custom={"EMAIL_ADDRESS": "<mail>"}), "<mail>"),
        (Masking("custom", custom={"default": "<x>"}), "<x>"),
        (Masking(exclude=frozenset({"EMAIL_ADDRESS"})), "jo@example.com"),
    ],
)
def test_personal_data_is_masked_as_asked(how: Masking, shown: str) -> None:
    message = Message("1", "c", "Write to jo@example.com please.", 0, 1)
    (read,) = masked([message], how, now=datetime(2026, 3, 2))
    assert read.text == f"Write to {shown} please."


def test_vocabulary_that_was_said_becomes_topics() -> None:
    found = vocabulary_topics(["revised quote", "unsaid", "The delivery"], MESSAGES, ())
    assert [(one.text, one.message_ids) for one in found] == [
        ("revised quote", (ASKED.id,)),
        ("The delivery", (UNNAMED.id,)),
    ]
    assert rank_topics(MESSAGES)


def test_topics_ranked_anew_are_those_of_live_talk_without_the_names_of_who_spoke() -> None:
    book = TopicBook(shared_encoder())
    book.leave_out("Sam Quote")
    for message in MESSAGES:
        book.add(message.text, message.id, message.member_id)
    live = book.ranked()[0] or ()
    anew = rank_topics(MESSAGES, ["Sam Quote"])
    assert [(one.text, one.score) for one in anew] == [(one.text, one.score) for one in live]
    assert "quote" not in [one.text for one in anew]


async def model_answering(status: int, body: object) -> LanguageModel:
    transport = httpx.MockTransport(lambda request: httpx.Response(status, json=body))
    return LanguageModel("http://llm/v1", "m", "key", transport=transport)


async def test_a_model_is_asked_for_json_and_may_fence_it() -> None:
    content = '```json\n{"a": 1}\n```'
    async with await model_answering(200, {"choices": [{"message": {"content": content}}]}) as model:
        assert await model.answer_json("task", "material") == {"a": 1}


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, {}), (200, {}), (200, []), (200, {"choices": [{"message": {"content": " "}}]})],
)
async def test_whatever_goes_wrong_with_a_model_is_one_error(status: int, body: object) -> None:
    async with await model_answering(status, body) as model:
        with pytest.raises(LanguageModelError):
            await model.answer("task", "material")


def test_an_adjective_alone_makes_no_theme() -> None:
    messages = [Message(str(at), "c", "x", at, at + 1) for at in range(4)]
    topics = [
        Topic(name, name, score, (at,), tuple(name.lower().split()))
        for name, score, at in (
            ("New York", 0.9, "0"),
            ("new machine", 0.8, "1"),
            ("late delivery", 0.7, "2"),
            ("delivery", 0.6, "3"),
        )
    ]
    found = {theme.text: theme.message_ids for theme in themes(topics, messages)}
    assert found == {"late delivery": ("2", "3"), "New York": ("0",), "new machine": ("1",)}
