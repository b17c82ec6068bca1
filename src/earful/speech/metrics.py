"""What operators watch of recognition, as Prometheus metrics."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

__all__ = [
    "AUDIO",
    "BUSY",
    "FINAL_DELAY",
    "PARTIAL_AGE",
    "REFUSED",
    "REGISTRY",
    "RESULTS",
    "STREAMS",
    "VOICES_LATE",
    "WAITING",
]

REGISTRY = CollectorRegistry()
"""All of them, for all recognition in this process."""

_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)

STREAMS = Gauge("earful_speech_streams", "Live streams open.", registry=REGISTRY)
WAITING = Gauge(
    "earful_speech_waiting", "Utterances whose final is due but not yet recognised.", registry=REGISTRY
)
REFUSED = Counter(
    "earful_speech_refused_total", "Streams refused because the machine was full.", registry=REGISTRY
)
AUDIO = Counter("earful_speech_audio_seconds_total", "Seconds of audio heard.", registry=REGISTRY)
BUSY = Counter(
    "earful_speech_busy_seconds_total", "Seconds recognition threads were at work.", registry=REGISTRY
)
RESULTS = Counter("earful_speech_results_total", "Hypotheses delivered.", ["kind"], registry=REGISTRY)
PARTIAL_AGE = Histogram(
    "earful_speech_partial_age_seconds",
    "Audio received but not yet in a partial as it leaves.",
    buckets=_SECONDS,
    registry=REGISTRY,
)
FINAL_DELAY = Histogram(
    "earful_speech_final_delay_seconds",
    "From the certain end of an utterance to its final.",
    buckets=_SECONDS,
    registry=REGISTRY,
)
VOICES_LATE = Counter(
    "earful_speech_voices_late_total",
    "Finals told with who seemed to speak, because there was no time to tell voices apart.",
    registry=REGISTRY,
)
