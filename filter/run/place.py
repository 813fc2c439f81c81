"""OUT and the folder of evidence beside it: what may stand there before a run begins."""

from __future__ import annotations

import glob
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from optout.filter.errors import EvidenceError, OutputConflict
from optout.filter.evidence import Evidence

from .inputs import SUFFIX, Shard
from .plan import Asked, Plan, snapshot_facts, versions
from .storage import LocalStorage
from .survey import Surveyed

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot

_OVERWRITE = "Choose another OUT, or --overwrite what is there."


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
        for root in _roots(inputs):
            if out.is_relative_to(root.resolve()):
                raise OutputConflict(f"{self.evidence.out} is inside the input {root}", _APART)
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
        try:
            frozen = self.frozen_plan()
        except EvidenceError as fault:
            raise OutputConflict(fault.message, _OVERWRITE) from fault
        if frozen is not None:
            difference = _difference(frozen, asked, seen, snapshot)
            if difference:
                raise OutputConflict(
                    f"{self.evidence.folder} belongs to another plan: {difference}", _OVERWRITE
                )
        if self.evidence.out.exists() and not self.evidence.out.is_dir():
            raise OutputConflict(f"{self.evidence.out} is not a folder", "Choose another OUT.")
        names = {each.shard.name for each in seen} if frozen else set()
        for name in self.out.list():
            if name not in names:
                raise OutputConflict(
                    f"{self.evidence.out} holds {name}, which is not of this run", _OVERWRITE
                )
        for name in self.beside.list():
            if frozen is None:
                raise OutputConflict(
                    f"{self.evidence.folder} holds {name} and no plan", _OVERWRITE
                )
        return frozen

    def clear(self) -> None:
        """Remove what another run left: shards, and all evidence, its plan last.

        Raises:
            OutputConflict: OUT holds a file that is no shard: no run made it.
        """
        foreign = [name for name in self.out.list() if not name.lower().endswith(SUFFIX)]
        foreign = [name for name in foreign if name not in self._shards_of_other_plan()]
        if foreign:
            raise OutputConflict(
                f"{self.evidence.out} holds {foreign[0]}, which is no shard",
                "Only shards are overwritten: move it away, or choose another OUT.",
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

    def tidy(self) -> None:
        """Remove what killed processes left half written."""
        for storage in (self.out, self.beside):
            if storage.root.is_dir():
                storage.clean()

    def forget_scans(self) -> None:
        """Remove what the scans found: records and matches hold what is worth keeping."""
        for name in list(self.beside.list("scan/")):
            self.beside.delete(name)
        shutil.rmtree(self.evidence.path("scan"), ignore_errors=True)

    def _shards_of_other_plan(self) -> frozenset[str]:
        try:
            frozen = self.frozen_plan()
        except EvidenceError:
            return frozenset()
        return frozenset(frozen.inputs) if frozen else frozenset()


_APART = "Choose an OUT beside the input: neither may lie in the other."


def _difference(
    frozen: Plan, asked: Asked, seen: Sequence[Surveyed], snapshot: Snapshot
) -> str:
    """How the run that is asked for differs from the frozen one; empty where it does not."""
    if frozen.snapshot != snapshot_facts(snapshot):
        return "another snapshot"
    if frozen.asked.policy != asked.policy:
        return "another policy"
    if frozen.asked != asked:
        return "other columns"
    if frozen.versions != versions():
        return "another version of optout, pyarrow or Pillow"
    if frozen.inputs.keys() != {each.shard.name for each in seen}:
        return "other inputs"
    for each in seen:
        known = frozen.inputs[each.shard.name]
        # What could not be read when the plan was made may have been fetched again since.
        if known is not None and each.identity is not None and known != each.identity:
            return f"the input {each.shard.name} has changed since"
    return ""


def _roots(inputs: Iterable[str]) -> Iterator[Path]:
    """The folders that are searched whole."""
    for text in inputs:
        path = Path(text)
        if path.is_dir():
            yield path
        elif not path.exists() and glob.has_magic(text):
            parts = Path(text).parts
            if "**" in parts:
                literal = next(i for i, part in enumerate(parts) if glob.has_magic(part))
                yield Path(*parts[:literal])
            matches = map(Path, glob.glob(text))  # noqa: PTH207  # as `discover` reads it
            yield from (match for match in matches if match.is_dir())


def _remove_empty_folders(root: Path) -> None:
    for folder in sorted((p for p in root.rglob("*") if p.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            shutil.rmtree(folder, ignore_errors=True)
