"""Tells a call who is talking, as the meeting's own software reports it (symbl-telephony.md §5)."""

from pydantic import ValidationError

from earful.dialects.symbl.endpoint_body import SpeakerEventBody
from earful.dialects.symbl.errors import describe
from earful.telephony.calls import Call, Calls

__all__ = ["read_event", "tell"]

_MAX_EVENTS = 100_000


def read_event(value: object) -> SpeakerEventBody:
    """Return an event. Raises `ValueError` with a sentence for the sender."""
    try:
        return SpeakerEventBody.model_validate(value)
    except ValidationError as error:
        raise ValueError(describe(error.errors())) from None


async def tell(calls: Calls, call: Call, event: SpeakerEventBody) -> None:
    """Let the call know. What comes after it is over, or for ever, is passed over."""
    person = event.user.member() if event.user is not None else None
    if person is None or call.status == "ended" or call.speaking.count >= _MAX_EVENTS:
        return
    # Read the clock before anything is waited for.
    at = calls.seconds_in(call, event.timestamp)
    member = await calls.introduce(call, person)
    if event.type == "started_speaking":
        call.speaking.started(member, at)
    elif event.type in ("stopped_speaking", "left"):
        call.speaking.stopped(member, at)
