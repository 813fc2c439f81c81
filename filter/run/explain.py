"""Why a row went, or stayed: what the evidence says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import pyarrow.compute as pc
from optout.filter.errors import EvidenceError
from optout.filter.evidence import FileDigest, ShardRecord, read_matches
from optout.filter.judge import Verdict
from optout.filter.parquet import decode_vector
from optout.registry.errors import UsageError
from optout.registry.identifiers import Kind

from .decide import Decision
from .place import Place
from .plan import Plan

_AGAIN = "Run the same `optout filter` again: it makes anew what is missing or damaged."


@dataclass(frozen=True, slots=True)
class Reason:
    """One entry that met a row, or one value of it that could not be judged.

    Attributes:
        verdict: `drop`, `quarantine` or `held`.
        kind: the entry's kind; None where a value could not be judged.
        entry: the entry's number; None where a value could not be judged.
        grade: how the entry's claim was proved.
        leaf: the path of the column.
        distance: bits between the picture and the entry; images only.
    """

    verdict: str
    kind: str | None
    entry: int | None
    grade: str | None
    leaf: str
    distance: int | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What became of a row, and why.

    Attributes:
        shard: the shard's name.
        row: in the input, counted from 0.
        verdict: `keep`, `drop` or `quarantine`.
        reasons: everything that spoke about the row, the deciding one first.
        text: the same in a sentence.
    """

    shard: str
    row: int
    verdict: Literal["keep", "drop", "quarantine"]
    reasons: Sequence[Reason]
    text: str

    def to_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


def explain_row(out: str | Path, shard: str, row: int) -> Explanation:
    """Say why a row of the input went, or that it stayed.

    Args:
        out: the folder that a run made; its evidence lies beside it.
        shard: the shard's name.
        row: in the input, counted from 0.

    Raises:
        UsageError: there is no such shard or row.
        EvidenceError: the evidence is missing or damaged.
    """
    place = Place.at(Path(out))
    plan = place.frozen_plan()
    if plan is None:
        raise EvidenceError(
            f"{place.evidence.folder} holds no plan", f"Is {out} what `optout filter` made?"
        )
    record = _record(place, plan, shard)
    if not 0 <= row < record.rows_in:
        raise UsageError(
            f"{shard} has no row {row}",
            f"Its {record.rows_in} rows are counted from 0, as they stand in the input.",
        )
    decision = _decision(place, record)
    names = place.evidence
    vector = _bound(place, names.vector(shard), record.vector)
    matches = _bound(place, names.matches(shard), record.matches)
    removed = row in decode_vector(vector, names.vector(shard))
    table = read_matches(matches, names.matches(shard))
    found = table.filter(pc.equal(table["row"], row)).to_pylist()
    reasons = sorted((_reason(match, decision) for match in found), key=_weight)
    verdict = _verdict(reasons)
    if removed != (verdict != "keep"):
        raise EvidenceError(
            f"{names.matches(shard)} and {names.vector(shard)} differ about row {row}", _AGAIN
        )
    text = _text(place, shard, row, verdict, reasons, decision)
    return Explanation(shard, row, verdict, reasons, text)


def _record(place: Place, plan: Plan, shard: str) -> ShardRecord:
    name = place.evidence.record(shard)
    if shard not in plan.inputs:
        close = sorted(get_close_matches(shard, plan.inputs, 3, 0.3) or [*plan.inputs])[:3]
        more = len(plan.inputs) - len(close)
        others = f" and {more:,} more" if more else ""
        raise UsageError(
            f"{place.evidence.out} has no shard {shard!r}", f"There is {', '.join(close)}{others}."
        )
    if not place.beside.exists(name):
        raise EvidenceError(f"{shard} is not finished: there is no {name}", _AGAIN)
    with place.beside.open(name) as stream:
        record = ShardRecord.parse(stream.read(), name)
    if record.plan != plan.digest:
        raise EvidenceError(f"{name} is of another plan", _AGAIN)
    return record


def _decision(place: Place, record: ShardRecord) -> Decision:
    name = place.evidence.decision
    if not place.beside.exists(name):
        raise EvidenceError(f"{place.evidence.path(name)} is missing", _AGAIN)
    with place.beside.open(name) as stream:
        decision = Decision.parse(stream.read(), name)
    if decision.digest != record.decision:
        raise EvidenceError(f"{record.shard} was filtered under another decision", _AGAIN)
    return decision


def _bound(place: Place, name: str, digest: FileDigest) -> bytes:
    """A file, if it is the one that the record names."""
    if not place.beside.exists(name):
        raise EvidenceError(f"{place.evidence.path(name)} is missing", _AGAIN)
    with place.beside.open(name) as stream:
        data = stream.read()
    if FileDigest.of(data) != digest:
        raise EvidenceError(f"{name} is not the file that the record names", _AGAIN)
    return data


def _reason(match: Mapping[str, Any], decision: Decision) -> Reason:
    known = decision.entries.get(match["entry"])
    return Reason(
        match["verdict"],
        match["kind"],
        match["entry"],
        known.grade if known else None,
        match["leaf"],
        match["distance"],
    )


def _weight(reason: Reason) -> tuple[int, int, int, int, str]:
    """The order in which reasons decide: `give_verdicts` has it."""
    return (
        Verdict[reason.verdict.upper()],
        256 if reason.kind is None else Kind(reason.kind).code,
        -1 if reason.distance is None else reason.distance,
        -1 if reason.entry is None else reason.entry,
        reason.leaf,
    )


def _verdict(reasons: Sequence[Reason]) -> Literal["keep", "drop", "quarantine"]:
    strongest = reasons[0].verdict if reasons else "held"
    if strongest == "drop":
        return "drop"
    return "quarantine" if strongest == "quarantine" else "keep"


def _text(
    place: Place,
    shard: str,
    row: int,
    verdict: str,
    reasons: Sequence[Reason],
    decision: Decision,
) -> str:
    who = f"row {row} of {shard}"
    if not reasons:
        return f"{who} stayed: no entry that is obeyed covers it"
    first, more = reasons[0], len(reasons) - 1
    others = f"; {more} more reason{'s' if more > 1 else ''} below" if more else ""
    if verdict == "quarantine":
        aside = place.evidence.path(place.evidence.quarantine(shard))
        return f"{who} was put aside: its {first.leaf} cannot be judged; it is in {aside}{others}"
    if first.entry is None:
        return f"{who} went: its {first.leaf} cannot be judged, and the policy drops such{others}"
    distance = "" if first.distance is None else f", distance {first.distance}"
    entry = f"entry {first.entry} ({first.kind}, grade {first.grade}{distance})"
    if verdict == "drop":
        return f"{who} went: {entry} covers its {first.leaf}{others}"
    known = decision.entries[first.entry]
    return (
        f"{who} stayed: {entry} covers its {first.leaf} and is held, because it meets "
        f"{known.rows:,} of {decision.rows:,} rows{others}"
    )
