"""A conversation written out for people: Markdown, plain text, and captions (SubRip and WebVTT)."""

import re
from collections.abc import Mapping, Sequence

from earful.conversation.display import clock
from earful.conversation.types import Message

__all__ = ["markdown", "plain", "srt", "vtt"]

_BREAK = "<br/><br/>"
_PARAGRAPH_PAUSE_S = 2.0
_PARAGRAPH_CHARS = 600


def markdown(
    messages: Sequence[Message],
    names: Mapping[str | None, str],
    *,
    paragraphs: bool = False,
    speakers: bool = False,
    highlights: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Write the messages as Markdown with `<br/><br/>` between units.

    `names` gives each speaker's name by member id. A unit is one message when `speakers` asks for
    names without `paragraphs`; a paragraph (one speaker, no long pause) with them; without either
    everything is one running text. `highlights` maps message ids to phrases to put into `<mark>`.
    """
    marked = [_marked(message, (highlights or {}).get(message.id, ())) for message in messages]
    if paragraphs:
        units = [(group[0], " ".join(marked[i] for i in group[1])) for group in _paragraphs(messages)]
    elif speakers:
        units = [(message.member_id, text) for message, text in zip(messages, marked, strict=True)]
    else:
        return " ".join(marked)
    lines = [f"{_escape(names[who])}: {text}" if speakers and who in names else text for who, text in units]
    return "".join(line + _BREAK for line in lines)


def srt(messages: Sequence[Message], names: Mapping[str | None, str], *, speakers: bool = False) -> str:
    """Write the messages as SRT: numbered cues, times from the beginning of the conversation."""
    cues = []
    for number, message in enumerate(messages, 1):
        name = f"{names[message.member_id]}: " if speakers and message.member_id in names else ""
        times = f"{_srt_time(message.start)} --> {_srt_time(max(message.end, message.start))}"
        # An empty line would end the cue, so a message is always one line.
        cues.append(f"{number}\n{times}\n{name}{' '.join(message.text.split())}\n")
    return "\n".join(cues)


def vtt(messages: Sequence[Message], names: Mapping[str | None, str]) -> str:
    """Write the messages as WebVTT, each with its speaker as a voice."""
    cues = ["WEBVTT\n"]
    for message in messages:
        times = f"{_vtt_time(message.start)} --> {_vtt_time(max(message.end, message.start + 0.001))}"
        text = _cue(message.text)
        name = names.get(message.member_id)
        cues.append(f"{times}\n{f'<v {_cue(name)}>' if name else ''}{text}\n")
    return "\n".join(cues)


def plain(messages: Sequence[Message], names: Mapping[str | None, str]) -> str:
    """Write the messages as one line for each turn: `[0:07] Ines: …`."""
    lines = []
    for who, group in _paragraphs(messages):
        name = f"{names[who]}: " if who in names else ""
        said = " ".join(" ".join(messages[i].text.split()) for i in group)
        lines.append(f"[{clock(messages[group[0]].start)}] {name}{said}\n")
    return "".join(lines)


def _cue(text: str) -> str:
    # In WebVTT markup begins with `<`, and an arrow or an empty line would end the cue.
    return " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _vtt_time(seconds: float) -> str:
    return _srt_time(seconds).replace(",", ".")


def _paragraphs(messages: Sequence[Message]) -> list[tuple[str | None, list[int]]]:
    groups: list[tuple[str | None, list[int]]] = []
    length = 0
    for index, message in enumerate(messages):
        if groups:
            who, group = groups[-1]
            pause = message.start - messages[group[-1]].end
            if who == message.member_id and pause < _PARAGRAPH_PAUSE_S and length < _PARAGRAPH_CHARS:
                group.append(index)
                length += len(message.text)
                continue
        groups.append((message.member_id, [index]))
        length = len(message.text)
    return groups


def _marked(message: Message, phrases: Sequence[str]) -> str:
    """Return the message's text, safe inside HTML, with each phrase that it contains marked once."""
    wanted = sorted({phrase for phrase in phrases if phrase.strip()}, key=len, reverse=True)
    if not wanted:
        return _escape(message.text)
    pattern = re.compile("|".join(re.escape(phrase) for phrase in wanted), re.IGNORECASE)
    parts: list[str] = []
    end = 0
    for hit in pattern.finditer(message.text):
        parts += [_escape(message.text[end : hit.start()]), f"<mark>{_escape(hit.group())}</mark>"]
        end = hit.end()
    return "".join([*parts, _escape(message.text[end:])])


def _escape(text: str) -> str:
    # An ampersand does no harm, and readers that show the text as it is would show its escape.
    return text.replace("<", "&lt;").replace(">", "&gt;")


def _srt_time(seconds: float) -> str:
    milliseconds = round(max(seconds, 0.0) * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{milliseconds // 1000:02d},{milliseconds % 1000:03d}"
