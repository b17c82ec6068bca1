"""`python -m training.many OUT PLAN`: pack the texts and run many trainings side by side on one GPU.

PLAN is a file with one training a line: a name, then the options of `training.train`.
"""

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path


def main() -> None:
    out, plan = Path(sys.argv[1]), Path(sys.argv[2]).read_text(encoding="utf-8").splitlines()
    packs = Path("/dev/shm/packs")
    begun = time.time()
    epochs = max(int(line.split("--epochs")[1].split()[0]) for line in plan if line.strip())
    folds = 1 + max(
        [int(line.split("--fold ")[1].split()[0]) for line in plan if "--fold" in line], default=0
    )
    subprocess.run([sys.executable, "-m", "training.pack", str(packs), str(epochs), str(folds)], check=True)
    print(f"packed in {time.time() - begun:.0f} s", flush=True)
    running = []
    for line in filter(str.strip, plan):
        name, *options = shlex.split(line)
        log = (out / f"{name}.log").open("w")
        command = [sys.executable, "-m", "training.train", str(out / name), str(packs), *options]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        running.append(
            (name, log, subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment))
        )
    for name, log, process in running:
        process.wait()
        log.close()
        lines = (out / f"{name}.log").read_text(encoding="utf-8").splitlines()
        print("\n".join(line for line in lines[-16:] if " step " not in line), flush=True)
    print(f"all in {time.time() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
