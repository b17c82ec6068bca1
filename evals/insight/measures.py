"""Counts of right and wrong, and the rates made of them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

__all__ = ["Row", "Tally", "overlap_tally"]


@dataclass(slots=True)
class Tally:
    """True positives, false positives and false negatives."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def add(self, predicted: bool, true: bool) -> None:
        """Count one yes-or-no decision."""
        self.right += predicted and true
        self.wrong += predicted and not true
        self.missed += true and not predicted

    def merge(self, other: "Tally") -> None:
        self.right += other.right
        self.wrong += other.wrong
        self.missed += other.missed

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 0.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 0.0

    def f(self, beta: float = 1.0) -> float:
        """Return the F measure; `beta` above 1 favours recall."""
        p, r = self.precision, self.recall
        return (1 + beta**2) * p * r / (beta**2 * p + r) if p + r else 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    task: str
    system: str
    precision: float
    recall: float
    f1: float
    note: str = ""

    @staticmethod
    def of(task: str, system: str, tally: Tally, *, beta: float = 1.0, note: str = "") -> "Row":
        return Row(
            task, system, tally.precision, tally.recall, tally.f(beta), note or ("F2" if beta == 2 else "")
        )


def overlap_tally(
    true: Iterable[tuple[int, int, str]], predicted: Collection[tuple[int, int, str]], *, exact: bool
) -> Tally:
    """Match spans of (start, end, label): the same place (or, not `exact`, any overlap) and label."""
    tally = Tally()
    free = list(predicted)
    for start, end, label in true:
        match = next(
            (
                span
                for span in free
                if span[2] == label
                and ((span[0] == start and span[1] == end) if exact else (span[0] < end and span[1] > start))
            ),
            None,
        )
        if match is None:
            tally.missed += 1
        else:
            free.remove(match)
            tally.right += 1
    tally.wrong = len(free)
    return tally
