"""Which of many addresses are opted out: the filter's own matching, on what is published."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optout.filter import Filter

    from .on_disk import Published


class AddressJudge:
    """Judges addresses as a filter with the default policy would, by the snapshot it is given."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._filter: tuple[str, Filter] | None = None

    def opted_out(self, published: Published, addresses: Sequence[str]) -> list[bool]:
        """Which addresses a filter would drop: by url, site, prefix, or the account they are of.

        Args:
            published: what is in force.
            addresses: in any form; what is no http or https address is never opted out.

        Returns:
            One word for each, in order.
        """
        # Not at the top: they bring Arrow and compiled code, which nothing else here needs.
        import pyarrow as pa

        # What text cannot carry is no address either; Arrow takes UTF-8 alone.
        readable = [address.encode("utf-8", "replace").decode() for address in addresses]
        batch = pa.record_batch({"url": pa.array(readable, pa.string())})
        with self._lock:  # one filter at a time: it makes and keeps tables of its own
            verdicts = self._of(published).judge(batch)
        return [verdict == "drop" for verdict in verdicts.field("verdict").to_pylist()]

    def forget(self) -> None:
        """Let go of the snapshot: it may hold what has been erased."""
        with self._lock:
            self._filter = None

    def _of(self, published: Published) -> Filter:
        from optout.filter import Filter

        digest = published.snapshot.digest
        if self._filter is not None and self._filter[0] == digest:
            return self._filter[1]
        made = Filter(published.snapshot, columns={"url": ["url"]})
        # What is gone may hold what has been erased, and nobody would say `forget` again.
        self._filter = (digest, made) if published.is_there else None
        return made
