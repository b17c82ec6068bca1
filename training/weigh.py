"""`python -m training.weigh SHARE`: how the finders' rules and the encoder's chances go together best.

Uses the examples that training left out (the part after SHARE) and prints F1 for every weight; the best
ones stand as constants in the finders. Runs in the project's own environment, without PyTorch.
"""

import sys
from datetime import datetime

from earful.conversation.types import Member
from earful.insight.action_items import find_action
from earful.insight.encoder import Sense, shared_encoder
from earful.insight.questions import question_score
from earful.insight.sentiment import polarity

from .examples import Example, bare, read_all

LIMIT = 4000  # examples
NOW = datetime(2024, 5, 14, 10)


def f1(scored: list[tuple[float, bool]], threshold: float = 0.5) -> float:
    """Return F1 of scores against truth."""
    right = sum(score >= threshold and true for score, true in scored)
    said = sum(score >= threshold for score, _ in scored)
    there = sum(true for _, true in scored)
    return 2 * right / max(1, said + there)


def main() -> None:
    examples = read_all()
    examples = [e for e in examples[int(len(examples) * float(sys.argv[1])) :] if e.spans is None][:LIMIT]
    encoder = shared_encoder()
    heard: list[tuple[Example, Sense]] = [
        (e, encoder.sense(e.text, e.before, same_speaker=e.same_speaker)) for e in examples
    ]
    asked = [(e, s) for e, s in heard if e.question is not None and "?" not in e.text]
    # As many questions as statements, in bare form and alone, as the question sets have them.
    size = sum(bool(e.question) for e, _ in asked)
    even = [e for e, _ in asked if e.question] + [e for e, _ in asked if not e.question][:size]
    alone = [
        (question_score(bare(e.text)), encoder.sense(bare(e.text)).question, bool(e.question)) for e in even
    ]
    for times in (1.0, 2.0, 4.0, 8.0, 16.0):
        for form in (0.35, 0.6, 0.7, 0.8):
            scored = []
            for shape, chance, true in alone:
                odds = times * chance / max(1.0 - chance, 1e-6)
                scored.append((odds / (1.0 + odds) + form * (shape - 0.2), true))
            print(f"question odds times {times} form {form}: {f1(scored):.3f}")
    print(f"question form alone: {f1([(question_score(e.text), bool(e.question)) for e, _ in asked]):.3f}")
    speaker = Member("s", "Sam")
    acted = [(e, s) for e, s in heard if e.action is not None]
    ruled = [(find_action(e.text, speaker, (speaker,), NOW), e, s) for e, s in acted]
    for weight in (0.0, 0.2, 0.3, 0.5, 0.7):
        scored = [
            (action.score + weight * (s.action - 0.5) if action else 0.0, bool(e.action))
            for action, e, s in ruled
        ]
        print(f"action heard {weight}: {f1(scored):.3f}")
    print(f"action heard alone: {f1([(s.action, bool(e.action)) for e, s in acted]):.3f}")
    rated = [(e, s) for e, s in heard if e.sentiment is not None]
    for words in (0.0, 0.2, 0.4, 0.6):
        for weight in (0.0, 0.6, 0.8, 1.0):
            error = sum(
                abs(words * polarity(e.text) + weight * s.polarity - (e.sentiment or 0)) for e, s in rated
            ) / max(1, len(rated))
            print(f"polarity words {words} heard {weight}: error {error:.3f}")


if __name__ == "__main__":
    main()
