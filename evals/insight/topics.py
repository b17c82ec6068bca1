"""Topics: do the phrases found in a stretch of a meeting say what its annotators said it was about?

For every annotated topic the phrases found in its turns are compared with the words of its title, and
of the questions asked about it: a word counts as found when a topic phrase holds it.
"""

from collections import Counter

from earful.insight.text import STOP_WORDS, stem, tokens
from earful.insight.topics import TopicBook

from .data import read
from .measures import Row, Tally

__all__ = ["rows"]


def _words(text: str) -> set[str]:
    return {
        stem(token.lower)
        for token in tokens(text)
        if token.is_word and token.lower not in STOP_WORDS and len(token.lower) > 2
    }


def _plain(texts: list[str], count: int) -> set[str]:
    """The most frequent words that are not stop words."""
    counts = Counter(
        stem(token.lower)
        for text in texts
        for token in tokens(text)
        if token.is_word and len(token.lower) > 2 and token.lower not in STOP_WORDS
    )
    return {word for word, _ in counts.most_common(count)}


def rows() -> list[Row]:
    """Score the words of the topics against titles and queries; both systems give as many words."""
    ours, plain = Tally(), Tally()
    for meeting in read("topics_qmsum"):
        titles = [topic for topic in meeting["topics"] if topic["spans"]]
        for topic in titles:
            wanted = _words(topic["topic"])
            texts = [
                turn["text"]
                for first, last in topic["spans"]
                for turn in meeting["turns"][int(first) : int(last) + 1]
            ]
            book = TopicBook()
            for index, text in enumerate(texts):
                book.add(text, str(index), None)
            found_topics, _ = book.ranked()
            found = {word for item in found_topics or () for word in _words(item.text)}
            for tally, words in ((ours, found), (plain, _plain(texts, max(1, len(found))))):
                tally.right += len(wanted & words)
                tally.missed += len(wanted - words)
                tally.wrong += len(words - wanted)
    if not ours.right + ours.missed:
        return []
    note = "words of the title among the topics' words"
    return [
        Row.of("topics (QMSum)", "earful", ours, note=note),
        Row.of("topics (QMSum)", "frequent words", plain, note=note),
    ]
