"""What an audit hands over: named checks, and the faults behind them.

A check's detail is meant to be read by somebody who will sign for it, so it says what was done
and how much of it, not only how it ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

MAX_FAULTS = 1000
"""Faults kept word for word for each check; beyond it they are counted."""


def printable(text: str) -> str:
    """The text without what could forge a line of a report: names come from strangers."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number of things in words: `1 row`, `2,000 rows`, `1 entry`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        text: the whole of it in one line, as people read it.
        shard: the shard's name, where the fault lies in one.
        row: the row, counted from 0 in the output shard (in the input shard where `text` says so).
        entry: the registry entry concerned.
        kind: that entry's kind.
        distance: bits between the picture and the entry; images only.
        leaf: the path of the column or nested value concerned.
    """

    text: str
    shard: str | None = None
    row: int | None = None
    entry: int | None = None
    kind: str | None = None
    distance: int | None = None
    leaf: str | None = None

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: its name, whether it holds, and what was found."""

    name: str
    ok: bool
    detail: str


@dataclass
class Finding:
    """A check while it is being carried out.

    Attributes:
        name: the check's name.
        count: how many faults were found, also those not kept.
    """

    name: str
    count: int = 0
    _faults: list[Fault] = field(default_factory=list)
    _words: list[str] = field(default_factory=list)

    def say(self, words: str) -> None:
        """Add a clause to the detail."""
        self._words.append(printable(words))

    def fault(
        self,
        text: str,
        *,
        shard: str | None = None,
        row: int | None = None,
        entry: int | None = None,
        kind: str | None = None,
        distance: int | None = None,
        leaf: str | None = None,
    ) -> None:
        """Something is wrong; the arguments are the fields of `Fault`."""
        self.count += 1
        if len(self._faults) < MAX_FAULTS:
            self._faults.append(Fault(printable(text), shard, row, entry, kind, distance, leaf))

    @property
    def faults(self) -> list[Fault]:
        """The faults that were kept, in the order they were found."""
        kept = list(self._faults)
        if self.count > len(kept):
            kept.append(Fault(f"{self.name}: {self.count - len(kept)} further faults"))
        return kept

    def check(self) -> Check:
        """The check as it stands now."""
        words = list(self._words)
        if self.count == 1:
            words.insert(0, f"1 fault: {self._faults[0].text}")
        elif self.count:
            words.insert(0, f"{self.count} faults, the first: {self._faults[0].text}")
        return Check(self.name, not self.count, "; ".join(words) or "nothing to object to")


@dataclass(frozen=True)
class VerifyReport:
    """The outcome of `verify_dataset`.

    Attributes:
        checks: every check that was carried out, in order.
        faults: every fault behind a check that failed (at most 1,000 a check, then a count); rows
            that should have gone stand first.
        seed: the seed of the sample; None where every row was judged.
        sample: how many rows the sample was to hold; None where every row was judged.
    """

    checks: list[Check]
    faults: list[Fault]
    seed: int | str | None = None
    sample: int | None = None

    @property
    def ok(self) -> bool:
        """Whether every check holds."""
        return all(check.ok for check in self.checks)

    def to_dict(self) -> Mapping[str, Any]:
        """The report as `optout verify --json` prints it."""
        return {
            "ok": self.ok,
            "checks": [asdict(check) for check in self.checks],
            "faults": [asdict(fault) for fault in self.faults],
            "seed": self.seed,
            "sample": self.sample,
        }
