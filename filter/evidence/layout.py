"""Where the evidence of a run lies: in `OUT.optout/`, beside OUT and never in it.

    OUT.optout/
      plan.json                what was decided before the run
      decision.json            which entries were held, over the whole corpus
      manifest.json            the signed statement about everything else
      inputs.json              where the inputs lie: of masks only, until they are applied
      scan/<name>.*            what the scan of a shard found
      <name>.json              record of a shard, written last
      <name>.dv                deletion vector
      <name>.matches.parquet   which entry met which row
      quarantine/<name>        rows that could not be judged

A name is a shard's, relative, with `/` between its parts.

Where the plan's mode is `mask`, OUT is not there, or empty. Every record has mode `mask`, how
`masked`, and neither output nor quarantine, also where `rows_quarantined` is not zero: the vector
leaves out dropped rows and those that could not be judged, and the matches tell them apart. The
manifest's subjects are the vectors, named as here; it binds `inputs.json` like all other evidence:

    {"format": "optout/v1/inputs", "inputs": {<name>: <absolute path>, ...}}

Applying masks makes of all this what a rewrite of the same inputs would have written, byte for
byte but for the manifest's dates: first plan and decision change to mode `rewrite`, then shard by
shard output, quarantine and record, then `inputs.json` goes and a new manifest is signed. On the
way the manifest is the mask's, and does not hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from optout.filter.errors import OutputConflict
from optout.registry.errors import UsageError

SUFFIX = ".optout"
PLAN = "plan.json"
DECISION = "decision.json"
MANIFEST = "manifest.json"
INPUTS = "inputs.json"
SCAN = "scan/"
QUARANTINE = "quarantine/"
_LONGEST = 255
"""Bytes of a file's name, on every file system in use."""


class Evidence:
    """Names of the files in `OUT.optout/`, relative to it, and where that folder is.

    Args:
        out: the output folder.

    Attributes:
        out: the output folder.
        folder: the evidence folder beside it.

    Raises:
        UsageError: there is no "beside" for this folder.
    """

    plan = PLAN
    decision = DECISION
    manifest = MANIFEST
    inputs = INPUTS

    def __init__(self, out: Path) -> None:
        absolute = out.absolute() if out.name else out.resolve()
        if not absolute.name or absolute.name == "..":
            raise UsageError(f"{out} cannot be an output folder", "Name a folder below it.")
        self.out = out
        self.folder = absolute.with_name(absolute.name + SUFFIX)

    def path(self, name: str) -> Path:
        """Where a file of the evidence folder lies on the disk."""
        return self.folder / name

    def scan(self, shard: str, suffix: str) -> str:
        """What the scan of a shard found; `suffix` begins with a dot."""
        return f"{SCAN}{shard}.scan{suffix}"

    def record(self, shard: str) -> str:
        """The record of a shard."""
        return f"{shard}.json"

    def vector(self, shard: str) -> str:
        """The deletion vector of a shard."""
        return f"{shard}.dv"

    def matches(self, shard: str) -> str:
        """Which entry met which row of a shard."""
        return f"{shard}.matches.parquet"

    def quarantine(self, shard: str) -> str:
        """The rows of a shard that could not be judged."""
        return f"{QUARANTINE}{shard}"

    def scans(self, shard: str) -> tuple[str, ...]:
        """Both files of a shard's scan: what says that the other is whole, and the other."""
        return self.scan(shard, ".json"), self.scan(shard, ".npy")

    def of_shard(self, shard: str) -> tuple[str, ...]:
        """Every name that is about one shard, its scan's apart."""
        return (
            self.record(shard),
            self.vector(shard),
            self.matches(shard),
            self.quarantine(shard),
        )

    def check_names(self, shards: Iterable[str]) -> None:
        """See that every file of the evidence has a name, and one that no other has.

        Raises:
            OutputConflict: two shards, or a shard and the plan, would share a file, or a name
                would be too long for a file system.
        """
        owners = dict.fromkeys((PLAN, DECISION, MANIFEST, INPUTS), "the run itself")
        for shard, name in self._all(shards):
            if any(len(part.encode()) > _LONGEST for part in name.split("/")):
                raise OutputConflict(
                    f"the evidence of {shard} would have a name of more than {_LONGEST} bytes",
                    "Give the input a shorter name.",
                )
            owner = owners.setdefault(name, shard)
            if owner is not shard:
                raise OutputConflict(
                    f"the evidence of {shard} and of {owner} would both be {name}",
                    f"Rename {shard}, or filter it into an output of its own.",
                )

    def _all(self, shards: Iterable[str]) -> Iterator[tuple[str, str]]:
        for shard in shards:
            for name in (*self.of_shard(shard), *self.scans(shard)):
                yield shard, name
