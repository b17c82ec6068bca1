"""The client under the vendor package's module name."""

from bodhi._client import (
    BodhiClient,
)

__all__ = [
    "BodhiClient",
]
