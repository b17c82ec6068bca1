"""How messages are shown when it is tested what they are."""

from .examples import Form

__all__ = ["TESTS"]

TESTS = {
    "bare": Form(1.0, 0.0, 0.0),
    "bare_before": Form(1.0, 1.0, 0.0),
    "written": Form(0.0, 0.0, 0.0),
    "written_before": Form(0.0, 1.0, 0.0),
}
