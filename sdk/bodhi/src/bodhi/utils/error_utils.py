"""Error codes under the vendor package's module name."""

from bodhi._errors import (
    BodhiErrors,
    make_error_response,
)

__all__ = [
    "BodhiErrors",
    "make_error_response",
]
