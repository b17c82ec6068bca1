"""`python scripts/chart.py WER.json`: docs/images/accuracy.svg, from what `evals.wer --json WER.json` wrote.

Processor seconds for an hour of audio go to the right, by their logarithm, wrong words go up: the lower left
is the better corner.
"""

import argparse
import html
import json
import math
from pathlib import Path

OUT = Path(__file__).resolve().parent.parent / "docs" / "images" / "accuracy.svg"
WIDTH, HEIGHT = 760, 380
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 48, 56
FASTEST, SLOWEST = 50, 2000
BEST, WORST = 0.11, 0.17
TICKS = (50, 100, 200, 500, 1000, 2000)
INK, QUIET, OURS, THEIRS = "#1f2933", "#7b8794", "#0f766e", "#9a6b3f"


def main() -> None:
    """Draw it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    found = json.loads(parser.parse_args().results.read_text(encoding="utf-8"))
    hours = sum(item["seconds"] for item in found["items"]) / 3600
    points = [
        (name, system["cpuSeconds"] / hours, system["scores"]["plain"]["total"]["rate"])
        for name, system in found["systems"].items()
    ]
    OUT.write_text(drawing([point for point in points if BEST <= point[2] <= WORST]), encoding="utf-8")


def across(cpu_s: float) -> float:
    """Return where a cost stands, from the left."""
    share = math.log(cpu_s / FASTEST) / math.log(SLOWEST / FASTEST)
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def up(rate: float) -> float:
    """Return where a share of wrong words stands, from the top."""
    return TOP + (WORST - rate) / (WORST - BEST) * (HEIGHT - TOP - BOTTOM)


def drawing(points: list[tuple[str, float, float]]) -> str:
    """Return the picture of some systems: name, CPU seconds an hour, share of wrong words."""
    lines = [text(across(cost), HEIGHT - BOTTOM + 20, str(cost), QUIET, "middle") for cost in TICKS]
    for rate in (0.11, 0.13, 0.15, 0.17):
        y = f"{up(rate):.0f}"
        lines.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="#e4e7eb"/>')
        lines.append(text(LEFT - 8, up(rate) + 4, f"{rate:.0%}", QUIET, "end"))
    lines.append(text(LEFT - 48, 24, "wrong words (plain normaliser)", INK))
    lines.append(text(WIDTH - RIGHT, HEIGHT - 12, "CPU seconds for an hour of audio", INK, "end"))
    # Room that is taken, by labels and by the points themselves: from, to, line of writing.
    taken = [(across(cost) - 7, across(cost) + 7, up(rate) + 4) for _, cost, rate in points]
    for name, cost, rate in sorted(points, key=lambda point: point[2]):
        colour = OURS if name.startswith("earful") else THEIRS
        label = f"{name}  {rate:.1%}"
        x, y = across(cost), up(rate)
        lines.append(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="6" fill="{colour}"/>')
        long = 8 * len(label)
        # Beside the point, or as far above or below as others leave room.
        low = next(
            low
            for low in (y + 4, y + 20, y - 12, y + 36, y - 28)
            if all(abs(low - other) >= 15 or x + 8 > end or x + long < start for start, end, other in taken)
        )
        taken.append((x, x + long, low))
        lines.append(text(x + 11, low, label, colour, "start", "600" if colour == OURS else "400"))
    body = "\n".join(lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'font-family="system-ui, sans-serif" font-size="13">\n'
        "<title>Share of wrong words against processor time, for each system</title>\n"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def text(x: float, y: float, said: str, colour: str, anchor: str = "start", weight: str = "400") -> str:
    """Return a label."""
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" fill="{colour}" text-anchor="{anchor}" font-weight="{weight}">'
        f"{html.escape(said)}</text>"
    )


if __name__ == "__main__":
    main()
