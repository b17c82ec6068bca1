"""A conversation's name and times as people read them."""

from datetime import datetime, timedelta, timezone

from earful.conversation.types import Conversation

__all__ = ["began", "clock", "day", "file_name", "title", "zone"]

_FILE_NAME_CHARS = 80


def title(conversation: Conversation) -> str:
    """Return the name on one line, without control characters; the day where there is no name."""
    name = "".join(char if char.isprintable() else " " for char in conversation.name or "")
    name = " ".join(name.split())
    if name:
        return name
    return f"Conversation of {conversation.started_at.astimezone(zone(conversation)):%-d %B %Y}"


def began(conversation: Conversation) -> str:
    """Return when it began, in its own time zone: `Monday 2 March 2026, 14:05 UTC+01:00`."""
    started = conversation.started_at.astimezone(zone(conversation))
    return f"{started:%A %-d %B %Y, %H:%M} {started.tzname()}"


def file_name(conversation: Conversation) -> str:
    """Return its name as that of a file, without an ending: letters, digits, `-`, `_` and `.` in it."""
    plain = "".join(char if char.isalnum() or char in "-_." else " " for char in title(conversation))
    return " ".join(plain.split())[:_FILE_NAME_CHARS].strip(" .") or f"conversation-{conversation.id}"


def day(when: datetime, conversation: Conversation) -> str:
    """Return a day in the conversation's own time zone: `Mon 2 Mar`."""
    return f"{when.astimezone(zone(conversation)):%a %-d %b}"


def clock(seconds: float) -> str:
    """Return a length or a place as `m:ss`, from an hour on as `h:mm:ss`."""
    hours, rest = divmod(max(0, int(seconds)), 3600)
    tail = f"{rest % 60:02d}"
    return f"{hours}:{rest // 60:02d}:{tail}" if hours else f"{rest // 60}:{tail}"


def zone(conversation: Conversation) -> timezone:
    """Return the time zone of those who took part."""
    return timezone(timedelta(minutes=conversation.timezone_offset_min))
