"""The records: sealed, of these papers and files, and their counts add up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from optout.filter.evidence import FileDigest, ShardRecord
from optout.filter.parquet import ShardReader
from optout.registry.identifiers import Kind

from .leaves import Rows
from .papers import MASK, Papers, faults
from .report import Finding, counted

_UNJUDGEABLE = 255
_CODES = {str(kind): kind.code for kind in Kind}
_WORDS = {kind.code: str(kind) for kind in Kind} | {_UNJUDGEABLE: "unjudgeable"}


@dataclass
class Totals:
    """What the records say of the whole corpus.

    Attributes:
        rows_in: rows of the inputs.
        rows_kept: rows of the outputs.
        dropped: rows that entries met.
        quarantined: rows that could not be judged.
        scanned: rows of the inputs that the decision rests on.
        entries: by entry, how many of these rows the matches say it meets.
        kinds: by entry, its kind as the matches say.
        complete: whether all of it could be read.
    """

    rows_in: int = 0
    rows_kept: int = 0
    dropped: int = 0
    quarantined: int = 0
    scanned: int = 0
    entries: Counter[int] = field(default_factory=Counter)
    kinds: dict[int, str] = field(default_factory=dict)
    complete: bool = True


def check_records(papers: Papers, finding: Finding) -> Totals:
    """Hold every record against the papers and files that it names.

    Args:
        papers: its plan was read and its files hashed; gets the records.
        finding: gets what is wrong, and words.

    Returns:
        What the records say, all together.
    """
    totals = Totals()
    for shard in papers.shards:
        if shard not in papers.out.files and not _is_masked(papers, shard):
            why = papers.manifest.failed.get(shard) if papers.manifest else None
            reason = f": {why}" if why else ""
            there = "has no mask" if papers.masked else "is not in the output"
            finding.fault(f"{shard} was planned and {there}{reason}", shard=shard)
            continue
        if papers.plan is not None and shard not in papers.plan.shards:
            finding.fault(f"{shard} is in the output and was not planned", shard=shard)
        record = papers.read_record(shard, finding)
        if record is not None:
            _check_record(papers, shard, record, finding)
            _check_rows(papers, shard, record, totals, finding)
    finding.say(
        f"{counted(len(papers.records), 'record')}: {counted(totals.rows_in, 'row')} in, "
        f"{totals.rows_kept:,} kept, {totals.dropped:,} dropped, {totals.quarantined:,} put aside"
    )
    _check_decision(papers, totals, finding)
    return totals


def _is_masked(papers: Papers, shard: str) -> bool:
    """Whether a run of masks has one of this shard."""
    return papers.masked and papers.names.record(shard) in papers.beside.files


def _check_record(papers: Papers, shard: str, record: ShardRecord, finding: Finding) -> None:
    """What a record says without its rows: which shard, papers and files it is of."""
    called = papers.beside.called(papers.names.record(shard))
    for what, found, paper in (
        (papers.names.plan, record.plan, papers.plan),
        (papers.names.decision, record.decision, papers.decision),
    ):
        if paper is not None and found != paper.sha256:
            finding.fault(f"{called} was made under another {what}", shard=shard)
    if record.shard != shard:
        finding.fault(f"{called} is of another shard, {record.shard}", shard=shard)
    if papers.masked:
        if (record.mode, record.how) != (MASK, "masked") or record.output or record.quarantine:
            finding.fault(f"{called} is not that of a mask", shard=shard)
    elif record.mode != "rewrite" or record.output is None:
        finding.fault(f"{called} names no output", shard=shard)
    elif record.source.sha256 is None:
        # Of what a mask is laid over some columns were read, of what is written anew all.
        finding.fault(f"{called} names no digest of its input", shard=shard)
    names = papers.names
    for file, digest in (
        (papers.out.called(shard), record.output),
        (papers.beside.called(names.vector(shard)), record.vector),
        (papers.beside.called(names.matches(shard)), record.matches),
        (papers.beside.called(names.quarantine(shard)), record.quarantine),
    ):
        known = papers.digests.get(file)
        if digest is None and known is not None:
            finding.fault(f"{file} is there, and {called} names none", shard=shard)
        elif (
            digest is not None
            and known not in (None, digest)
            # Where the manifest binds what the record names, the file is a fault there already.
            and papers.bound.get(file) != digest.sha256
        ):
            finding.fault(f"{file} is not the file that its record names", shard=shard)
    copied = record.how == "copied"
    source = (record.source.sha256, record.source.size)
    unlike = record.output is None or (record.output.sha256, record.output.size) != source
    if copied and (unlike or record.rows_kept != record.rows_in):
        finding.fault(f"{called} says that {shard} was copied, and it was not", shard=shard)


def _check_rows(
    papers: Papers, shard: str, record: ShardRecord, totals: Totals, finding: Finding
) -> None:
    """Which rows went: record, vector, matches, output and quarantine must agree."""
    files: dict[str, tuple[Path, FileDigest | None, int]] = {}
    if shard in papers.out.files:
        called = papers.out.called(shard)
        files[called] = (papers.out.files[shard], record.output, record.rows_kept)
    aside = papers.names.quarantine(shard)
    if aside in papers.beside.files:
        path = papers.beside.files[aside]
        called = papers.beside.called(aside)
        files[called] = (path, record.quarantine, record.rows_quarantined)
    elif record.rows_quarantined and not papers.masked:
        finding.fault(f"{papers.beside.called(aside)} is missing", shard=shard)
    for called, (path, digest, rows) in files.items():
        if papers.digests.get(called) != digest:
            continue  # another file: how many rows it has says nothing of the record
        with faults(finding, called, shard), ShardReader(path, called) as reader:
            if reader.rows != rows:
                finding.fault(
                    f"{called} has {reader.rows:,} rows, and its record says {rows:,}", shard=shard
                )
    totals.rows_in += record.rows_in
    totals.rows_kept += record.rows_kept
    totals.dropped += record.rows_dropped
    totals.quarantined += record.rows_quarantined
    removed, matches = papers.removed(shard, finding), papers.matches(shard, finding)
    if removed is not None and (
        len(removed) != record.rows_dropped + record.rows_quarantined
        or (len(removed) and removed[-1] >= record.rows_in)
    ):
        finding.fault(
            f"{papers.beside.called(papers.names.vector(shard))} does not name "
            f"{record.rows_dropped + record.rows_quarantined:,} of {record.rows_in:,} rows",
            shard=shard,
        )
    elif removed is not None and matches is not None:
        _check_matches(papers, record, removed, matches, finding)
    if papers.decision is None or shard not in papers.decision.unseen:
        totals.scanned += record.rows_in
        if matches is not None:
            _count(matches, totals)
    totals.complete &= matches is not None


def _check_matches(
    papers: Papers, record: ShardRecord, removed: Rows, matches: pa.Table, finding: Finding
) -> None:
    """Every row that went has its reason, and no other row has one but by a held entry."""
    name = papers.names.matches(record.shard)
    called = papers.beside.called(name)
    held = papers.decision.held if papers.decision else None
    rows = matches["row"].to_numpy()
    kinds = _codes(matches["kind"])
    drops, puts_aside, holds = (_are(matches["verdict"], w) for w in ("drop", "quarantine", "held"))
    dropped = np.unique(rows[drops])
    aside = np.setdiff1d(removed, dropped, assume_unique=True)
    if not np.isin(dropped, removed).all() or len(dropped) != record.rows_dropped:
        finding.fault(
            f"{called} drops other rows than the record and the vector", shard=record.shard
        )
    elif not np.array_equal(np.unique(rows[puts_aside]), aside):
        finding.fault(f"{called} puts aside other rows than the vector", shard=record.shard)
    if len(rows) and (rows.min() < 0 or rows.max() >= record.rows_in):
        finding.fault(f"{called} names rows that the input has not", shard=record.shard)
    if (kinds[puts_aside] != _UNJUDGEABLE).any():
        finding.fault(f"{called} puts rows aside for an entry", shard=record.shard)
    if held is not None:
        entries = matches["entry"].fill_null(-1).to_numpy()
        if (holds != np.isin(entries, sorted(held))).any():
            finding.fault(f"{called} and the decision hold different entries", shard=record.shard)
    order = np.lexsort((kinds[drops], rows[drops]))
    _, first = np.unique(rows[drops][order], return_index=True)
    by_kind = Counter(_WORDS[code] for code in kinds[drops][order][first].tolist())
    if by_kind != Counter(dict(record.dropped_by_kind)):
        finding.fault(f"{called} counts other kinds than the record", shard=record.shard)


def _are(words: pa.ChunkedArray, word: str) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = pc.equal(words, word).to_numpy()
    return found


def _codes(kinds: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    places = pc.index_in(kinds, value_set=pa.array(list(_CODES))).fill_null(len(_CODES))
    codes = np.array([*_CODES.values(), _UNJUDGEABLE], np.int64)
    found: npt.NDArray[np.int64] = codes[places.to_numpy()]
    return found


def _count(matches: pa.Table, totals: Totals) -> None:
    there = matches.filter(pc.is_valid(matches["entry"]))
    by_entry = there.group_by(["entry", "kind"]).aggregate([("row", "count_distinct")])
    for entry, kind, rows in zip(
        by_entry["entry"].to_pylist(),
        by_entry["kind"].to_pylist(),
        by_entry["row_count_distinct"].to_pylist(),
        strict=True,
    ):
        totals.entries[entry] += rows
        totals.kinds.setdefault(entry, kind)


def _check_decision(papers: Papers, totals: Totals, finding: Finding) -> None:
    """The decision must rest on what the records count."""
    decision, plan = papers.decision, papers.plan
    totals.complete &= papers.records.keys() == set(papers.shards)
    if decision is None or not totals.complete:
        return
    name = papers.beside.called(papers.names.decision)
    if decision.rows != totals.scanned:
        finding.fault(f"{name} counts {decision.rows:,} rows, and the records {totals.scanned:,}")
    decided = {entry: known.rows for entry, known in decision.entries.items()}
    kinds = {entry: str(known.kind) for entry, known in decision.entries.items()}
    for entry in sorted(decided.keys() | totals.entries.keys()):
        if decided.get(entry) != totals.entries.get(entry):
            finding.fault(
                f"{name} counts {decided.get(entry, 0):,} rows of entry {entry}, and the matches "
                f"{totals.entries.get(entry, 0):,}",
                entry=entry,
            )
        elif kinds[entry] != totals.kinds[entry]:
            finding.fault(f"{name} calls entry {entry} {kinds[entry]}", entry=entry)
    if plan is not None and decision.unseen - plan.shards:
        finding.fault(f"{name} names shards that were not planned")
    if decision.unseen:
        finding.say(
            f"decided without {counted(len(decision.unseen), 'shard')} unreadable at the time"
        )
