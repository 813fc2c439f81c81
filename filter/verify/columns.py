"""The columns: whatever can be matched must have been looked at, whoever decided otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from optout.filter.parquet import Batch, ShardReader

from .detection import IMAGE, SHA256, URL, Detection
from .judging import Leaves
from .leaves import Values, leaf_values, text_columns
from .papers import Papers, faults
from .policy import Eligibility
from .report import Finding, counted

Tell = Callable[[int, str], None]

_PLURAL = {URL: "addresses", SHA256: "SHA-256 digests", IMAGE: "pictures"}


def look_at_columns(
    papers: Papers, finding: Finding, tell: Tell
) -> tuple[Detection, dict[str, int]]:
    """Look at every string and binary value of OUT.

    Args:
        papers: names the shards.
        finding: gets the shards that cannot be looked through.
        tell: hears of rows that are done.

    Returns:
        What was seen, and how many rows each of the others has.
    """
    detection = Detection()
    rows: dict[str, int] = {}
    for shard, path in papers.out.files.items():
        with faults(finding, shard, shard), ShardReader(path, shard) as reader:
            batches = reader.batches(text_columns(reader.schema))
            detection.add_shard(_values(batches, shard, tell))
            rows[shard] = reader.rows
    return detection, rows


def _values(batches: Iterator[Batch], shard: str, tell: Tell) -> Iterator[Iterator[Values]]:
    for batch in batches:
        yield leaf_values(batch.data, batch.first_row)
        tell(batch.rows, shard)


def check_columns(
    papers: Papers, eligibility: Eligibility, detection: Detection, finding: Finding
) -> Leaves:
    """Hold what can be matched against what the run looked at.

    A leaf that the operator left out is a fault like any other: what stands in it was not judged.

    Args:
        papers: its plan was read.
        eligibility: says which kinds are looked for at all.
        detection: what was seen in OUT.
        finding: gets the leaves that were not looked at, and words.

    Returns:
        The leaves to judge: all that can be matched, and all that the plan names.
    """
    planned: Leaves = papers.plan.leaves if papers.plan else {}
    left_out = papers.plan.exclude if papers.plan else frozenset()
    leaves: dict[str, frozenset[str]] = dict(planned)
    told = []
    for path, roles in sorted(detection.matchable().items()):
        seen = detection.leaves[path]
        for role in sorted(filter(eligibility.reaches, roles)):
            told.append(f"{path} ({seen.alike[role]:,} {_PLURAL[role]})")
            leaves[path] = leaves.get(path, frozenset()) | {role}
            if papers.plan is not None and role not in planned.get(path, frozenset()):
                who = "the operator left it out" if path in left_out else "the run did not look"
                finding.fault(
                    f"{path} holds {_PLURAL[role]} ({seen.alike[role]:,} of "
                    f"{counted(seen.values, 'value')}), and {who}",
                    leaf=path,
                )
    finding.say(
        f"{counted(len(detection.leaves), 'leaf', 'leaves')} of text or bytes, of which can be "
        f"matched: {', '.join(told) or 'none'}"
    )
    also = sorted(planned.keys() - detection.matchable().keys())
    if also:
        finding.say(f"judged too, because the plan says so: {', '.join(also)}")
    nested = [path for path, seen in sorted(detection.leaves.items()) if seen.json]
    if nested:
        finding.say(f"addresses inside JSON, which no version looks at yet: {', '.join(nested)}")
    return leaves
