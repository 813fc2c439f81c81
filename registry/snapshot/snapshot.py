"""A snapshot, open: everything a filter asks of what is opted out.

Opening reads `snapshot.json` and maps the other files, whatever their size.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from optout.registry.durable import is_possible
from optout.registry.errors import SnapshotError, SnapshotFault
from optout.registry.identifiers import PDQ_VERSION, Grade, KeyColumns, Kind
from optout.registry.index import (
    ProbeTable,
    RadiusIndex,
    UnknownLayoutError,
    Within,
    registered_among,
)
from optout.registry.log import VerifierKey

from . import renewal
from .cache import cached_copy, forget
from .files import check_files, check_sizes, manifest_digest, read_manifest, reading
from .formats import FILTER_FILE, IDENTIFIERS_FILE, image_file, radius_file
from .manifest import AGAIN, MANIFEST, Manifest
from .neighbours import Neighbours, Wanted, nearest
from .network import is_address
from .segment import Records, Segment


@dataclass(frozen=True, slots=True)
class SnapshotEntry:
    """An entry that a look-up confirmed.

    Attributes:
        index: its number: the position in the log of the record that added it.
        kind: what it covers.
        grade: how its claim is proved.
        usage: what it is opted out of; bit i stands for `USAGES[i]`.
    """

    index: int
    kind: Kind
    grade: Grade
    usage: int


class Snapshot:
    """What is in force at one size of a log. Made by `open`.

    It can be sent to another process, where it is opened again and compared.

    Attributes:
        path: the folder its files lie in.
        digest: hex SHA-256 of `snapshot.json`, which stands for all of it.
        origin: of the log.
        size: records of the log.
        root: hex, of the log's Merkle tree.
        checkpoint: the signed note that says so.
        key: whose word it is.
        counts: `entries` in force, and how many `by_kind` and `by_grade`; none is 0.
        erasures: how many entries of the log are erased.
        canonicaliser: the newest `version` of the rules that an entry needs, and the date of the
            list of `public_suffixes`.
    """

    def __init__(self, home: Path, path: Path, digest: str, manifest: Manifest) -> None:
        self._home = home
        self._manifest = manifest
        self._fetched = False
        self.path = path
        self.digest = digest
        self.origin = manifest.origin
        self.size = manifest.size
        self.root = manifest.root
        self.checkpoint = manifest.checkpoint
        self.key = manifest.key
        self.counts = manifest.counts
        self.erasures = manifest.erasures
        self.canonicaliser = manifest.canonicaliser
        try:
            self._segment = Segment.mapped(path / manifest.segment)
        except (OSError, ValueError) as fault:
            raise SnapshotError(f"{path} cannot be mapped: {fault}", AGAIN) from fault
        # Compiled code reads where the filter says, and must not be led elsewhere.
        try:
            self._tables = np.stack([self._segment.table()])
        except ValueError as fault:
            damaged = path / manifest.segment / FILTER_FILE
            raise SnapshotFault(
                f"{damaged} does not fit the other files: {fault}", AGAIN
            ) from fault
        self._probes = ProbeTable(self._segment.probes)
        self._images: dict[str, RadiusIndex] = {}
        for namespace in self._segment.images:
            try:
                self._images[namespace] = self._segment.near(namespace)
            except UnknownLayoutError as fault:
                other = path / manifest.segment / radius_file(namespace)
                raise SnapshotError(
                    f"{other} was written by another version of optout: {fault}",
                    "Upgrade optout; where it is the newest, take a new snapshot: "
                    "whoever runs the registry builds it with: optout snapshot OUT.",
                ) from fault
            except ValueError as fault:
                damaged = path / manifest.segment / radius_file(namespace)
                raise SnapshotFault(
                    f"{damaged} does not fit the other files: {fault}", AGAIN
                ) from fault

    @classmethod
    def open(cls, location: str | Path, key: str | VerifierKey | None = None) -> Snapshot:
        """Open a snapshot, and see whose it is; its files are checked by `check_files`.

        Args:
            location: a folder, or the http or https address of one. What lies at an address is
                fetched once, checked on the way and kept in `$XDG_CACHE_HOME/optout/snapshots`.
            key: who must have signed it. Without one it is trusted to be whose it says it is.

        Raises:
            SnapshotError: it is missing, damaged, newer than this optout, or signed by another key.
            UsageError: `key` is no verifier key.
        """
        wanted = VerifierKey.parse(key) if isinstance(key, str) else key
        if not is_address(location):
            return cls._open(_folder(location), wanted)
        snapshot = cls._open(cached_copy(str(location), wanted), wanted)
        snapshot._fetched = True
        return snapshot

    @classmethod
    def _open(cls, home: Path, key: VerifierKey | None) -> Snapshot:
        """Open a folder; where it is renewed meanwhile, what it holds then."""
        state = _state(home)
        while True:
            path, _ = state
            try:
                manifest, digest = read_manifest(path, key)
                check_sizes(path, manifest)
                return cls(home, path, digest, manifest)
            except SnapshotError:
                before, state = state, _state(home)
                if state == before:
                    raise

    def check_files(self) -> None:
        """See whether every file is, byte by byte, what `snapshot.json` says, and none too many.

        Raises:
            SnapshotError: a file is missing, changed, or not named in `snapshot.json`; or the
                folder was renewed since it was opened.
        """
        fault: SnapshotError | None = None
        try:
            check_files(self.path, self._manifest)
        except SnapshotError as caught:
            fault = caught
        if _state(self._home)[1] != self.digest:
            raise SnapshotError(
                f"{self._home / MANIFEST} is no longer the one that was opened",
                "Open the snapshot again: it was renewed, or changed.",
            ) from fault
        if fault is None:
            return
        if self._fetched:
            forget(self.path)
            raise SnapshotFault(
                fault.message, "It was fetched earlier: start again, and it is fetched anew."
            ) from fault
        raise fault

    @classmethod
    def of(cls, snapshot: Snapshot | str | Path) -> Snapshot:
        """A snapshot, from itself or from where it lies.

        Raises:
            SnapshotError: see `open`.
        """
        return snapshot if isinstance(snapshot, Snapshot) else cls.open(snapshot)

    @property
    def probe_tables(self) -> npt.NDArray[np.uint64]:
        """Where compiled functions find what is looked for: uint64[segments, 8].

        The columns are named in `optout.registry.index.tables`. What they point to lies in mapped
        files: it is there as long as the snapshot is.
        """
        return self._tables

    def candidates(
        self, probes: npt.NDArray[np.uint64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Find what may be in force; a probe can be forged, so `find` has to confirm it.

        Args:
            probes: uint64[n], in any order.

        Returns:
            Two int64 columns of equal length: a position in `probes`, and a row of an identifier
            with that probe; ordered by position, then row.
        """
        probes = np.asarray(probes, np.uint64)
        held = registered_among(self._tables, probes)
        if held is None:
            return self._probes.look_up(probes)
        positions, rows = self._probes.look_up(probes[held])
        return held[positions], rows

    def find(self, kind: Kind, digest: bytes, probe: int) -> list[SnapshotEntry]:
        """The entries that cover exactly this, by index.

        Args:
            kind: of the item.
            digest: its identity, 32 bytes.
            probe: where to look.

        Raises:
            SnapshotError: an entry has a grade that there is not.
        """
        rows = self._probes.rows_of(probe)
        if not rows:
            return []
        records = self._segment.identifiers[rows.start : rows.stop]
        same = (records["digest"] == np.frombuffer(digest, np.uint8)).all(axis=1)
        found = records[same & (records["kind"] == kind.code)]
        self._check_grades(found["entry"], found["grade"], IDENTIFIERS_FILE)
        return [
            SnapshotEntry(index, kind, Grade.from_rank(rank), usage)
            for index, rank, usage in found[["entry", "grade", "usage"]].tolist()
        ]

    def confirmed(self, keys: KeyColumns) -> tuple[npt.NDArray[np.int64], Records]:
        """The entries that cover many things, as `find` says of each; as columns.

        Args:
            keys: of the things.

        Returns:
            Of each entry the position in `keys`, int64, and its `entry`, `grade` (the rank) and
            `usage`; by position, then entry.

        Raises:
            SnapshotError: an entry has a grade that there is not.
        """
        wanted, rows = self.candidates(keys.probe)
        records = self._segment.identifiers[rows]
        same = (records["digest"] == keys.digest[wanted]).all(axis=1) & (
            records["kind"] == keys.kind[wanted]
        )
        found = records[same][["entry", "grade", "usage"]]
        self._check_grades(found["entry"], found["grade"], IDENTIFIERS_FILE)
        return wanted[same], found

    def near(self, namespace: str, queries: npt.NDArray[np.uint8], radius: int) -> Neighbours:
        """Find registered pictures by their hashes: exactly those within the radius.

        Args:
            namespace: which kind of hash: `phash256`, `phash64` or `pdq256`.
            queries: uint8[n, bytes of such a hash], packed.
            radius: the most bits in which a variant may differ. An entry may ask for less: it
                covers only what is within its own radius too.

        Raises:
            SnapshotError: there are no hashes of that kind, or an entry has a grade that there is
                not.
        """
        return self._known(namespace, self._searched(namespace).within(queries, radius))

    def nearest(
        self,
        namespace: str,
        queries: npt.NDArray[np.uint8],
        radius: int,
        *,
        wanted: Wanted,
        owners: npt.NDArray[np.int64],
    ) -> Neighbours:
        """Find registered pictures as `near` does: of each entry the nearest variant.

        What memory it takes does not depend on how many pairs there are: see `neighbours.nearest`.

        Args:
            namespace: which kind of hash.
            queries: uint8[n, bytes of such a hash], packed.
            radius: the most bits in which a variant may differ. Those that are further away than
                their entry's own radius are left out.
            wanted: says which of some neighbours count.
            owners: int64[n], the number of the thing that each query is of.

        Raises:
            SnapshotError: there are no hashes of that kind, or an entry has a grade that there is
                not.
        """
        pieces = self._searched(namespace).pieces(queries, radius)
        return nearest((self._known(namespace, found) for found in pieces), wanted, owners)

    def meets(
        self, namespace: str, queries: npt.NDArray[np.uint8], radius: int
    ) -> npt.NDArray[np.bool_]:
        """Which hashes are near a registered picture: those of which `near` finds any, sooner.

        Args:
            namespace: which kind of hash.
            queries: uint8[n, bytes of such a hash], packed.
            radius: the most bits in which a variant may differ.

        Returns:
            bool[n].

        Raises:
            SnapshotError: there are no hashes of that kind.
        """
        return self._searched(namespace).meets(queries, radius)

    def _known(self, namespace: str, found: Within) -> Neighbours:
        """What is known of some pairs of a picture and a variant."""
        near = Neighbours.of(found, self._segment.images[namespace])
        self._check_grades(near.entry, near.grade, image_file(namespace))
        return near

    def _check_grades(
        self, entries: npt.NDArray[np.integer], ranks: npt.NDArray[np.integer], name: str
    ) -> None:
        """See that entries have grades: `snapshot.json` counts none that is not known here."""
        if len(ranks) and ranks.max() >= len(Grade):
            place = int(ranks.argmax())
            raise SnapshotFault(
                f"{self.path / self._manifest.segment / name} is damaged or forged: it gives "
                f"entry {entries[place]} a grade that there is not, {ranks[place]}",
                AGAIN,
            )

    def _searched(self, namespace: str) -> RadiusIndex:
        index = self._images.get(namespace)
        if index is None:
            raise SnapshotError(f"{self.path} has no hashes of the kind {namespace!r}")
        return index

    @property
    def variants(self) -> int:
        """How many variants of pictures are registered by their phash256."""
        return len(self._segment.images["phash256"])

    @property
    def has_pdq_alone(self) -> bool:
        """Whether an entry is a picture that is known by its PDQ alone.

        To find such entries in the bytes of pictures, one has to make the PDQ of each.
        """
        return bool(self.canonicaliser["version"] >= PDQ_VERSION)

    def has_hash(self, namespace: str, entry: int) -> bool:
        """Whether a picture is held by some kind of hash.

        Args:
            namespace: which kind: `phash256`, `phash64` or `pdq256`.
            entry: its number.
        """
        entries = self._segment.images[namespace]["entry"]
        place = bisect_left(entries, entry)
        return place < len(entries) and int(entries[place]) == entry

    def held_by(self, namespaces: Iterable[str]) -> int:
        """How many pictures are held by at least one of some kinds of hash.

        Args:
            namespaces: which kinds: `phash256`, `phash64` or `pdq256`.
        """
        entries = [np.unique(self._segment.images[name]["entry"]) for name in namespaces]
        return len(np.unique(np.concatenate(entries))) if entries else 0

    def __reduce__(self) -> tuple[Callable[[str, str], Snapshot], tuple[str, str]]:
        return _reopen, (str(self._home), self.digest)

    def __repr__(self) -> str:
        return f"<Snapshot {self.path} of {self.origin}, {self.size} records, {self.digest[:8]}>"


def _reopen(home: str, digest: str) -> Snapshot:
    snapshot = Snapshot._open(Path(home), None)
    if snapshot.digest != digest:
        raise SnapshotError(
            f"{home} was renewed while it was in use",
            "Start again, with the snapshot as it is now.",
        )
    return snapshot


def _folder(location: str | Path) -> Path:
    if not is_possible(location):
        raise SnapshotError(
            f"{str(location)!r} cannot be the path of a snapshot", "Name the folder that holds one."
        )
    path = Path(location)
    with reading(path):
        return path.absolute()


def _state(home: Path) -> tuple[Path, str | None]:
    """Where the valid files are, and the digest of their `snapshot.json`, if there is one."""
    with reading(home):
        path = renewal.valid(home)
    return path, manifest_digest(path)
