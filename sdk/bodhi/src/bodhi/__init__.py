"""Python client for Earful's Bodhi-compatible streaming recognition."""

from bodhi._client import BodhiClient
from bodhi._config import Hotword, TranscriptionConfig
from bodhi._errors import (
    AudioDownloadError,
    AuthenticationError,
    BodhiAPIError,
    BodhiError,
    BodhiErrors,
    ConfigurationError,
    ConnectionError,
    EmptyAudioError,
    FileNotFoundError,
    ForbiddenError,
    InvalidAudioFormatError,
    InvalidJSONError,
    InvalidTransactionIDError,
    InvalidURLError,
    MissingModelError,
    MissingTransactionIDError,
    ModelNotAvailableError,
    PaymentRequiredError,
    StreamingError,
    TranscriptionError,
    WebSocketConnectionClosedError,
    WebSocketError,
    WebSocketTimeoutError,
)
from bodhi._events import LiveTranscriptionEvents
from bodhi._responses import SegmentMeta, SpeechStarted, TranscriptionResponse, UtteranceEnd, Word
from bodhi._session import EOF_SIGNAL
from bodhi._transport import Connection, Disconnected, MockTransport, Transport

__version__ = "0.1.0"

__all__ = [
    "EOF_SIGNAL",
    "AudioDownloadError",
    "AuthenticationError",
    "BodhiAPIError",
    "BodhiClient",
    "BodhiError",
    "BodhiErrors",
    "ConfigurationError",
    "Connection",
    "ConnectionError",
    "Disconnected",
    "EmptyAudioError",
    "FileNotFoundError",
    "ForbiddenError",
    "Hotword",
    "InvalidAudioFormatError",
    "InvalidJSONError",
    "InvalidTransactionIDError",
    "InvalidURLError",
    "LiveTranscriptionEvents",
    "MissingModelError",
    "MissingTransactionIDError",
    "MockTransport",
    "ModelNotAvailableError",
    "PaymentRequiredError",
    "SegmentMeta",
    "SpeechStarted",
    "StreamingError",
    "TranscriptionConfig",
    "TranscriptionError",
    "TranscriptionResponse",
    "Transport",
    "UtteranceEnd",
    "WebSocketConnectionClosedError",
    "WebSocketError",
    "WebSocketTimeoutError",
    "Word",
    "__version__",
]
