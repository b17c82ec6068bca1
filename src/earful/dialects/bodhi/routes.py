"""Where Bodhi's endpoints are: WebSocket upgrades on `/` and `/bodhi`, and `POST /api/transcribe`."""

from starlette.routing import BaseRoute, Route, WebSocketRoute

from earful.accounts.service import Accounts
from earful.dialects.bodhi.files import BodhiFiles
from earful.dialects.bodhi.models import ModelTable
from earful.dialects.bodhi.sockets import BodhiSockets
from earful.settings import Settings
from earful.speech.types import SpeechService

__all__ = ["RECORDINGS_PATH", "Bodhi"]

RECORDINGS_PATH = "/api/transcribe"
"""Where whole recordings come in, larger than other request bodies may be."""


class Bodhi:
    """The dialect: its routes, and how it is brought to an end. Raises `ModelTableError`."""

    def __init__(self, accounts: Accounts, speech: SpeechService, settings: Settings) -> None:
        models = ModelTable.load(settings.bodhi_models)
        self._sockets = BodhiSockets(accounts, speech, models, settings)
        self._files = BodhiFiles(accounts, speech, models, settings)

    def routes(self) -> list[BaseRoute]:
        """Return the routes. Plain HTTP on `/` stays with whoever has it."""
        return [
            WebSocketRoute("/", self._sockets.serve),
            WebSocketRoute("/bodhi", self._sockets.serve),
            WebSocketRoute("/bodhi/", self._sockets.serve),
            Route(RECORDINGS_PATH, self._files.transcribe, methods=["POST"]),
        ]

    async def close(self, grace: float) -> None:
        """Take no new sessions, and end those that go on within `grace` seconds."""
        await self._sockets.close(grace)
