"""Constants under their path in Symbl's package; the addresses are those of a local Earful.

Nothing reads them: the server is set with `symbl.configure`, `SYMBL_BASE_URL` or `symbl.conf`.
"""

from symbl._session import API_KEY_HEADER
from symbl._settings import DEFAULT_BASE_URL, websocket_url

__all__ = ["SYMBL_STREAMING_API_FORMAT", "SYMBL_WEBSOCKET_BASE_PATH", "X_API_KEY_HEADER"]

X_API_KEY_HEADER = API_KEY_HEADER
SYMBL_WEBSOCKET_BASE_PATH = websocket_url(DEFAULT_BASE_URL, "/session/subscribe/")
SYMBL_STREAMING_API_FORMAT = websocket_url(DEFAULT_BASE_URL, "/v1/realtime/insights/{}?source=python_sdk")
