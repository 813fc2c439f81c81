"""What was asked for and meets nothing: mostly a slip of the pen, and told as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optout.filter.columns import (
    DetectedColumn,
    Leaf,
    carries,
    is_below,
    leaf_types,
    leaf_values,
    nodes,
)
from optout.filter.judge import Policy
from optout.filter.pictures import is_picture_address
from optout.filter.scan import HASHES, is_meant, reach, written
from optout.registry.identifiers import Kind
from optout.registry.snapshot import Snapshot

from .plan import Asked
from .survey import Surveyed, samples

_LACKING = {
    Kind.URL: "addresses",
    Kind.SITE: "addresses",
    Kind.PREFIX: "addresses",
    Kind.ACCOUNT: "addresses or accounts",
    Kind.WORK: "numbers of works",
    Kind.TEXT: "passages",
    Kind.FILE: "files or digests of them",
    Kind.IMAGE: "pictures or hashes of them",
}
"""By kind, what a column would have to hold."""

_INSIDE = frozenset({Kind.FILE, Kind.IMAGE})
"""Kinds that are also found in a `data:` address, where the picture stands in the address."""


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


def strange_columns(asked: Asked, seen: Sequence[Surveyed]) -> Iterator[str]:
    """Columns that are not what they were said to be, each in words.

    Args:
        asked: what the operator asks for.
        seen: all inputs; some values of them are read.
    """
    # What is no picture cannot be judged, which is counted and told.
    leaves = [leaf for leaf in asked.columns if leaf.role != "image"]
    looked_at = dict.fromkeys(leaves, 0)
    meant: set[Leaf] = set()
    for sample in samples(seen) if leaves else ():
        left = [leaf for leaf in leaves if leaf not in meant and carries(sample.schema, leaf)]
        for batch in sample.rows.to_batches() if sample.rows is not None and left else ():
            for held in leaf_values(batch, left):
                values = list(filter(None, held.values.to_pylist()))
                looked_at[held.leaf] += len(values)
                if any(_is_meant(held.leaf, value) for value in values):
                    meant.add(held.leaf)
    for leaf, number in looked_at.items():
        if number and leaf not in meant:
            meaning = "a passage" if leaf.role == "text" else leaf.role
            yield f"{leaf.path}: none of {number:,} sampled values can be read as {meaning}"


def _is_meant(leaf: Leaf, value: bytes) -> bool:
    try:
        text = written(leaf.role, value)
    except ValueError:
        return True  # it cannot be judged, which is counted and told
    if text is None or leaf.role in HASHES:
        return text is not None
    return is_meant(leaf.role, text) or (leaf.role == "url" and is_picture_address(text))


def unmet_entries(
    columns: Sequence[DetectedColumn], policy: Policy, snapshot: Snapshot
) -> Iterator[str]:
    """Entries that no column can meet, in a line; nothing where there are none.

    Args:
        columns: the columns that are looked at, each with its role.
        policy: which entries are obeyed.
        snapshot: what is opted out.
    """
    roles = {column.role for column in columns if column.role is not None}
    met = frozenset[Kind]().union(*map(reach, roles))
    unmet: dict[Kind, int] = {}
    lacking: dict[str, Kind] = {}
    for kind in Kind:
        number = int(snapshot.counts["by_kind"].get(str(kind), 0))
        word = _LACKING[kind]
        if kind is Kind.IMAGE and kind in met and "image" not in roles:
            number -= snapshot.held_by(roles.intersection(HASHES))
            word = "pictures or the hashes by which those are known"
        elif kind in met:
            continue
        if number > 0 and policy.looks_for(kind):
            unmet[kind], lacking[word] = number, kind
    if not unmet:
        return
    of_each = ", ".join(f"{kind} {number:,}" for kind, number in unmet.items())
    of_which = of_each if len(unmet) > 1 else next(iter(unmet))
    entries = int(snapshot.counts["entries"])
    inside = "url" in roles and _INSIDE.intersection(unmet)
    yield (
        f"{sum(unmet.values()):,} of {entries:,} {'entry' if entries == 1 else 'entries'} "
        f"({of_which}) cannot be found here: no column holds {', '.join(lacking)}"
        + (", except in data: addresses" if inside else "")
    )
