"""How much of the messages before one is shown with it."""

from earful.insight.layout import shown


def test_the_latest_come_first() -> None:
    """Twenty-four tokens of each and forty of all, with two for who said it."""
    assert shown([]) == []
    assert shown([5, 6, 7]) == [5, 6, 7]
    assert shown([50, 50, 50]) == [0, 14, 22]
    assert shown([9, 1, 9]) == [9, 0, 9]
