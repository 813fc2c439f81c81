"""How snapshots, plans and runs are told: short, aligned, the same in every command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from . import words
from .console import Console, Piece
from .exits import Exit

if TYPE_CHECKING:
    from optout.filter import Inspection, Policy, RunReport, ShardOutcome, VerifyReport
    from optout.filter.columns import DetectedColumn
    from optout.registry import Snapshot
    from optout.registry.errors import SnapshotFault

SHARDS_SHOWN = 20
"""Of a corpus of thousands, those that lost most; `--json` holds all of them."""
FAULTS_SHOWN = 20

PDQ = "pdq256"
"""The role of columns that hold such hashes, and the name of their radius."""


def show_snapshot(console: Console, snapshot: Snapshot, *, pinned: bool) -> None:
    """Which snapshot it is: its origin, what it holds, who signed it."""
    held = words.per_kind(snapshot.counts["by_kind"]) or "nothing"
    console.say_table(
        [
            (("snapshot", "dim"), f"{snapshot.origin} at {snapshot.size:,}: {held}"),
            (
                ("key", "dim"),
                str(snapshot.key)
                if pinned
                else f"{words.short_key(snapshot.key)}   (its own word: pin it with --key)",
            ),
        ]
    )


def show_plan(
    console: Console,
    planned: Sequence[DetectedColumn],
    policy: Policy,
    chosen: Mapping[str, Sequence[str]],
    excluded: Sequence[str],
    *,
    pdq_alone: bool = False,
) -> None:
    """What the run will look at, and where its policy is not the usual one.

    Args:
        console: where to tell it.
        planned: the columns that are looked at, each with its role.
        policy: what the run obeys.
        chosen: columns by role, as the operator said.
        excluded: columns that the operator does not want looked at.
        pdq_alone: whether pictures are registered that are known by their PDQ alone.
    """
    said = {path for paths in chosen.values() for path in paths}
    roles: dict[str, list[str]] = {}
    for column in planned:
        roles.setdefault(column.path, []).append(str(column.role))
    rows: list[tuple[Piece, ...]] = [
        ("", path, ", ".join(played), ("as you said" if path in said else "", "dim"))
        for path, played in roles.items()
    ]
    rows += [("", path, ("not looked at, as you said", "dim")) for path in excluded]
    label: Piece = ("columns ", "dim")
    console.say_table([(label if number == 0 else "", *row[1:]) for number, row in enumerate(rows)])
    pdq = pdq_alone or any(column.role == PDQ for column in planned)
    told = policy_differences(policy, pdq=pdq) or usual_policy(policy, pdq=pdq)
    console.say_table([(("policy  ", "dim"), told)])


def _pdq_radius() -> str:
    """What no radius of a policy changes."""
    from optout.registry.images import RADIUS

    return f"{RADIUS[PDQ]} in PDQ"


def usual_policy(policy: Policy, *, pdq: bool = False) -> str:
    """What the usual policy means, in a line; `pdq` where pictures are compared by that too."""
    also = f" ({_pdq_radius()})" if pdq else ""
    return (
        f"the usual: pictures within {policy.radius} of 256 bits{also}; sites need grade "
        f"{policy.min_grade['site']}; unproven entries above {policy.hold_share:.1%} are held"
    )


def tell_damaged_snapshot(console: Console, command: str, fault: SnapshotFault) -> int:
    """An audit ends at a snapshot that is not what was signed: that is what it found."""
    check = {"name": "snapshot", "ok": False, "detail": str(fault)}
    console.checks([check])
    console.verdict(command, 1)
    console.document({"ok": False, "checks": [check]})
    return Exit.FOUND


def policy_differences(policy: Policy, *, pdq: bool = False) -> str:
    """Where a policy is not the default one, in words; `pdq` as for `usual_policy`."""
    from optout.filter import Policy as Usual

    usual, own = Usual().to_dict(), policy.to_dict()
    parts = []
    for name, value in own.items():
        if value == usual[name]:
            continue
        if name == "radius" and pdq:
            parts.append(f"{name} {value} ({_pdq_radius()})")
        elif isinstance(value, dict):
            changed = [f"{k}={v}" for k, v in value.items() if v != usual[name][k]]
            parts.append(f"{name.replace('_', ' ')} {', '.join(changed)}")
        elif isinstance(value, list):
            parts.append(f"{name} {', '.join(map(str, value))}")
        else:
            parts.append(f"{name} {value}")
    return "; ".join(parts)


def show_shards(console: Console, report: RunReport) -> None:
    """The table: what each shard lost, and the whole."""
    touched = [o for o in report.outcomes if o.rows_dropped or o.rows_quarantined]
    shown = report.outcomes if len(report.outcomes) <= SHARDS_SHOWN else touched
    if len(shown) > SHARDS_SHOWN:
        most = sorted(shown, key=lambda o: (-o.rows_dropped - o.rows_quarantined, o.shard))
        shown = sorted(most[:SHARDS_SHOWN], key=lambda o: o.shard)
    rows: list[Sequence[Piece]] = [
        tuple((name, "dim") for name in ("shard", "in", "dropped", "quarantined", "why")),
        *(_shard(outcome) for outcome in shown),
    ]
    more = len(report.outcomes) - len(shown)
    if more:
        rows.append(((f"and {more:,} more", "dim"),))
    if len(report.outcomes) != 1:
        rows.append(
            (
                ("all", "bold"),
                (f"{report.rows_in:,}", "bold"),
                (f"{report.rows_dropped:,}", "bold"),
                (f"{report.rows_quarantined:,}", "bold"),
                (_why(report.dropped_by_kind), "bold"),
            )
        )
    console.table(rows, right=(1, 2, 3))


def _shard(outcome: ShardOutcome) -> Sequence[Piece]:
    return (
        outcome.shard,
        f"{outcome.rows_in:,}",
        (f"{outcome.rows_dropped:,}", "red" if outcome.rows_dropped else "dim"),
        (f"{outcome.rows_quarantined:,}", "yellow" if outcome.rows_quarantined else "dim"),
        _why(outcome.dropped_by_kind),
    )


def _why(by_kind: Mapping[str, int]) -> str:
    return ", ".join(f"{kind} {rows:,}" for kind, rows in sorted(by_kind.items()) if rows)


def show_run(console: Console, report: RunReport, out: str) -> None:
    """What a run did: its shards, then what the operator has to look at."""
    console.result()
    show_shards(console, report)
    console.result()
    masked = any(outcome.how == "masked" for outcome in report.outcomes)
    if report.rows_quarantined:
        aside = "would be put aside" if report.dry_run else "put aside"
        console.result(
            (f"{words.counted(report.rows_quarantined, 'row')} could not be judged", "yellow"),
            ": left out like the dropped ones"
            if masked
            else f": {aside} in {out}.optout/quarantine/",
        )
    for held in report.held:
        console.result(
            (f"held: entry {held.entry}", "bold yellow"),
            f" ({held.kind}, grade {held.grade}) would drop {words.counted(held.rows, 'row')}, "
            f"{held.share:.1%} of the corpus; obey it with --obey {held.entry}",
        )
    for failed in report.failed:
        console.result(("failed: ", "bold red"), failed.message)
        if failed.advice:
            console.result(f"        {failed.advice}")
    skipped = f", {report.skipped:,} of them finished before" if report.skipped else ""
    kept = f"{report.rows_kept:,} of {words.counted(report.rows_in, 'row')}"
    verb = "would be kept" if report.dry_run else "left by the masks" if masked else "kept"
    console.result(
        f"{kept} {verb} in {words.counted(report.shards, 'shard')}{skipped}; {report.seconds:.1f} s"
    )


def show_checks(console: Console, report: VerifyReport) -> None:
    """What was checked, every fault, and how it ended."""
    console.checks([{"name": c.name, "ok": c.ok, "detail": c.detail} for c in report.checks])
    show_faults(console, report)


def show_faults(console: Console, report: VerifyReport) -> None:
    """Every fault by name, rows that should have gone before all else, and how it ended."""
    # A damaged file has many rows that cannot be judged: the file is what there is to say.
    ordered = sorted(report.faults, key=lambda fault: (fault.entry is None, fault.row is not None))
    for fault in ordered[:FAULTS_SHOWN]:
        console.result(("FAULT ", "bold red"), fault.text)
    if len(report.faults) > FAULTS_SHOWN:
        console.result(
            (f"and {len(report.faults) - FAULTS_SHOWN:,} more (--json lists all)", "dim")
        )
    console.verdict("verify", len(report.faults) if not report.ok else 0)


def show_inspection(console: Console, inspection: Inspection) -> None:
    """Columns and roles, what each kind reaches, and what cannot be read."""
    console.result(
        f"{words.counted(inspection.shards, 'shard')}, {words.counted(inspection.rows, 'row')}"
    )
    console.result()
    rows: list[Sequence[Piece]] = [
        tuple((name, "dim") for name in ("column", "type", "role", "why"))
    ]
    rows += [
        (
            (column.path, "bold" if column.role else ""),
            (_short(column.type), "dim"),
            (column.role or "-", "cyan" if column.role else "dim"),
            (column.why, "" if column.role else "dim"),
        )
        for column in inspection.columns
    ]
    console.table(rows)
    console.result()
    console.table(
        [
            (("kind", "dim"), ("what it can find here", "dim")),
            *(
                ((reach.kind, "bold" if reach.columns else "dim"), reach.text)
                for reach in inspection.reach
            ),
        ]
    )
    for unreadable in inspection.unreadable:
        console.result(("cannot be read: ", "bold red"), unreadable)


def _short(name: str, most: int = 28) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
