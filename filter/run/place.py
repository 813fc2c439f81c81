"""OUT and the folder of evidence beside it: what may stand there before a run begins."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from optout.filter.errors import EvidenceError, OutputConflict
from optout.filter.evidence import MASK, SCAN, Evidence

from .inputs import Shard
from .plan import Asked, Plan, snapshot_facts, versions
from .storage import LocalStorage
from .survey import Surveyed

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot

_OVERWRITE = "Choose another OUT, or --overwrite what is there."
_APPLY = "`optout apply OUT` makes shards of its masks; --overwrite replaces them."
_FOREIGN = "Choose another OUT, or move it away: only what a run has made is overwritten."
_APART = "Choose an OUT beside the input: neither may lie in the other."


@dataclass(frozen=True)
class Place:
    """Where a run writes; picklable.

    Attributes:
        evidence: the names in `OUT.optout/`.
    """

    evidence: Evidence

    @classmethod
    def at(cls, out: Path) -> Place:
        """The place of an output folder.

        Raises:
            UsageError: there is no "beside" for it.
        """
        return cls(Evidence(out))

    @property
    def out(self) -> LocalStorage:
        """The shards."""
        return LocalStorage(self.evidence.out)

    @property
    def beside(self) -> LocalStorage:
        """The evidence."""
        return LocalStorage(self.evidence.folder)

    def keep_apart(self, inputs: Sequence[str], shards: Sequence[Shard]) -> None:
        """See that no run reads what it writes.

        Args:
            inputs: as they were asked for.
            shards: what was found.

        Raises:
            OutputConflict: OUT is inside an input folder, or an input inside OUT or its evidence.
        """
        out = self.evidence.out.resolve()
        for text in inputs:
            if _finds(text, out):
                raise OutputConflict(f"{self.evidence.out} is inside the input {text}", _APART)
        for folder in (out, self.evidence.folder.resolve()):
            for shard in shards:
                if shard.path.resolve().is_relative_to(folder):
                    raise OutputConflict(f"the input {shard.path} is inside {folder}", _APART)
        self.evidence.check_names([shard.name for shard in shards])

    def frozen_plan(self) -> Plan | None:
        """The plan of the run that this place belongs to; None where there is none.

        Raises:
            EvidenceError: it is damaged.
        """
        if not self.beside.exists(self.evidence.plan):
            return None
        name = str(self.evidence.path(self.evidence.plan))
        with self.beside.open(self.evidence.plan) as stream:
            return Plan.parse(stream.read(), name)

    def claim(self, asked: Asked, seen: Sequence[Surveyed], snapshot: Snapshot) -> Plan | None:
        """The frozen plan, where this place belongs to the very run that is asked for.

        Args:
            asked: what the operator asks for.
            seen: all inputs.
            snapshot: what is opted out.

        Returns:
            The plan to go on with; None where the place is empty.

        Raises:
            OutputConflict: the place belongs to another run, or to nobody.
        """
        # Listed before the plan is read: a run that shares the place may be writing just now.
        shards, evidence = list(self.out.list()), list(self.beside.list())
        try:
            frozen = self.frozen_plan()
        except EvidenceError as fault:
            raise OutputConflict(fault.message, _OVERWRITE) from fault
        if frozen is not None:
            difference = _difference(frozen, asked, seen, snapshot)
            if difference:
                masked = frozen.asked.mode == MASK != asked.mode
                raise OutputConflict(
                    f"{self.evidence.folder} belongs to another plan: {difference}",
                    _APPLY if masked else _OVERWRITE,
                )
        if os.path.lexists(self.evidence.out) and not self.evidence.out.is_dir():
            raise OutputConflict(f"{self.evidence.out} is not a folder", "Choose another OUT.")
        # Masks leave OUT empty.
        writes = frozen is not None and frozen.asked.mode != MASK
        names = {each.shard.name for each in seen} if writes else set()
        for name in shards:
            if name not in names:
                raise OutputConflict(
                    f"{self.evidence.out} holds {name}, which is not of this run", _FOREIGN
                )
        if frozen is None and evidence:
            raise OutputConflict(
                f"{self.evidence.folder} holds {evidence[0]} and no plan", _OVERWRITE
            )
        return frozen

    def clear(self) -> None:
        """Remove what another run left: shards, and all evidence, its plan last.

        Raises:
            OutputConflict: OUT holds a file that no run made.
        """
        made = self._shards_of_other_plan()
        for name in self.out.list():
            evidence = self.evidence.of_shard(name)
            if name not in made and not any(map(self.beside.exists, evidence)):
                raise OutputConflict(
                    f"{self.evidence.out} holds {name}, which no run has made", _FOREIGN
                )
        names = list(self.beside.list())
        # Killed on the way, the folder still says whose it is: records go first, the plan last.
        for name in sorted(names, key=lambda name: (name == self.evidence.plan, name)):
            if name != self.evidence.plan:
                self.beside.delete(name)
        for name in list(self.out.list()):
            self.out.delete(name)
        self.beside.delete(self.evidence.plan)
        self.tidy()
        _remove_empty_folders(self.evidence.out)
        _remove_empty_folders(self.evidence.folder)

    def forget(self, shard: str) -> None:
        """Remove a shard and all evidence about it, its record first."""
        for name in self.evidence.of_shard(shard):
            self.beside.delete(name)
        self.out.delete(shard)

    def tidy(self) -> None:
        """Remove what killed processes left half written."""
        for storage in (self.out, self.beside):
            if storage.root.is_dir():
                storage.clean()

    def forget_scans(self, shards: Iterable[str]) -> None:
        """Remove what the scans of some shards found.

        By name: a shard of the corpus may lie in a folder `scan` too, and so its evidence.
        """
        for shard in shards:
            for name in self.evidence.scans(shard):
                self.beside.delete(name, lasting=False)
        _remove_empty_folders(self.evidence.path(SCAN))

    def _shards_of_other_plan(self) -> frozenset[str]:
        try:
            frozen = self.frozen_plan()
        except EvidenceError:
            return frozenset()
        return frozenset(frozen.inputs) if frozen else frozenset()


def _difference(frozen: Plan, asked: Asked, seen: Sequence[Surveyed], snapshot: Snapshot) -> str:
    """How the run that is asked for differs from the frozen one; empty where it does not."""
    if frozen.snapshot != snapshot_facts(snapshot):
        return "another snapshot"
    if frozen.asked.policy != asked.policy:
        return "another policy"
    if frozen.asked.mode != asked.mode:
        return f"its mode is {frozen.asked.mode}"
    if frozen.asked.compression_level != asked.compression_level:
        return "another compression level"
    if frozen.asked != asked:
        return "other columns"
    if frozen.versions != versions(snapshot):
        return "another version of optout, pyarrow or Pillow"
    difference = sorted(frozen.inputs.keys() ^ {each.shard.name for each in seen})
    if difference:
        more = f" and {len(difference) - 1:,} more" if len(difference) > 1 else ""
        change = "is no longer" if difference[0] in frozen.inputs else "was not"
        return f"{difference[0]}{more} {change} among its inputs"
    for each in seen:
        known = frozen.inputs[each.shard.name]
        # What could not be read when the plan was made may have been fetched again since.
        if known is not None and each.identity is not None and known != each.identity:
            return f"the input {each.shard.name} has changed since"
    return ""


def _finds(text: str, out: Path) -> bool:
    """Whether an input would find OUT's shards too, now or when the run is repeated.

    Args:
        text: the input, as it was asked for.
        out: resolved.
    """
    path = Path(text)
    if path.exists() or not glob.has_magic(text):
        return path.is_dir() and out.is_relative_to(path.resolve())
    literal = next(i for i, part in enumerate(path.parts) if glob.has_magic(part))
    root, pattern = Path(*path.parts[:literal]).resolve(), path.parts[literal:]
    if not out.is_relative_to(root):
        return False
    # A folder that a glob meets is searched, and so OUT need not match the whole of it.
    below = zip(out.relative_to(root).parts, pattern, strict=False)
    return "**" in pattern or all(fnmatchcase(name, part) for name, part in below)


def _remove_empty_folders(root: Path) -> None:
    """Remove a folder and those below it, as far as nothing is in them."""
    for folder, _, _ in os.walk(root, topdown=False):
        with suppress(OSError):
            Path(folder).rmdir()
