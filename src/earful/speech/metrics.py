"""What operators watch of recognition, as Prometheus metrics."""

from prometheus_client import Counter, Gauge, Histogram

__all__ = ["AUDIO", "BUSY", "FINAL_DELAY", "PARTIAL_AGE", "REFUSED", "RESULTS", "STREAMS", "WAITING"]

_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)

STREAMS = Gauge("earful_speech_streams", "Live streams open.")
WAITING = Gauge("earful_speech_waiting", "Utterances whose final is due but not yet recognised.")
REFUSED = Counter("earful_speech_refused_total", "Streams refused because the machine was full.")
AUDIO = Counter("earful_speech_audio_seconds_total", "Seconds of audio heard.")
BUSY = Counter("earful_speech_busy_seconds_total", "Seconds recognition threads were at work.")
RESULTS = Counter("earful_speech_results_total", "Hypotheses delivered.", ["kind"])
PARTIAL_AGE = Histogram(
    "earful_speech_partial_age_seconds",
    "Audio received but not yet in a partial as it leaves.",
    buckets=_SECONDS,
)
FINAL_DELAY = Histogram(
    "earful_speech_final_delay_seconds",
    "From the certain end of an utterance to its final.",
    buckets=_SECONDS,
)
