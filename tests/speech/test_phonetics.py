"""What words sound like."""

import pytest

from earful.speech.phonetics import Phrasebook, distance, pronounce, spell


@pytest.mark.parametrize(
    ("word", "phones"), [("ship", "SH IH P"), ("zorvex", "Z AO R V EH K S"), ("kubbel", "K AH B EH L")]
)
def test_spelling_gives_a_rough_pronunciation(word: str, phones: str) -> None:
    """Groups of letters before single ones, doubled letters once."""
    assert spell(word) == phones


def test_words_of_the_dictionary_are_said_as_it_says() -> None:
    """Case and punctuation do not matter; a phrase is its words, one after the other."""
    assert pronounce("colonel") == pronounce("kernel")
    assert pronounce("Won’t, know!") == pronounce("won't") + pronounce("no")
    assert pronounce("…") == ()


def test_sounds_made_alike_are_nearer_than_others() -> None:
    """The measure runs from nothing to about one."""
    said = pronounce("bat")
    assert distance(said, said) == 0.0
    assert distance(said, pronounce("pat")) < distance(said, pronounce("sat"))
    assert distance(said, pronounce("bet")) < distance(said, pronounce("boat"))
    assert distance(said, pronounce("hypothesis")) > 0.6
    assert distance(said, ()) == pytest.approx(1.0)


def test_words_that_sound_like_a_phrase_are_found_wherever_they_stand() -> None:
    """Several words may sound like one, and one like several; the nearest comes first."""
    book = Phrasebook(["Capgemini", "Kubernetes", "air flow"])
    words = ["we", "use", "cap", "jimmy", "and", "cooper", "Nettie's", "with", "airflow"]
    found = book.find_alike(words, 0.5)
    best = {alike.phrase: (alike.start, alike.end) for alike in reversed(found)}
    assert best == {0: (2, 4), 1: (5, 7), 2: (8, 9)}
    assert [alike.distance for alike in found] == sorted(alike.distance for alike in found)
    assert found[0].distance == 0.0


def test_what_sounds_like_no_phrase_is_not_found() -> None:
    """Nothing is near enough, nothing is listed, or there is nothing to read."""
    assert Phrasebook(["Kubernetes"]).find_alike(["good", "morning", "everyone"], 0.5) == []
    assert Phrasebook([]).find_alike(["good", "morning"], 0.5) == []
    assert Phrasebook(["Kubernetes"]).find_alike([], 0.5) == []
    assert Phrasebook(["…", "42"]).find_alike(["so", "—", "42"], 0.9) == []
