"""Questions: real meeting talk, as transcribed and as a recogniser without punctuation gives it."""

import re

from earful.insight.questions import question_score

from .data import read
from .heard import hear
from .measures import Row, Tally

__all__ = ["rows"]

_OPENERS = re.compile(
    r"^(?:who|what|when|where|why|how|which|do|does|did|is|are|was|were|can|could|will"
    r"|would|should|have|has)\b",
    re.IGNORECASE,
)


def _plain(text: str) -> bool:
    return "?" in text or bool(_OPENERS.match(text))


def rows() -> list[Row]:
    """Score the two question sets on the items on which both labels agree."""
    table: list[Row] = []
    for name, forms in (("questions_ami", ("text", "text_bare")), ("questions_mrda", ("text_bare",))):
        items = [item for item in read(name) if item["agree"]]
        for form in forms if items else ():
            ours, rules, plain = Tally(), Tally(), Tally()
            for item in items:
                score = question_score(item[form], hear(item[form]).question, alone=True)
                ours.add(score >= 0.5, item["is_question"])
                rules.add(question_score(item[form]) >= 0.5, item["is_question"])
                plain.add(_plain(item[form]), item["is_question"])
            kind = "bare" if form == "text_bare" else "punctuated"
            table += [
                Row.of(f"{name} {kind}", "earful", ours),
                Row.of(f"{name} {kind}", "earful without encoder", rules),
                Row.of(f"{name} {kind}", "regular expressions", plain),
            ]
    return table
