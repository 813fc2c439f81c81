"""How the snapshot at hand relates to the one that the run used.

It is the same, or a newer one of the same log. In the second case the log itself tells what was in
force at the time: its first records must have the root that the run recorded, and their fold says
which entries bound the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from optout.registry.errors import OptOutError
from optout.registry.identifiers import Grade
from optout.registry.log import State, fold, leaf_hash, root

from .report import Finding, counted

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot

IN_FORCE = frozenset({"in-force", "disputed"})


@dataclass(frozen=True, slots=True)
class Recorded:
    """The snapshot that a run says it used.

    Attributes:
        origin: of the log.
        size: of the log, records.
        root: hex.
        digest: hex SHA-256 of `snapshot.json`.
    """

    origin: str
    size: int
    root: str
    digest: str


@dataclass(frozen=True, slots=True)
class History:
    """What was in force when the run took its snapshot.

    Attributes:
        size: records of the log then; None where the snapshot at hand is the run's own.
        grades: by entry, its grade then; entries that were not in force then are missing.
        gone: entries that were in force then and are not in the snapshot at hand.
    """

    size: int | None = None
    grades: Mapping[int, Grade] = field(default_factory=dict)
    gone: frozenset[int] = frozenset()


def relate(snapshot: Snapshot, recorded: Recorded, finding: Finding) -> History:
    """Hold the snapshot at hand against the recorded one.

    Args:
        snapshot: opened, its files checked.
        recorded: what the run says.
        finding: gets what is wrong, and words.

    Returns:
        What was in force then; nothing is known where there is a fault.
    """
    if snapshot.origin != recorded.origin:
        finding.fault(f"the snapshot is of {snapshot.origin}, and the run obeyed {recorded.origin}")
        return History()
    if snapshot.digest == recorded.digest:
        finding.say("it is the one the run used")
        if (snapshot.size, snapshot.root) != (recorded.size, recorded.root):
            finding.fault("the run recorded another size or root than its snapshot has")
        return History()
    if snapshot.size < recorded.size:
        finding.fault(
            f"the snapshot has {snapshot.size} records, older than the {recorded.size} of the run"
        )
        return History()
    if snapshot.size == recorded.size:
        if snapshot.root != recorded.root:
            finding.fault(f"two roots at the size {snapshot.size}: the log shows two faces")
        else:
            finding.say("it is of the same log and size as the one the run used, made anew")
        return History()
    return _earlier(snapshot, recorded, finding)


def _earlier(snapshot: Snapshot, recorded: Recorded, finding: Finding) -> History:
    try:
        leaves = list(_leaves(snapshot.path, recorded.size))
        if root([leaf_hash(leaf) for leaf in leaves]).hex() != recorded.root:
            finding.fault(
                f"the first {recorded.size} records of the snapshot's log are not those that the "
                "run recorded: the log shows two faces"
            )
            return History()
        state = fold(leaves)
        later = log_of(snapshot)
    except (OptOutError, OSError) as fault:
        finding.fault(f"the log inside the snapshot cannot be read: {fault}")
        return History()
    then = {i: e.grade for i, e in state.entries.items() if e.status in IN_FORCE}
    now = {i for i, e in later.entries.items() if e.status in IN_FORCE}
    gone = frozenset(then.keys() - now)
    finding.say(
        f"it is newer than the one the run used, of the same log: {snapshot.size} records against "
        f"{recorded.size}"
    )
    if gone:
        finding.say(
            f"{counted(len(gone), 'entry', 'entries')} that the run knew withdrawn or erased since"
        )
    return History(recorded.size, then, gone)


def log_of(snapshot: Snapshot) -> State:
    """The log inside a snapshot, folded.

    Raises:
        OSError: it cannot be read.
        LogFault: a record is malformed or not allowed where it stands.
    """
    return fold(_leaves(snapshot.path, snapshot.size))


def _leaves(path: Path, count: int) -> Iterator[bytes]:
    with (path / "audit" / "leaves.jsonl").open("rb") as stream:
        for number, line in enumerate(stream):
            if number == count:
                return
            yield line.removesuffix(b"\n")
