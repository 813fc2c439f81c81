"""A registry: its log, its openings, its cases, and the key that signs for them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from optout.registry.cases import (
    Answers,
    Cases,
    Contacts,
    News,
    Notices,
    Proofs,
    Rechecks,
    Sharing,
    lower_unproved,
)
from optout.registry.errors import RegistryError, UsageError
from optout.registry.log import (
    ByOperator,
    Checkpoint,
    Entry,
    Opening,
    SigningKey,
    State,
    fold,
)
from optout.registry.partners import Partners, PartnersUploads, Reports
from optout.registry.store import (
    Added,
    Claim,
    Followed,
    Listed,
    Overtaken,
    RecordName,
    Store,
    claim,
    erase,
    follow,
    locate,
    quarantine,
    read_entries,
    read_restored,
    restore,
    undecided_among,
    withdraw,
)

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot

__all__ = ["Added", "Claim", "Followed", "Listed", "RecordName", "Registry"]

DECIDED = "decided by the operator"
"""The reason that stands in the log where the operator gives none."""


class Registry:
    """What is opted out, in one place. Threads may share it, and processes the database.

    Everything that a method has returned from is durable, and part of every later checkpoint.

        with Registry.open("optout.db") as registry:
            registry.add([Claim(Identifier.url("https://anna.example/"))])
            registry.snapshot(Path("snapshot"))

    Args:
        store: the registry's database.
        key: signs the log.

    Attributes:
        key: signs the log; its other half is `key.verifier`.
        cases: what people registered themselves, each case under its own secret.
        contacts: where cases want their news.
        news: the letters that are due.
        notices: what others say against entries.
        proofs: what cases prove to control.
        rechecks: whether they still do.
        answers: what was answered to requests that may come again.
        sharing: what cases show the reviewer.
        partners: who was given an API key.
        reports: what partners say that their corpora left out.
        uploads: whole lists that partners have sent.
    """

    def __init__(self, store: Store, key: SigningKey) -> None:
        self.key = key
        self.cases = Cases(store)
        self.contacts = Contacts(store)
        self.news = News(store)
        self.notices = Notices(store)
        self.proofs = Proofs(store)
        self.rechecks = Rechecks(store)
        self.answers = Answers(store)
        self.sharing = Sharing(store)
        self.partners = Partners(store)
        self.reports = Reports(store)
        self.uploads = PartnersUploads(store)
        self._store = store

    @classmethod
    def create(cls, location: str | Path, origin: str = "optout.local") -> Registry:
        """Make a registry, its key and its vault, and open it.

        Args:
            location: the new SQLite file, or the URL of an empty PostgreSQL database. Key and vault
                of a file are put beside it: `optout.key` and `optout.vault` for `optout.db`; those
                of a PostgreSQL database into the folder that `OPTOUT_KEYS` names.
            origin: the name under which the log signs, for good.

        Raises:
            UsageError: a log cannot have this name.
            RegistryError: there is such a registry, key or vault already, or they cannot be
                written, and nothing is left behind; or what was made cannot be opened.
        """
        place = locate(location)
        key = SigningKey.generate(origin)
        database = place.database
        # Of a server's database only key and vault are files here.
        with _file_faults(place.name if isinstance(database, Path) else str(place.key)):
            if isinstance(database, Path) and (database.exists() or database.is_symlink()):
                raise RegistryError(f"{database} exists already", "Use it, or choose another path.")
            key.save(place.key)
            try:
                Store.create(place, origin=origin, key=str(key.verifier))
            except BaseException:
                with suppress(OSError):
                    place.key.unlink()
                raise
        # What fails from here on leaves a registry that is whole.
        return cls(Store.open(place), key)

    @classmethod
    def open(cls, location: str | Path) -> Registry:
        """Open a registry that `create` made.

        Args:
            location: its SQLite file, or a URL such as `sqlite:///optout.db` or
                `postgresql://user@host/optout`.

        Raises:
            RegistryError: it, its key or its vault is missing, damaged, of another registry, or
                newer.
        """
        place = locate(location)
        store = Store.open(place)
        try:
            key = SigningKey.load(place.key)
            if str(key.verifier) != store.key:
                raise RegistryError(
                    f"{place.key} is not the key of {place.name}",
                    f"Put the key back whose verifier is {store.key}.",
                )
        except BaseException:
            store.close()
            raise
        return cls(store, key)

    @classmethod
    def recover(cls, location: str | Path, backup: Path) -> Registry:
        """Make a registry anew from a backup, and open it; what was erased since, is erased.

        Its key and its vault have to be where they belong: the key never changes, and of the vault
        the newest is wanted, because an older one would bring back what was erased.

        The log goes on from where it stood when the backup was made. Whoever has a newer checkpoint
        will see two logs in one.

        Nothing but an erasure outlives the backup: addresses that cases have forgotten or replaced
        since are known again, API keys that have ended open again, what was decided since is
        undecided, and entries that were withdrawn since are in force.

        Args:
            location: the new SQLite file, or the URL of an empty PostgreSQL database; see `create`.
            backup: what `backup` wrote, of whatever database.

        Raises:
            RegistryError: there is a registry already; or key or vault are missing, or another
                registry's; or the backup is damaged, or newer than this optout.
        """
        place = locate(location)
        key = SigningKey.load(place.key)
        with _file_faults(place.name):
            database = place.database
            if isinstance(database, Path) and (database.exists() or database.is_symlink()):
                raise RegistryError(f"{database} exists already", "Choose another path.")
            store = Store.recover(place, backup, key=str(key.verifier))
        return cls(store, key)

    def backup(self, path: Path) -> int:
        """Copy the database as it stands into a new SQLite file; see `recover`.

        The copy can be kept anywhere and for ever: without the vault it tells nothing of what is
        registered, and with the vault as it is later nothing of what was erased until then. In
        plain it has the log, the numbers of cases and notices, their days, languages and states,
        and partners with their reports. What was removed and not erased, such as an address, can
        be opened in it until its case or its entry is erased.

        Returns:
            How many records its log has.

        Raises:
            RegistryError: there is something under `path` already, or it cannot be written.
        """
        with _file_faults(str(path)):
            return self._store.backup(path)

    def backup_vault(self, path: Path) -> None:
        """Copy the vault as it stands, for its owner's eyes only, in place of an older copy.

        Make it after a backup of the database, and keep none but the newest: an older one opens
        what was erased since. Copying the file otherwise while it is in use may lose keys.

        Raises:
            RegistryError: there is something else under `path`, or a newer copy; or it cannot be
                written.
        """
        with _file_faults(str(path)):
            self._store.vault.backup(path)

    def close(self) -> None:
        """Close the database."""
        self._store.close()

    def __enter__(self) -> Registry:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def name(self) -> str:
        """What to call its database in a message: never a password."""
        return self._store.name

    @property
    def origin(self) -> str:
        """The name under which the log signs."""
        return self._store.origin

    @property
    def size(self) -> int:
        """Records in the log."""
        return self._store.tree().size

    def root(self) -> bytes:
        """The root of the log's Merkle tree, 32 bytes."""
        return self._store.tree().root()

    def checkpoint(self) -> str:
        """The log as it stands, signed: a C2SP signed note."""
        tree = self._store.tree()
        return self._signed(tree.size, tree.root())

    def leaves(self, start: int = 0) -> Iterator[bytes]:
        """The log's public records from position `start` on."""
        return self._store.leaves(start)

    def state(self) -> State:
        """The fold of the whole log: takes time and memory in proportion to it."""
        return fold(self.leaves())

    def entries(self, indexes: Collection[int]) -> dict[int, Entry]:
        """How some entries stand, by index.

        Raises:
            RegistryError: the log has no entry of one of these numbers, or it cannot be read.
        """
        with self._store.reading() as connection:
            return read_entries(connection, indexes)

    def openings(self) -> Iterator[Opening]:
        """What the entries in force cover, by index."""
        return self._store.openings()

    def kept_openings(self) -> Iterator[Opening]:
        """What is known of entries, by index: of those withdrawn too, of those erased nothing."""
        return self._store.kept_openings(self.size)

    def add(self, claims: Sequence[Claim]) -> list[Added]:
        """Register what the operator claims: all of it, or nothing.

        A claim that is in force already changes nothing. The records of one call stand in the log
        in a random order.

        Returns:
            What became of each claim, in their order.

        Raises:
            UsageError: a claim names no usage, or an unknown one.
            RegistryError: the database cannot be written.
        """
        with self._store.writing() as connection:
            return claim(connection, claims, self.derive("claims"))

    def follow(
        self, feed: str, listed: Sequence[Listed], gone: Sequence[RecordName] = ()
    ) -> Followed:
        """Take over how a feed stands: first what it takes back, then what it lists.

        What it lists becomes entries of its own, whoever else claimed the same, and what it takes
        back ends none but those. Listing something again changes nothing, also where the operator
        has ended its entry.

        Args:
            feed: its name, the same each time.
            listed: records that are in it.
            gone: records that are in it no longer; unknown ones are passed over.

        Raises:
            UsageError: a claim names no usage, or an unknown one.
            RegistryError: the database cannot be written.
        """
        with self._store.writing() as connection:
            return follow(connection, feed, listed, gone, self.derive("claims"))

    def withdraw(self, indexes: Sequence[int], why: str = "") -> None:
        """Take entries back: all of them, or none. The log says that the operator did.

        Args:
            indexes: the entries.
            why: for all to read, for ever.

        Raises:
            TransitionError: one of them is not in force; the message names it.
            UsageError: the reason is too long, or not one line.
            RegistryError: the database cannot be written.
        """
        proofs = _by_operator(indexes, why)
        if proofs:
            with self._store.writing() as connection:
                withdraw(connection, proofs)

    def quarantine(self, reasons: Mapping[int, str]) -> list[int]:
        """Withdraw entries, each for a reason of its own, in one step.

        Args:
            reasons: by entry, for all to read, for ever.

        Returns:
            Those that were in force until now; what had ended before is left as it is.

        Raises:
            UsageError: a reason is too long, or not one line.
            RegistryError: the database cannot be written.
        """
        with self._store.writing() as connection:
            return quarantine(connection, reasons)

    def restored(self, indexes: Collection[int]) -> set[int]:
        """Those of some entries that were restored at some time: somebody has reviewed them.

        Raises:
            RegistryError: the database cannot be read.
        """
        with self._store.reading() as connection:
            return read_restored(connection, indexes)

    def restore(self, indexes: Sequence[int], why: str = "") -> None:
        """Undo withdrawals and disputes: all of them, or none. The log says that the operator did.

        A grade that was given by a proof which has ended meanwhile is lowered.

        Args:
            indexes: the entries.
            why: for all to read, for ever.

        Raises:
            TransitionError: one of them is in force, erased, or no entry; the message names it.
            UsageError: a notice about one of them is to be decided; or the reason is too long, or
                not one line.
            RegistryError: the database cannot be written.
        """
        proofs = _by_operator(indexes, why)
        if proofs:
            with self._store.writing() as connection:
                restore(connection, proofs)
                if waiting := undecided_among(connection, indexes):
                    entry, notice = min(waiting.items())
                    raise UsageError(
                        f"a notice about entry {entry} is open, and nothing is restored",
                        f"Decide it: optout review reject {notice} --because '…'",
                    )
                lower_unproved(connection, indexes)

    def erase(self, indexes: Sequence[int], why: str = "") -> None:
        """Destroy what is known of entries, for good: all of them, or none.

        The log says that the operator did. `store.Store` says what becomes of it in files and
        their copies.

        Args:
            indexes: the entries.
            why: for all to read, for ever.

        Raises:
            TransitionError: one of them is erased already, or no entry; the message names it.
            UsageError: the reason is too long, or not one line.
            RegistryError: the database cannot be written.
        """
        proofs = _by_operator(indexes, why)
        if proofs:
            with self._store.writing() as connection:
                erase(connection, proofs)

    def can_erase(self) -> bool:
        """Whether the vault can be written, and holds no key that an erasure was to destroy.

        Raises:
            RegistryError: the database or the vault cannot be read.
        """
        return self._store.can_shred()

    def snapshot(self, folder: Path) -> Snapshot:
        """Write what is in force into a folder, or renew the snapshot that is there.

        Where something is erased in the meantime, it is made again without it.

        Raises:
            UsageError: the folder holds something else.
            SnapshotError: the folder cannot be written.
            RegistryError: the database cannot be read.
            LogFault: the database contradicts itself.
        """
        while True:
            made = self.snapshot_once(folder)
            if made is not None:
                return made

    def snapshot_once(self, folder: Path) -> Snapshot | None:
        """The same, without making it again.

        Returns:
            None where something was erased in the meantime: what lies in the folder may hold it.
        """
        # Not at the top: it brings numpy, which no other method needs.
        from optout.registry.snapshot import build_snapshot

        tree = self._store.tree()
        try:
            made = build_snapshot(
                folder,
                leaves=self._store.leaves(0, tree.size),
                openings=self._store.openings(tree.size),
                checkpoint=self._signed(tree.size, tree.root()),
                key=self.key,
            )
        except Overtaken as fault:
            if not self._store.erased_since(tree.size):
                raise RegistryError(
                    "the registry's database lacks openings that its log does not say are erased",
                    "Restore it from a backup, with its key and its vault.",
                ) from fault
            return None
        return None if self._store.erased_since(tree.size) else made

    def _signed(self, size: int, root: bytes) -> str:
        return Checkpoint(self.origin, size, root).sign(self.key)

    def derive(self, purpose: str) -> bytes:
        """A secret of this registry for one purpose: 32 bytes, the same each time.

        Args:
            purpose: a word, such as `claims`.
        """
        # An Ed25519 signature is a fixed secret of its key, as long as nobody is shown it.
        return hashlib.sha256(self.key.sign(f"optout/v1/{purpose}\0".encode())).digest()


def _by_operator(indexes: Sequence[int], why: str) -> dict[int, ByOperator]:
    return dict.fromkeys(indexes, ByOperator(why.strip() or DECIDED))


@contextmanager
def _file_faults(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise RegistryError(
            f"{name} cannot be made: {fault.strerror}",
            "Check the path and its folder's permissions.",
        ) from fault
