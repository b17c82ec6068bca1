"""`python -m training.export OUT [FOLDER]`: write what `training.train OUT` made as int8 ONNX, lean.

`-` instead of OUT: untrained.
"""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import nn

from .examples import CASES, MARKS, TAGS
from .lean import lean
from .model import load

__all__ = ["quantised", "write_part"]

FOLDER = Path(__file__).parent.parent / "src" / "earful" / "insight" / "models"


def quantised(part: nn.Module, inputs: dict[str, torch.Tensor], outputs: list[str]) -> onnx.ModelProto:
    """Return one part as a graph with free batch and token axes and int8 weights."""
    part.eval()
    axes = {name: {0: "batch", 1: "tokens"} for name in inputs}
    with TemporaryDirectory() as folder:
        whole, small = Path(folder) / "whole.onnx", Path(folder) / "quantised.onnx"
        torch.onnx.export(
            part,
            tuple(inputs.values()),
            str(whole),
            input_names=list(inputs),
            output_names=outputs,
            dynamic_axes=axes | {name: {0: "batch"} for name in outputs},
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(
            str(whole),
            str(small),
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gather"],
            per_channel=True,
        )
        return onnx.load(str(small))


def write_part(part: nn.Module, path: Path, inputs: dict[str, torch.Tensor], outputs: list[str]) -> None:
    """Write one part, its graph fused where that can be."""
    onnx.save(lean(path.stem, quantised(part, inputs, outputs)), str(path))
    onnx.checker.check_model(str(path))


def main() -> None:
    out = Path(sys.argv[1])
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    trunk, vector, sense = load()
    for name, part in (("trunk", trunk), ("vector", vector), ("sense", sense)):
        if (saved := out.with_suffix(f".{name}.pt")).exists():
            state = {key: value.float() for key, value in torch.load(saved).items()}
            part.load_state_dict(state, strict=name != "trunk")
    ids = torch.randint(1000, 20000, (2, 9))
    mask = torch.ones_like(ids)
    states = trunk.eval()(ids, mask)
    write_part(trunk, folder / "trunk.onnx", {"input_ids": ids, "attention_mask": mask}, ["states"])
    write_part(vector, folder / "vector.onnx", {"states": states, "attention_mask": mask}, ["vector"])
    inputs = {"states": states, "attention_mask": mask, "current": mask}
    write_part(sense, folder / "sense.onnx", inputs, ["whole", "tokens"])
    labels = {"tags": TAGS, "marks": MARKS, "cases": CASES}
    (folder / "labels.json").write_text(json.dumps(labels), encoding="utf-8")
    for path in sorted(folder.iterdir()):
        print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
