"""What a client wants done when its conversation begins or ends: `actions` of a request. No I/O.

Symbl has one, `sendSummaryEmail`; others are left alone, as a newer client may know more of them.
"""

from dataclasses import dataclass
from typing import Any

from earful.store.mails import Occasion

__all__ = ["MailAction", "read_actions"]

_MAX_ACTIONS = 20


@dataclass(frozen=True, slots=True)
class MailAction:
    """Mail people the summary when the conversation stops, or its address when it starts.

    Whether the addresses can be used is for the mail room to say (`earful.mail.SummaryMail.check`).
    """

    occasion: Occasion
    emails: tuple[str, ...]


def read_actions(value: object) -> tuple[MailAction, ...]:
    """Return the actions of a request. Raises `ValueError` with a sentence for the sender.

    Symbl's Python client sends `{}` when it has none; a single action without a list is taken too.
    """
    if not value:
        return ()
    actions = [value] if isinstance(value, dict) else value
    if not isinstance(actions, list) or len(actions) > _MAX_ACTIONS:
        raise ValueError(f"actions must be a list of at most {_MAX_ACTIONS} actions")
    found = (_action(one, f"actions[{place}]") for place, one in enumerate(actions))
    return tuple(action for action in found if action is not None)


def _action(value: Any, path: str) -> MailAction | None:
    if not isinstance(value, dict):
        raise ValueError(f"{path} must be an object")
    if not isinstance(value.get("name"), str) or not value["name"]:
        raise ValueError(f"{path}.name is missing")
    occasion = value.get("invokeOn")
    if occasion not in ("start", "stop"):
        raise ValueError(f"{path}.invokeOn must be start or stop")
    if value["name"] != "sendSummaryEmail":
        return None
    parameters = value.get("parameters")
    emails = parameters.get("emails") if isinstance(parameters, dict) else None
    if not isinstance(emails, list) or not emails or not all(isinstance(one, str) for one in emails):
        raise ValueError(f"{path}.parameters.emails must be a list of e-mail addresses")
    return MailAction(occasion, tuple(emails))
