"""Conversations written out as Markdown and as captions."""

import re

from earful.conversation.transcripts import markdown, plain, srt, vtt
from earful.conversation.types import Message

NAMES: dict[str | None, str] = {"i": "Ines", "t": "Tomasz"}


def said(id: str, who: str | None, text: str, start: float = 0.0, end: float | None = None) -> Message:
    return Message(id, "c", text, start, start + 1 if end is None else end, member_id=who)


TALK = (
    said("1", "i", "Hello.", 0, 1),
    said("2", "i", "How are you?", 1.2, 2),
    said("3", "t", "Fine.", 2.5, 3),
    said("4", "t", "Let us begin.", 9, 10),
    said("5", None, "Good.", 10, 11),
)


def test_without_wishes_it_is_running_text() -> None:
    assert markdown(TALK, NAMES) == "Hello. How are you? Fine. Let us begin. Good."


def test_paragraphs_end_where_the_speaker_changes_or_pauses() -> None:
    units = markdown(TALK, NAMES, paragraphs=True).split("<br/><br/>")
    assert units == ["Hello. How are you?", "Fine.", "Let us begin.", "Good.", ""]


def test_speakers_are_named_before_each_message_when_known() -> None:
    units = markdown(TALK, NAMES, speakers=True).split("<br/><br/>")
    assert units[:3] == ["Ines: Hello.", "Ines: How are you?", "Tomasz: Fine."]
    assert units[4] == "Good."


def test_speakers_are_named_once_in_a_paragraph() -> None:
    assert markdown(TALK[:2], NAMES, paragraphs=True, speakers=True) == "Ines: Hello. How are you?<br/><br/>"


def test_a_long_speech_is_cut_into_paragraphs() -> None:
    speech = [said(str(n), "i", "x" * 100, n, n + 1) for n in range(20)]
    assert markdown(speech, NAMES, paragraphs=True).count("<br/><br/>") == 4


def test_phrases_are_marked_whatever_their_case_and_the_longest_first() -> None:
    message = said("1", "i", "Email the quote, email the quote today, e-mail.")
    text = markdown(
        [message], {}, highlights={"1": ["email the quote", "email the quote today", "", "absent"]}
    )
    assert text == "<mark>Email the quote</mark>, <mark>email the quote today</mark>, e-mail."


def test_phrases_are_marked_in_their_own_message_only() -> None:
    assert "<mark>" not in markdown(TALK, NAMES, highlights={"1": ["Fine"], "9": ["Good"]})


def test_what_was_said_cannot_become_markup() -> None:
    text = markdown(
        [said("1", "x", "a <script> & b")], {"x": "<b>"}, speakers=True, highlights={"1": ["<script>"]}
    )
    assert text == "&lt;b&gt;: a <mark>&lt;script&gt;</mark> & b<br/><br/>"


def test_captions_are_numbered_and_timed() -> None:
    cues = srt(TALK, NAMES, speakers=True).split("\n\n")
    assert cues[1] == "2\n00:00:01,200 --> 00:00:02,000\nInes: How are you?"
    assert cues[4] == "5\n00:00:10,000 --> 00:00:11,000\nGood.\n"


def test_caption_times_pass_hours_and_never_sixty_seconds() -> None:
    text = srt([said("1", None, "x", 3599.9996, 90_061.5)], {})
    assert "01:00:00,000 --> 25:01:01,500" in text


def test_a_caption_has_no_empty_line_and_never_ends_before_it_begins() -> None:
    text = srt([said("1", None, "a\n\nb", 5, 4)], {})
    assert text == "1\n00:00:05,000 --> 00:00:05,000\na b\n"


def test_every_cue_is_well_formed() -> None:
    cue = re.compile(r"\d+\n\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}\n.+\n?")
    assert all(cue.fullmatch(part) for part in srt(TALK, NAMES).split("\n\n"))


def test_nothing_said_is_an_empty_text() -> None:
    assert markdown([], NAMES) == srt([], NAMES) == ""


def test_webvtt_has_voices_and_text_that_ends_no_cue_and_is_no_markup() -> None:
    talk = (
        said("1", "i", "Is 3 < 4 --> so?\n\nYes & no.", 0.5, 2),
        said("2", None, "Fine.", 3661.25, 3661.25),
    )
    assert vtt(talk, NAMES) == (
        "WEBVTT\n\n"
        "00:00:00.500 --> 00:00:02.000\n<v Ines>Is 3 &lt; 4 --&gt; so? Yes &amp; no.\n\n"
        "01:01:01.250 --> 01:01:01.251\nFine.\n"
    )


def test_plain_text_is_a_line_for_each_turn() -> None:
    assert plain(TALK, NAMES).splitlines() == [
        "[0:00] Ines: Hello. How are you?",
        "[0:02] Tomasz: Fine.",
        "[0:09] Tomasz: Let us begin.",
        "[0:10] Good.",
    ]
