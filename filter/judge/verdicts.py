"""Verdicts: drop beats quarantine beats keep."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from optout.filter.columns import Leaf, arrow_numbers, arrow_words
from optout.registry.identifiers import Kind

from .findings import NO_DISTANCE, UNJUDGEABLE, Found
from .policy import Policy

Rows = npt.NDArray[np.int64]


class Verdict(IntEnum):
    """What speaks about a row, the strongest first. `HELD` lets a row stay, and is reported."""

    DROP = 0
    QUARANTINE = 1
    HELD = 2

    @property
    def word(self) -> str:
        """How the verdict is called in matches."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What becomes of some rows.

    Attributes:
        dropped: int64, the rows an entry met that is obeyed; ascending.
        quarantined: int64, the rows that could not be judged, and are not dropped; ascending.
        reasons: everything that speaks about a row, in the order of rows and of weight.
        verdicts: uint8, for every reason its `Verdict`.
        deciding: int64, for every dropped row, and then for every row put aside, the position of
            the reason that decided.
    """

    dropped: Rows
    quarantined: Rows
    reasons: Found
    verdicts: npt.NDArray[np.uint8]
    deciding: Rows

    @property
    def removed(self) -> Rows:
        """The rows that are not in the output, ascending."""
        return np.union1d(self.dropped, self.quarantined)

    def dropped_by_kind(self, times: Rows | int = 1) -> dict[str, int]:
        """Dropped rows by the kind of the reason that decided; every row once.

        Args:
            times: int64, how many rows each of the dropped ones stands for.
        """
        kinds = self.reasons["kind"][self.deciding[: len(self.dropped)]]
        codes, which = np.unique(kinds, return_inverse=True)
        rows = np.zeros(len(codes), np.int64)
        np.add.at(rows, which, times)
        return {
            kind_word(code): count
            for code, count in zip(codes.tolist(), rows.tolist(), strict=True)
        }

    def matches(self, leaves: Sequence[Leaf]) -> pa.Table:
        """The reasons as a table: row, verdict, kind, entry, leaf, distance."""
        known = self.reasons["kind"] != UNJUDGEABLE
        distance = self.reasons["distance"]
        verdicts = arrow_words([verdict.word for verdict in Verdict])
        kinds = arrow_words([kind_word(code) for code in range(256)])
        paths = arrow_words([leaf.path for leaf in leaves])
        return pa.table(
            {
                "row": arrow_numbers(self.reasons["row"]),
                "verdict": verdicts.take(arrow_numbers(self.verdicts)),
                "kind": kinds.take(arrow_numbers(self.reasons["kind"], known)),
                "entry": arrow_numbers(self.reasons["entry"], known),
                "leaf": paths.take(arrow_numbers(self.reasons["leaf"].astype(np.int32))),
                "distance": arrow_numbers(distance, distance != NO_DISTANCE),
            }
        )


def kind_word(code: int) -> str:
    """How a finding's kind is called; `unjudgeable` where it is none."""
    return _WORDS.get(code, "unjudgeable")


_WORDS = {kind.code: str(kind) for kind in Kind}


def give_verdicts(
    found: Found, leaves: Sequence[Leaf], policy: Policy, held: Collection[int] = ()
) -> Verdicts:
    """Decide what becomes of rows.

    Any entry that is obeyed drops the whole row. Of several reasons with one verdict the first in
    the order of kinds decides, then the nearest, then the older entry.

    Args:
        found: what speaks about the rows.
        leaves: the plan's leaves.
        policy: says what becomes of values that could not be judged.
        held: the entries that are reported and not obeyed.
    """
    actions = [policy.action(leaf.role) for leaf in leaves]
    broken = found["kind"] == UNJUDGEABLE
    action = np.array([*actions, ""], object)[found["leaf"]]
    is_held = ~broken & np.isin(found["entry"], np.fromiter(held, np.int64, len(held)))
    drops = (~broken & ~is_held) | (broken & (action == "drop"))
    dropped = np.unique(found["row"][drops])
    aside = broken & (action == "quarantine") & ~np.isin(found["row"], dropped)
    quarantined = np.unique(found["row"][aside])

    speaks = drops | aside | is_held
    reasons = found[speaks]
    verdicts = np.select(
        [drops[speaks], aside[speaks]], [Verdict.DROP, Verdict.QUARANTINE], Verdict.HELD
    ).astype(np.uint8)
    order = np.lexsort((verdicts, reasons["row"]))  # stable: weight stays the last key
    reasons, verdicts = reasons[order], verdicts[order]
    first = np.searchsorted(reasons["row"], np.concatenate([dropped, quarantined]))
    return Verdicts(dropped, quarantined, reasons, verdicts, first)
