"""Figures of a snapshot: what it holds by kind and grade, how that grew, and when it was built.

Counted when a snapshot is laid out, in a file beside it that is never served as it is: whoever
looks at the registry's page costs no reading of the log.
"""

from __future__ import annotations

import datetime
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from optout.registry.durable import publishing
from optout.registry.identifiers import Grade, Kind
from optout.registry.log import Add, State, Status, parse_leaf

_FILE = "figures.json"


@dataclass(frozen=True, slots=True)
class Day:
    """A day on which the log grew.

    Attributes:
        date: the day, `YYYY-MM-DD`.
        in_force: how many entries were in force at its end.
    """

    date: str
    in_force: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted of a snapshot.

    Attributes:
        built: when it was built, in whole seconds.
        held: by kind and grade, how many entries are in force; none is 0.
        by_status: how many entries of the log are disputed, withdrawn and so on; none is 0.
        days: every day on which the log grew, in order.
    """

    built: datetime.datetime
    held: Mapping[Kind, Mapping[Grade, int]]
    by_status: Mapping[Status, int]
    days: Sequence[Day]


def fold_by_day(leaves: Iterable[bytes]) -> tuple[State, list[Day]]:
    """Fold a registry's own log, and note what was in force at the end of each day.

    Raises:
        LogFault: a record is malformed.
        TransitionError: a record is not allowed where it stands.
    """
    state = State()
    days: dict[str, int] = {}
    date, in_force = "", 0
    for leaf in leaves:
        record = parse_leaf(leaf)
        index = state.size if isinstance(record, Add) else record.entry
        was = index in state.entries and state.entries[index].status.in_force
        state.apply(record)
        in_force += state.entries[index].status.in_force - was
        # A clock that was put back takes nothing away from a day that is over.
        date = max(date, record.date)
        days[date] = in_force
    return state, [Day(*day) for day in days.items()]


def write_figures(folder: Path, state: State, days: Sequence[Day]) -> None:
    """Count what a folded log holds, and write it beside its snapshot."""
    entries = state.entries.values()
    held = Counter((entry.kind, entry.grade) for entry in entries if entry.status.in_force)
    document = {
        "built": int(datetime.datetime.now(datetime.UTC).timestamp()),
        "held": [[kind, grade, count] for (kind, grade), count in sorted(held.items())],
        "status": Counter(entry.status for entry in entries),
        "days": [[day.date, day.in_force] for day in days],
    }
    with publishing(folder / _FILE) as stream:
        stream.write(json.dumps(document).encode())


def read_figures(folder: Path) -> Figures:
    """The figures that `write_figures` has written."""
    document = json.loads((folder / _FILE).read_bytes())
    held: dict[Kind, dict[Grade, int]] = {}
    for kind, grade, count in document["held"]:
        held.setdefault(Kind(kind), {})[Grade(grade)] = count
    return Figures(
        datetime.datetime.fromtimestamp(document["built"], datetime.UTC),
        held,
        {Status(status): count for status, count in document["status"].items()},
        tuple(Day(*day) for day in document["days"]),
    )
