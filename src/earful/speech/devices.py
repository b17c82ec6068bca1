"""Where models are computed: on the processor, or on an NVIDIA GPU where there is one that can be used.

A GPU that is asked for and cannot be used is said in one line of the log; the processor does the work then.
"""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnxruntime as ort
import structlog
from numpy.typing import NDArray

from earful.onnx_sessions import session_options

__all__ = [
    "Device",
    "Processor",
    "batch_in",
    "memory_of",
    "open_session",
    "place",
    "processor_for_onnx",
    "processor_for_whisper",
    "run_step",
]

log = structlog.get_logger(__name__)

Device = Literal["cpu", "cuda", "auto"]
"""What the setting says; `auto` is the GPU where there is one."""

Processor = Literal["cpu", "cuda"]
"""What it comes to on this machine."""

_CUDA = "CUDAExecutionProvider"


def processor_for_onnx(device: Device) -> Processor:
    """Return where ONNX models are to be computed."""
    if device == "cpu":
        return "cpu"
    if _CUDA in ort.get_available_providers():
        return "cuda"
    if device == "cuda":
        _say_once("onnxruntime", "this onnxruntime has no CUDA provider; install earful[cuda]")
    return "cpu"


def processor_for_whisper(device: Device) -> Processor:
    """Return where CTranslate2 models are to be computed."""
    if device == "cpu":
        return "cpu"
    import ctranslate2

    try:
        reason = "" if ctranslate2.get_cuda_device_count() > 0 else "no CUDA device is there"
    except RuntimeError as error:
        reason = str(error)
    if not reason:
        return "cuda"
    if device == "cuda":
        _say_once("ctranslate2", reason)
    return "cpu"


def open_session(model: Path | bytes, threads: int, processor: Processor = "cpu") -> ort.InferenceSession:
    """Load an ONNX or ORT model, from a file or as it would stand in one, for `threads` threads of its own.

    It runs on the processor when the GPU fails.
    """
    options = session_options(threads)
    providers = ["CPUExecutionProvider"]
    if processor == "cuda":
        # The libraries of NVIDIA's own packages are not on the loader's path.
        ort.preload_dlls()
        providers.insert(0, _CUDA)
        options.log_severity_level = 4
    session = ort.InferenceSession(
        model if isinstance(model, bytes) else str(model), options, providers=providers
    )
    if processor == "cuda" and memory_of(session) is None:
        _say_once("onnxruntime", "CUDA could not be started")
    return session


def memory_of(session: ort.InferenceSession) -> str | None:
    """Return the device in whose memory a session keeps its numbers, None on the processor."""
    return "cuda" if _CUDA in session.get_providers() else None


def batch_in(memory: str | None) -> int:
    """Return how many segments are best decoded together: on a processor eight cost about three times one."""
    return 64 if memory else 8


def place(array: NDArray[Any], memory: str | None = None) -> Any:
    """Return an array as a value that sessions take, in the memory of a device (`"cuda"`) if one is named."""
    return ort.OrtValue.ortvalue_from_numpy(np.asarray(array, order="C"), memory or "cpu", 0)


def run_step(
    session: ort.InferenceSession, names: Sequence[str], feeds: Mapping[str, Any], memory: str | None
) -> list[Any]:
    """Run a session of which each step remembers what the last one gave as `present…`.

    With a device's `memory`, that stays there, and only the other outputs come back.
    """
    outputs: list[Any]
    if memory is None:
        outputs = session.run_with_ort_values(names, feeds)
        return outputs
    binding = session.io_binding()
    for name, value in feeds.items():
        binding.bind_ortvalue_input(name, value)
    for name in names:
        binding.bind_output(name, memory if name.startswith("present") else "cpu")
    session.run_with_iobinding(binding)
    outputs = binding.get_outputs()
    return outputs


@functools.cache
def _say_once(library: str, reason: str) -> None:
    log.warning("no GPU; recognising on the CPU", library=library, reason=reason)
