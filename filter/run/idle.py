"""What was asked for and meets nothing: mostly a slip of the pen, and told as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optout.filter.columns import Leaf, is_below, leaf_types, nodes

from .plan import Asked
from .survey import Surveyed


def idle_wishes(asked: Asked, seen: Sequence[Surveyed], entries: int) -> Iterator[str]:
    """Wishes without effect, each in words.

    Args:
        asked: what the operator asks for.
        seen: all inputs.
        entries: how many the log had, from which the snapshot was made.
    """
    schemas = list({each.schema: None for each in seen if each.schema is not None})
    for path in asked.exclude:
        there = any(
            leaf_types(schema, Leaf(path, "url"))
            or any(is_below(node.path, path) for node in nodes(schema))
            for schema in schemas
        )
        if not there:
            yield f"no shard has a column {path!r}: leaving it out leaves out nothing"
    for entry in sorted(asked.policy.obey):
        if entry >= entries:
            yield f"the snapshot has no entry {entry}: obeying it obeys nothing"
