"""How a run tells what it does, to whoever shows it: the filter itself never prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from optout.filter.columns import DetectedColumn


class Progress(Protocol):
    """Hears what long work is doing. Calls come from one thread, in the order of the work."""

    def stage(self, name: str, total: int | None = None) -> None:
        """The next part of the work begins: `plan`, `scan`, `decide`, `write`.

        Args:
            name: what is done now, as one word.
            total: how many steps it has (shards for `plan`, rows for `scan` and `write`), where
                that is known.
        """

    def advance(self, n: int = 1, detail: str = "") -> None:
        """`n` steps more are done; `detail` names the shard in hand."""

    def planned(self, columns: Sequence[DetectedColumn]) -> None:
        """It is known which columns are looked at, each with its role; before anything is."""

    def note(self, text: str) -> None:
        """Something that the operator should read."""

    def close(self) -> None:
        """The work is over."""


class Silence:
    """Progress that nobody hears."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Nothing is shown."""

    def advance(self, n: int = 1, detail: str = "") -> None:
        """Nothing is shown."""

    def planned(self, columns: Sequence[DetectedColumn]) -> None:
        """Nothing is shown."""

    def note(self, text: str) -> None:
        """Nothing is shown."""

    def close(self) -> None:
        """Nothing is shown."""
