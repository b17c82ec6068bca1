"""Where models are computed when a GPU is wanted and there is none, as on this machine."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from structlog.testing import capture_logs

from earful.speech import devices
from earful.speech.devices import processor_for_onnx, processor_for_whisper
from earful.speech.moonshine import MoonshineModel
from tests.support.models.moonshine import make_moonshine


@pytest.fixture(autouse=True)
def _anew() -> None:
    devices._say_once.cache_clear()


@pytest.mark.parametrize("choose", [processor_for_onnx, processor_for_whisper])
def test_without_a_gpu_the_cpu_is_used_and_one_line_says_so(choose) -> None:
    with capture_logs() as logs:
        assert [choose("cuda"), choose("cuda")] == ["cpu", "cpu"]
    assert [line["event"] for line in logs] == ["no GPU; recognising on the CPU"]
    assert logs[0]["reason"]


@pytest.mark.parametrize("choose", [processor_for_onnx, processor_for_whisper])
@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_nothing_is_said_of_a_gpu_that_nobody_insists_on(choose, device) -> None:
    with capture_logs() as logs:
        assert choose(device) == "cpu"
    assert logs == []


def test_cuda_is_used_where_the_libraries_offer_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ort, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    monkeypatch.setattr("ctranslate2.get_cuda_device_count", lambda: 1)
    for device in ("auto", "cuda"):
        assert processor_for_onnx(device) == processor_for_whisper(device) == "cuda"
    assert processor_for_onnx("cpu") == processor_for_whisper("cpu") == "cpu"


@pytest.mark.filterwarnings("ignore:Specified provider 'CUDAExecutionProvider'")
def test_a_model_that_cannot_start_on_the_gpu_runs_on_the_cpu(tmp_path: Path) -> None:
    """As with onnxruntime-gpu on a machine without a driver: CUDA is promised, but cannot be started."""
    with capture_logs() as logs:
        model = MoonshineModel(make_moonshine(tmp_path), processor="cuda")
    assert [line["reason"] for line in logs] == ["CUDA could not be started"]
    assert model.decode([np.zeros(48_000, np.float32)])[0].text == "long speech"


def test_memory_kept_on_a_device_gives_the_same_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The road that a GPU takes, walked on the CPU: everything but the logits stays where it was computed."""
    model = MoonshineModel(make_moonshine(tmp_path))
    audio = [np.zeros(16_000 * length, np.float32) for length in (1, 3, 2, 3)]
    plain = model.decode(audio)
    monkeypatch.setattr(model._network, "_memory", "cpu")
    assert model.decode(audio) == plain
