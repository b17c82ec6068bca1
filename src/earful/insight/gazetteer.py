"""Words that name people and places: common given names, countries, large cities, marks of organisations."""

from earful.insight.lexicon import lines, word_set

__all__ = [
    "GIVEN_NAMES",
    "LOCATION_WORDS",
    "ORGANISATIONS",
    "ORGANISATION_ENDINGS",
    "PLACES",
    "PLACE_LEADS",
    "TITLES",
]

TITLES = word_set("titles")

GIVEN_NAMES = word_set("given_names")

PLACES = frozenset(lines("places"))

LOCATION_WORDS = word_set("location_words")

ORGANISATIONS = frozenset(lines("organisations"))

ORGANISATION_ENDINGS = word_set("organisation_endings")

# "San Antonio", "Saint Louis": after these a given name is a place's.
PLACE_LEADS = frozenset(("san", "santa", "saint", "st", "fort", "port", "mount", "lake", "los", "las"))
