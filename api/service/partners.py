"""What partners do at the desk: show a key, tell what a corpus left out."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from optout.api.errors import KeyMisplaced
from optout.api.limits import Limits
from optout.filter.errors import EvidenceError
from optout.registry import Registry
from optout.registry.errors import UsageError
from optout.registry.partners import Exclusion, Partner, Purpose, Report
from optout.registry.store import ReportRow

from .beside import Beside
from .outside import Outside
from .turns import Turns
from .uploads import UploadDesk

_CORPORA = 200
"""Partners' corpora that a case is told of."""


class PartnerDesk:
    """Knows keys, takes reports and shows them.

    Args:
        registry: the registry, open.
        limits: the service's ceilings.
        outside: its time.
        queued: called when letters may have been queued.
        beside: where lists are worked off in processes of their own; here by default.
    """

    def __init__(
        self,
        registry: Registry,
        limits: Limits,
        outside: Outside,
        queued: Callable[[], None],
        beside: Beside | None = None,
    ) -> None:
        self._registry = registry
        self._beside = beside
        self._outside = outside
        self._queued = queued
        self._lookers = Turns(limits.writers, limits.waiting)
        self._keepers = Turns(1, limits.waiting)

    def name_of(self, key: str) -> str | None:
        """Under which name the bearer of a key is counted; None where it is nobody's. Blocks."""
        partner = self._registry.partners.find(key)
        return partner.id if partner else None

    def uploads(self, folder: Path, limits: Limits) -> UploadDesk:
        """Takes partners' lists; keeps them in a folder of this registry's own, below another."""
        own = folder / self._registry.key.verifier.id.hex()
        return UploadDesk(self._registry, own, limits, self._beside)

    async def bearer(self, key: str, purpose: Purpose) -> Partner | None:
        """Whose key this is; None where it is nobody's.

        Raises:
            KeyMisplaced: it is for something else.
        """
        partner = await self._lookers.run(self._registry.partners.find, key) if key else None
        if partner and partner.purpose is not purpose:
            raise KeyMisplaced(
                f"this key is for {partner.purpose}, not for {purpose}",
                "Send the one that you were given for this, or ask for one.",
            )
        return partner

    async def keep_report(self, partner: Partner, data: bytes) -> tuple[int, bool]:
        """Take a report of what a corpus left out.

        Returns:
            Its number, and whether it is new.

        Raises:
            UsageError: it is no report, not signed with the partner's key, or not about this log.
        """
        number, is_new = await self._keepers.run(self._keep, partner, data)
        if is_new:
            self._queued()
        return number, is_new

    async def reports(self, after: int, most: int) -> list[ReportRow]:
        """At most so many reports that came after one, in their order."""
        return await self._lookers.run(self._registry.reports.page, after, most)

    async def reports_of(self, entries: Collection[int]) -> dict[int, list[Exclusion]]:
        """What partners claim that some entries took out; only entries of which they do."""
        return await self._lookers.run(self._registry.reports.reports_of, entries)

    async def newest_reports(self) -> list[ReportRow]:
        """The latest report of each partner and corpus, the newest first; not all of very many."""
        return await self._lookers.run(self._registry.reports.newest, _CORPORA)

    async def envelope(self, number: int) -> bytes | None:
        """A report as it was signed and sent; None where there is none."""
        return await self._lookers.run(self._registry.reports.envelope, number)

    def _keep(self, partner: Partner, data: bytes) -> tuple[int, bool]:
        # Not at the top: it brings pyarrow, which nothing else here needs.
        from optout.filter.evidence import read_exclusions
        from optout.registry.log import VerifierKey

        try:
            told = read_exclusions(data, key=VerifierKey.parse(partner.verifier))
        except EvidenceError as fault:
            raise UsageError(fault.message, fault.advice) from fault
        report = Report(told.corpus, told.date, told.origin, told.size, told.root, told.rows, data)
        return self._registry.reports.keep(partner, report, self._outside.clock())
