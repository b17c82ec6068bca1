"""The committed sample: what its files say of each other."""

import json
from pathlib import Path

import av

SAMPLE = Path(__file__).parents[2] / "examples" / "sample"


def test_the_sample_is_a_short_conversation_of_two() -> None:
    """60 to 90 seconds, two channels, small, and timed turns that do not overlap."""
    script = json.loads((SAMPLE / "script.json").read_text())
    timings = json.loads((SAMPLE / "timings.json").read_text())
    assert [turn["text"] for turn in timings["turns"]] == [turn["text"] for turn in script["turns"]]
    assert 60 <= timings["duration"] <= 90
    times = [time for turn in timings["turns"] for time in (turn["start"], turn["end"])]
    assert times == sorted(times)
    path = SAMPLE / "conversation.ogg"
    assert path.stat().st_size < 1_500_000
    with av.open(str(path)) as container:
        assert container.streams.audio[0].channels == 2
        assert abs(container.duration / av.time_base - timings["duration"]) < 0.1
