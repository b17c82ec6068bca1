"""What a job that adds to a conversation asks for, found in what was said before as well.

The messages of before are told to the finders again, which know them by names of their own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from earful.conversation.types import EntityMatch, Message, MessageRef, Tracker, TrackerMatch
from earful.insight.types import Findings

__all__ = ["as_known", "found_before"]


def as_known(trackers: Iterable[Tracker], found: Iterable[TrackerMatch]) -> tuple[Tracker, ...]:
    """Return the trackers, those without an id under the one by which their name was found before."""
    ids = {match.tracker_name: match.tracker_id for match in found}
    return tuple(
        tracker if tracker.id else replace(tracker, id=ids.get(tracker.name)) for tracker in trackers
    )


def found_before(
    recalled: Findings,
    names: Mapping[str, str],
    earlier: Sequence[Message],
    trackers: Sequence[TrackerMatch],
    entities: Sequence[EntityMatch],
) -> Findings:
    """Return the trackers and entities that were `recalled` and are not among those that are kept.

    `names` are the ids of the `earlier` messages by those that they were recalled under. A message that is
    cut otherwise than it was is left out: places in it would be wrong.
    """
    texts = {message.id: message.text for message in earlier}
    there = {(match.tracker_id, match.phrase, ref) for match in trackers for ref in match.message_refs}
    named = {(match.entity.type, ref) for match in entities for ref in match.message_refs}

    def kept(refs: Iterable[MessageRef]) -> list[MessageRef]:
        known = [replace(ref, message_id=names.get(ref.message_id, "")) for ref in refs]
        return [ref for ref in known if texts.get(ref.message_id) == ref.text]

    return Findings(
        trackers=tuple(
            replace(match, message_refs=refs, insight_refs=())
            for match in recalled.trackers
            if (
                refs := tuple(
                    r for r in kept(match.message_refs) if (match.tracker_id, match.phrase, r) not in there
                )
            )
        ),
        entities=tuple(
            replace(match, message_refs=refs)
            for match in recalled.entities
            if (refs := tuple(r for r in kept(match.message_refs) if (match.entity.type, r) not in named))
        ),
    )
