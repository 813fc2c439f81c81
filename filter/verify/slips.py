"""Where a kernel and the reference say different things of a value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .judging import Slip
from .report import Finding, counted


@dataclass
class KernelCheck:
    """Takes the kernels by their word.

    Attributes:
        finding: gets every value that they are wrong about, and words.
        compiled: whether the kernels are compiled ones.
    """

    finding: Finding
    compiled: bool
    _values: int = 0

    def take(self, shard: str, where: str, slips: Iterable[Slip], values: int) -> None:
        """Take some rows into account.

        Args:
            shard: the shard's name.
            where: the shard as a fault names it, with a place for the row.
            slips: what the kernels are wrong about.
            values: how many of their values the reference has looked at.
        """
        self._values += values
        for slip in slips:
            place = where.format(slip.row)
            if slip.hit is not None:
                self.finding.fault(
                    f"{place}: {slip.leaf} meets {slip.hit.words}, which the kernel passes over",
                    shard=shard,
                    row=slip.row,
                    leaf=slip.leaf,
                    **slip.hit.facts,
                )
                continue
            one, other = ("cannot", "can") if slip.broken else ("can", "cannot")
            self.finding.fault(
                f"{place}: {slip.leaf} {one} be judged, and the kernel says that it {other}",
                shard=shard,
                row=slip.row,
                leaf=slip.leaf,
            )

    def conclude(self) -> None:
        """Say what was done."""
        which = "compiled" if self.compiled else "plain"
        self.finding.say(
            f"the {which} kernels looked at every row left; "
            f"{counted(self._values, 'value')} of the sample, or pointed at by them, looked up by "
            "the reference too"
        )
