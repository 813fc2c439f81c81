"""The desk between people and the registry: everything the API and the pages can do."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from anyio import to_thread
from optout.api.errors import KeyTaken
from optout.api.limits import Limits
from optout.api.places import where
from optout.registry import Registry
from optout.registry.cases import ANSWERS, Case, OpenedCase
from optout.registry.images import warm_gate
from sqlalchemy.engine import make_url

from .apart import read_picture_apart
from .asking import Asker
from .beside import Beside
from .contacts import ContactDesk
from .disputes import DisputeDesk
from .forms import Upload
from .history import EntryHistory, History
from .items import Item, Refusal
from .letters import Letters
from .outside import Outside
from .partners import PartnerDesk
from .pictures import PictureSeal
from .proving import ProofDesk
from .published import PublishedDesk
from .rechecking import RecheckDesk
from .reviews import ReviewDesk
from .sequencer import Sequencer
from .turns import Turns
from .wanted import Wanted

log = logging.getLogger("optout.api")

_BATCH = 500
"""Items of different cases that are registered in one transaction."""


class Desk:
    """Opens, shows and changes cases; its parts do the rest.

    Args:
        registry: the registry, open; closed by `close`.
        folder: where snapshots are built.
        limits: the service's ceilings.
        outside: what the service asks of the world.
        beside: where long work has processes of its own; everything is done here by default.
    """

    def __init__(
        self,
        registry: Registry,
        folder: Path,
        limits: Limits,
        outside: Outside,
        beside: Beside | None = None,
    ) -> None:
        self.limits = limits
        self.outside = outside
        self.seal = PictureSeal()
        self.letters = Letters(registry, outside)
        self.partners = PartnerDesk(registry, limits, outside, self.letters.queued, beside)
        self.published = PublishedDesk(registry, folder, limits, beside)
        self.uploads = Turns.leaving_one(limits.uploads, limits.waiting)
        self.readers = Turns(limits.decoders, limits.waiting)
        claimants = Turns(limits.writers, limits.waiting)
        self.disputes = DisputeDesk(registry, outside, claimants)
        self.reviews = ReviewDesk(registry, outside, claimants)
        self.contacts = ContactDesk(
            registry, outside, claimants, limits.waiting, self.letters.queued
        )
        asker = Asker(outside, limits.check_seconds)
        self.proofs = ProofDesk(registry, outside, asker, claimants, limits, self.letters.queued)
        self.rechecks = RecheckDesk(registry, outside, asker, claimants)
        self._registry = registry
        self._answers = registry.derive(ANSWERS)
        self._history = History(registry)
        self._decoders = Turns.leaving_one(limits.decoders, limits.waiting * limits.pictures)
        self._registrars = Turns(limits.writers, limits.waiting)
        self._sequencer = Sequencer(self._open_cases, most=_BATCH, waiting=limits.waiting)
        self._historians = Turns(1, limits.waiting)
        self.when_opened: list[Callable[[int], None]] = []
        """Told of every case that is opened how many entries it brought."""
        self.when_erased: list[Callable[[], None]] = []
        """Told when something was erased here, and what held it is gone."""

    @classmethod
    def open(
        cls,
        location: str | Path,
        folder: Path | None,
        limits: Limits,
        outside: Outside,
        *,
        beside: bool = False,
    ) -> Desk:
        """Open a registry for the service.

        Args:
            location: the registry's SQLite file or database URL.
            folder: where snapshots are built; beside a SQLite file by default.
            limits: the service's ceilings.
            outside: what the service asks of the world.
            beside: whether long work has processes of its own.

        Raises:
            RegistryError: there is no registry, or it cannot be opened.
        """
        return cls(
            Registry.open(location),
            folder or _folder_beside(location),
            limits,
            outside,
            Beside(str(location)) if beside else None,
        )

    def close(self) -> None:
        """Finish what is being registered, take down what is published, close the registry."""
        self._sequencer.close()
        self.published.close()
        self._registry.close()

    async def read_pictures(self, uploads: Sequence[Upload]) -> list[Item | Refusal]:
        """Hash pictures, each with its place from 1."""
        return [
            await self._read_picture(upload, number)
            for number, upload in enumerate(uploads, start=1)
        ]

    async def _read_picture(self, upload: Upload, number: int) -> Item | Refusal:
        async with self._decoders.hold():
            return await read_picture_apart(upload, number, self.limits)

    async def open_case(self, items: Sequence[Item], usage: Sequence[str]) -> OpenedCase:
        """Register items under a new case; its secret is told here and never again."""
        opened, _ = await self.register(items, usage)
        return opened

    async def register(
        self, items: Sequence[Item], usage: Sequence[str], key: str = ""
    ) -> tuple[OpenedCase, str]:
        """Register items under a new case.

        Args:
            items: what is registered.
            usage: what it is opted out of.
            key: chosen at random by who asks: the same request with the same key opens no second
                case, but is told of the first one again.

        Returns:
            the case, and a signed checkpoint of a log that has its entries; empty where the log
            could not be read once more.

        Raises:
            Busy: too many are waiting already.
            KeyTaken: the key came with another request.
        """
        opened, checkpoint = await self._sequencer.write(
            Wanted.of(items, usage, key, self._answers)
        )
        if opened is None:
            raise KeyTaken(
                "this Idempotency-Key came with another request",
                "Nothing was registered. Send each request with a key of its own.",
            )
        if opened.replayed:
            return opened, checkpoint
        for tell in self.when_opened:
            try:
                tell(len(opened.entries))
            except Exception as error:  # the case is opened, whoever cannot count it
                log.error("%s", where(error))
        return opened, checkpoint

    async def opened_before(
        self, items: Sequence[Item], usage: Sequence[str], key: str
    ) -> tuple[OpenedCase, str] | None:
        """What `register` would tell of once more; None where it would open a case."""
        wanted = Wanted.of(items, usage, key, self._answers)
        if wanted.repeat is None:
            return None
        opened = await self._registrars.run(
            self._registry.cases.opened_before, wanted.items, wanted.repeat, self.outside.clock()
        )
        return (opened, await self.checkpoint()) if opened else None

    def _open_cases(self, requests: Sequence[Wanted]) -> list[tuple[OpenedCase | None, str]]:
        repeats = {at: one.repeat for at, one in enumerate(requests) if one.repeat}
        opened = self._registry.cases.open_cases(
            [one.items for one in requests], repeats, self.outside.clock()
        )
        try:
            checkpoint = self._registry.checkpoint()
        except Exception as error:  # they are opened, and their secrets are told here alone
            log.error("%s", where(error))
            checkpoint = ""
        return [(one, checkpoint) for one in opened]

    async def read_case(self, number: str, secret: str) -> Case:
        """A case and its items.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
        """
        return await self._registrars.run(self._registry.cases.read, number, secret)

    async def withdraw(self, number: str, secret: str, indexes: Sequence[int] | None) -> None:
        """Take back some items, or all that are in force: filters will let them pass again."""
        await self._registrars.run(self._registry.cases.withdraw, number, secret, indexes)

    async def erase(self, number: str, secret: str, indexes: Sequence[int] | None) -> None:
        """Destroy what the registry knows about some items, or about all and the case itself.

        Published snapshots that hold them are gone when this returns. Waits a while, where others
        erase so often that no snapshot would be published any more.
        """
        erase = partial(self._registry.cases.erase, number, secret, indexes)
        await self.published.erase(erase)
        for tell in self.when_erased:
            try:
                tell()
            except Exception as error:  # it is erased, whoever cannot be told
                log.error("%s", where(error))

    async def forget_answers(self) -> None:
        """Forget what was answered to requests that may come again, once their day is over."""
        answers, clock = self._registry.answers, self.outside.clock
        while await self._registrars.run(answers.forget_over, clock()):
            continue

    async def log_page(self, start: int, count: int) -> list[bytes]:
        """At most `count` records of the public log from position `start` on."""
        return await self._registrars.run(self._history.page, start, count)

    async def entry(self, index: int) -> EntryHistory | None:
        """What the log says of one entry; None where there is none."""
        # The first call reads the whole log: nobody else is to wait for that.
        return await self._historians.run(self._history.entry, index)

    async def warm(self) -> None:
        """Have ready what the first hash of a picture is held against, which takes seconds."""
        await to_thread.run_sync(warm_gate, abandon_on_cancel=True)

    async def ping(self) -> None:
        """Ask the registry for its size: it answers, or this raises."""
        await self._registrars.run(lambda: self._registry.size)

    async def can_erase(self) -> bool:
        """Whether what is erased is destroyed for good."""
        return await self._registrars.run(self._registry.can_erase)

    def waiting(self) -> Mapping[str, int]:
        """How many wait for their turn, by the name of the queue."""
        return {
            "uploads": self.uploads.waiting,
            "readers": self.readers.waiting,
            "checks": self.proofs.waiting,
            "decoders": self._decoders.waiting,
            "registrars": self._registrars.waiting + self._sequencer.waiting,
            "builders": self.published.waiting,
        }

    async def checkpoint(self) -> str:
        """The log's signed checkpoint: a C2SP signed note."""
        return await self._registrars.run(self._registry.checkpoint)

    @property
    def key(self) -> str:
        """The key that everything published is signed with: a C2SP verifier key."""
        return str(self._registry.key.verifier)


def _folder_beside(location: str | Path) -> Path:
    if isinstance(location, Path) or "://" not in location:
        database = Path(location)
    else:
        url = make_url(location)
        if url.get_backend_name() != "sqlite" or not url.database:
            return Path(tempfile.mkdtemp(prefix="optout-published-"))
        database = Path(url.database)
    return database.with_name(f"{database.name}.published")
