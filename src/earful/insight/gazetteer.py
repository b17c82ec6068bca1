"""Words that name people and places: common given names, countries, large cities, marks of organisations."""

from earful.insight.lexicon import lines, word_set

__all__ = ["GIVEN_NAMES", "LOCATION_WORDS", "ORGANISATION_ENDINGS", "PLACES", "TITLES"]

TITLES = word_set("titles")

GIVEN_NAMES = word_set("given_names")

PLACES = frozenset(lines("places"))

LOCATION_WORDS = word_set("location_words")

ORGANISATION_ENDINGS = word_set("organisation_endings")
