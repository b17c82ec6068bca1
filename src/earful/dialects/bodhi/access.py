"""Who is calling, whether they may, and what their audio costs them."""

import hmac

from starlette.requests import HTTPConnection

from earful.accounts.service import Accounts
from earful.accounts.types import Application, Deactivated, InvalidToken
from earful.dialects.bodhi.errors import BodhiError

__all__ = ["Meter", "admit"]

_BEARER = "bearer "
_UNKNOWN = "Invalid API key or customer ID"
_NO_BALANCE = "Insufficient balance"
_INACTIVE = "Customer has been deactivated"


async def admit(
    connection: HTTPConnection, accounts: Accounts, *, require_customer_id: bool = False
) -> Application:
    """Return the customer that a request or handshake comes from. Raises `BodhiError` (401, 402, 403).

    The key is in `x-api-key` or a bearer token; `x-customer-id` is checked when it is there.
    """
    key = connection.headers.get("x-api-key", "").strip()
    authorization = connection.headers.get("authorization", "").strip()
    if not key and authorization.lower().startswith(_BEARER):
        key = authorization[len(_BEARER) :].strip()
    try:
        application = await accounts.verify(key)
    except Deactivated:
        raise BodhiError(403, _INACTIVE) from None
    except InvalidToken:
        raise BodhiError(401, _UNKNOWN) from None
    customer_id = connection.headers.get("x-customer-id", "").strip().lower()
    if customer_id or require_customer_id:
        told, known = customer_id.encode(), application.customer_id.lower().encode()
        if not hmac.compare_digest(told, known):
            raise BodhiError(401, _UNKNOWN)
    _check_balance(application)
    return application


class Meter:
    """Charges one session's audio as it comes, and notices when the customer may not go on."""

    def __init__(self, accounts: Accounts, customer_id: str) -> None:
        self._accounts = accounts
        self._customer_id = customer_id
        self._charged = 0.0
        self._counted = False

    async def settle(self, audio_s: float) -> None:
        """Charge what was not charged yet of `audio_s` seconds so far. Raises `BodhiError`.

        What could not be written down, whatever is raised then, is owed still.
        """
        owed, self._charged = audio_s - self._charged, audio_s
        sessions = 0 if self._counted else 1
        self._counted = True
        try:
            standing = await self._accounts.charge(self._customer_id, owed, sessions=sessions)
        except Exception:
            self._charged -= owed
            self._counted = not sessions
            raise
        if standing is None:
            raise BodhiError(401, _UNKNOWN)
        if not standing.active:
            raise BodhiError(403, _INACTIVE)
        _check_balance(standing)


def _check_balance(application: Application) -> None:
    if application.balance_s is not None and application.balance_s <= 0:
        raise BodhiError(402, _NO_BALANCE)
