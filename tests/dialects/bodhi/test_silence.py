"""A call in which nobody speaks for long, on the real engine (`python -m benchmarks.silence`: 8 hours)."""

from benchmarks.silence.call import quiet_call

from tests.support.telephone import TWO_CITIES_WORDS, read_speech


async def test_silence_costs_no_memory_and_the_call_still_hears() -> None:
    call = await quiet_call(600.0, read_speech(8000, 5.0), report_s=150.0)
    settled, *_, last = call.memory_mib[1:-1]
    assert last - settled < 8
    assert all(word in " ".join(call.texts).lower() for word in TWO_CITIES_WORDS)
    # An empty partial at least twice a second, as some clients need, and never more than five.
    assert 1200 <= call.messages <= 3000
