"""What partners say their corpora left out: kept as they signed it, shown as their claim.

Whether a signature holds is found out before: here a report is held against the log. It must have
obeyed this log, as it was at that size, and speak of entries that were there. It proves who says
it, not that it is so.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from optout.registry.cases import Wish, tell_all
from optout.registry.errors import UsageError
from optout.registry.log import Tree, leaf_hash
from optout.registry.store import (
    ReportRow,
    Store,
    add_report,
    cases_named,
    cases_shown,
    find_report,
    hide_rows,
    list_newest,
    list_reports,
    newest_report,
    read_envelope,
    read_reported,
    show_rows,
    steps_among,
)
from sqlalchemy import Connection

from .partners import Partner

MOST_ROWS = (1 << 63) - 1
"""What a database can hold."""

_TREES = 32


@dataclass(frozen=True, slots=True)
class Report:
    """What a partner says, its signature verified.

    Attributes:
        corpus: what it is about.
        date: the day it was made, `YYYY-MM-DD`.
        origin: of the log that was obeyed.
        size: records of that log.
        root: hex, of its Merkle tree at that size.
        rows: how many rows each entry took out, by its index.
        envelope: the report itself, byte by byte.
    """

    corpus: str
    date: str
    origin: str
    size: int
    root: str
    rows: Mapping[int, int]
    envelope: bytes


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What a partner claims that an entry took out.

    Attributes:
        partner: who claims it, by name.
        corpus: what it was taken out of.
        date: the day it was reported, `YYYY-MM-DD`.
        rows: how many rows.
    """

    partner: str
    corpus: str
    date: str
    rows: int


class Reports:
    """The reports of one registry's partners. Threads may share it.

    Args:
        store: the registry's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._turn = threading.Lock()
        self._trees: dict[int, Tree] = {}

    def keep(
        self, partner: Partner, report: Report, now: datetime | None = None
    ) -> tuple[int, bool]:
        """Keep a report; one that was sent before changes nothing.

        Of one partner and corpus the newest report is shown, by its date, and of two of one day
        the one that came later. A case hears of it that it names, where the one that was shown
        before named nothing of that case; so it hears once of a corpus, however often that is
        reported, and again only where it was left out of a report in between.

        Args:
            partner: who sends it.
            report: what it says.
            now: the time; by default that of this machine.

        Returns:
            Its number, and whether it is new.

        Raises:
            UsageError: it is about another log, or about entries that this one did not have then,
                or counts no row of one.
            RegistryError: the database cannot be written.
        """
        digest = hashlib.sha256(report.envelope).digest()
        with self._store.reading() as connection:
            found = find_report(connection, digest)
        if found is not None:
            return found, False
        self._check_log(report)
        if any(not 0 <= entry < report.size for entry in report.rows):
            raise UsageError(
                "the report names entries that its log did not have", "Make it with optout report."
            )
        if any(rows < 1 for rows in report.rows.values()):
            raise UsageError(
                "the report names entries that took nothing out", "Make it with optout report."
            )
        total = sum(report.rows.values())
        if total > MOST_ROWS:
            raise UsageError(
                "the report counts more rows than a corpus can have", "Make it with optout report."
            )
        row = ReportRow(
            number=0,
            partner=partner.name,
            corpus=report.corpus,
            date=report.date,
            size=report.size,
            entries=len(report.rows),
            rows=total,
        )
        with self._store.writing() as connection:
            found = find_report(connection, digest)
            if found is not None:
                return found, False
            if steps_among(connection, report.rows):
                raise UsageError(
                    "the report names records of the log that are no entries",
                    "Make it with optout report.",
                )
            before = newest_report(connection, partner.name, report.corpus)
            number = add_report(connection, partner.id, row, digest, report.envelope)
            if before is None or before[1] <= report.date:
                heard = cases_shown(connection, before[0]) if before else set()
                if before is not None:
                    hide_rows(connection, before[0])
                show_rows(connection, number, report.rows)
                _tell_cases(connection, partner, report, heard, now or datetime.now(UTC))
        return number, True

    def reports_of(self, entries: Collection[int]) -> dict[int, list[Exclusion]]:
        """What partners claim that some entries took out; only entries of which they do."""
        told: dict[int, list[Exclusion]] = {}
        with self._store.reading() as connection:
            for entry, partner, corpus, date, rows in read_reported(connection, entries):
                told.setdefault(entry, []).append(Exclusion(partner, corpus, date, rows))
        return told

    def page(self, after: int, most: int) -> list[ReportRow]:
        """At most so many reports that came after one, in their order."""
        with self._store.reading() as connection:
            return list_reports(connection, after, most)

    def newest(self, most: int) -> list[ReportRow]:
        """At most so many reports that no other of their partner and corpus replaces."""
        with self._store.reading() as connection:
            return list_newest(connection, most)

    def envelope(self, number: int) -> bytes | None:
        """A report as it was signed and sent; None where there is none."""
        with self._store.reading() as connection:
            return read_envelope(connection, number)

    def _check_log(self, report: Report) -> None:
        if report.origin != self._store.origin:
            raise UsageError(
                f"the report is about the log {report.origin[:200]!r}, not {self._store.origin!r}",
                "Send it to the registry whose snapshot was obeyed.",
            )
        if report.size > self._store.tree().size or self._root(report.size).hex() != report.root:
            raise UsageError(
                "the report is about a log that was never this one",
                "Send it to the registry whose snapshot was obeyed.",
            )

    def _root(self, size: int) -> bytes:
        """The root of the log's tree at a size: once through the log, and later from there on."""
        with self._turn:
            begun = max((one for one in self._trees if one <= size), default=0)
            known = self._trees.get(begun, Tree())
            tree = Tree(known.size, tuple(known.nodes))
            tree.extend(map(leaf_hash, self._store.leaves(begun, size)))
            self._trees[size] = tree
            while len(self._trees) > _TREES:
                del self._trees[next(iter(self._trees))]
            return tree.root()


def _tell_cases(
    connection: Connection, partner: Partner, report: Report, heard: set[str], now: datetime
) -> None:
    what = {"partner": partner.name, "corpus": report.corpus}
    told = {
        case: {**what, "items": str(count)}
        for case, count in cases_named(connection, report.rows).items()
        if case not in heard
    }
    tell_all(connection, Wish.EXCLUDED, told, now)
