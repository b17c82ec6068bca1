"""Python client for Earful, and for every server that speaks Symbl's APIs.

    import symbl

    connection = symbl.Streaming.start_connection(insight_types=["question", "action_item"])
    connection.subscribe({"message_response": print})
    connection.send_audio_from_mic()

Programs written for Symbl's own `symbl` package run unchanged. The server is a local Earful unless
`symbl.configure(base_url=…)`, the variable `SYMBL_BASE_URL` or `base_url` in `symbl.conf` says otherwise.
Importing needs no network and no credentials.
"""

import logging

# The vendor's package has modules and objects of the same names. Imported here first, the modules stay
# reachable (`from symbl.Conversations import Conversation`), and the objects below become the attributes.
import symbl.Connection
import symbl.Conversations  # noqa: F401
from symbl import (
    AuthenticationToken,
    async_api,
    configs,
    conversations_api,
    jobs_api,
    streaming_api,
    telephony_api,
    utils,
)
from symbl._async_streaming import AsyncStreamingApi, AsyncStreamingConnection
from symbl._client import AsyncClient, Client
from symbl._conversation import AsyncConversation, Conversation
from symbl._conversations_api import AsyncConversationsApi, ConversationsApi
from symbl._errors import (
    ApiException,
    ConnectionFailed,
    ConnectionLost,
    CredentialsError,
    HandshakeRefused,
    MicrophoneError,
    ResponseError,
    StreamRejected,
    StreamTimeout,
    SymblError,
)
from symbl._mock import MockStream, MockTransport
from symbl._models import Model
from symbl._processing import Audio as _Audio
from symbl._processing import Text as _Text
from symbl._processing import Video as _Video
from symbl._session import configure, reset
from symbl._streaming import StreamingApi, StreamingConnection
from symbl._telephony import Connection, Event, TelephonyApi
from symbl._transport import Transport

__version__ = "0.1.0"

logging.getLogger("symbl").addHandler(logging.NullHandler())

Audio = _Audio()
Video = _Video()
Text = _Text()
Conversations = conversations = ConversationsApi()
Streaming = StreamingApi()
Telephony = TelephonyApi()

__all__ = [
    "ApiException",
    "AsyncClient",
    "AsyncConversation",
    "AsyncConversationsApi",
    "AsyncStreamingApi",
    "AsyncStreamingConnection",
    "Audio",
    "AuthenticationToken",
    "Client",
    "Connection",
    "ConnectionFailed",
    "ConnectionLost",
    "Conversation",
    "Conversations",
    "ConversationsApi",
    "CredentialsError",
    "Event",
    "HandshakeRefused",
    "MicrophoneError",
    "MockStream",
    "MockTransport",
    "Model",
    "ResponseError",
    "StreamRejected",
    "StreamTimeout",
    "Streaming",
    "StreamingApi",
    "StreamingConnection",
    "SymblError",
    "Telephony",
    "TelephonyApi",
    "Text",
    "Transport",
    "Video",
    "__version__",
    "async_api",
    "configs",
    "configure",
    "conversations",
    "conversations_api",
    "jobs_api",
    "reset",
    "streaming_api",
    "telephony_api",
    "utils",
]
