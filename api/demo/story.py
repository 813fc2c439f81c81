"""The demo's story: from one photograph that is opted out to an audited corpus, step by step.

Every step does what its command would do, with the same functions; the commands that are told
work when they are typed in the demo's folder.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from optout.registry.errors import OptOutError, UsageError

from . import corpus as made
from . import web
from .photographs import REGISTERED, folder, load

if TYPE_CHECKING:
    from optout.filter import RunReport, VerifyReport
    from optout.registry import Snapshot

PHOTOGRAPH = "motorcycle.png"
DATABASE = "optout.db"
SNAPSHOT = "snapshot"
CORPUS = "corpus"
CLEAN = "clean"
EVIDENCE = "clean.optout"
CONTACT_SHEET = "contact-sheet.html"
TAMPERED = "laion.parquet"

_OWN = {
    PHOTOGRAPH,
    DATABASE,
    f"{DATABASE}-wal",
    f"{DATABASE}-shm",
    "optout.key",
    "optout.vault",
    SNAPSHOT,
    CORPUS,
    CLEAN,
    EVIDENCE,
    CONTACT_SHEET,
}
"""What the demo makes, and may therefore replace."""


class Teller(Protocol):
    """Whoever tells the story while it happens."""

    def step(self, words: str, *commands: str) -> None:
        """A step begins; `commands` would do the same."""

    def snapshot(self, snapshot: Snapshot) -> None:
        """The snapshot is made."""

    def filtered(self, report: RunReport) -> None:
        """The corpus is filtered."""

    def verified(self, report: VerifyReport) -> None:
        """The clean corpus is checked."""

    def sheet(self, path: Path) -> None:
        """The contact sheet can be opened."""


def prepare(place: Path) -> None:
    """Make the demo's folder empty, and touch nothing that the demo did not make.

    Raises:
        UsageError: the folder holds something else.
        OptOutError: the photographs are not installed.
    """
    folder()
    if place.exists() and not place.is_dir():
        raise UsageError(f"{place} is a file", "Name another folder: optout demo DIR")
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise OptOutError(
            f"{place} cannot be made: {fault.strerror}", "Name another folder: optout demo DIR"
        ) from fault
    foreign = sorted(path.name for path in place.iterdir() if path.name not in _OWN)
    if foreign:
        raise UsageError(
            f"{place} holds {foreign[0]}, which the demo did not make",
            "Name another folder: optout demo DIR",
        )
    for path in place.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def tell(place: Path, teller: Teller) -> float:
    """Run the whole story in `place`.

    Args:
        place: the folder to fill; `prepare` has made it.
        teller: hears of every step.

    Returns:
        how long it took, in seconds.

    Raises:
        OptOutError: a step failed, or the photographs are not installed.
    """
    from optout.filter import filter_dataset, verify_dataset
    from optout.registry import Identifier, Registry
    from optout.registry.identifiers import Grade, Kind
    from optout.registry.registry import Claim

    from .gallery import draw

    started = time.monotonic()
    teller.step("A registry is made, with the key that signs its log.", "optout init")
    load(REGISTERED).save(place / PHOTOGRAPH)
    with Registry.create(place / DATABASE) as registry:
        teller.step(
            "Ida Holm registers one photograph, her site, and one page.",
            f"optout add image {PHOTOGRAPH}",
            f"optout add site {web.SITE}",
            f"optout add url {web.PAGE}",
        )
        for kind, value in (
            (Kind.IMAGE, str(place / PHOTOGRAPH)),
            (Kind.SITE, web.SITE),
            (Kind.URL, web.PAGE),
        ):
            registry.add([Claim(Identifier.parse(kind, value), grade=Grade.REVIEWED)])
        teller.step("A snapshot is taken: all that a filter needs.", f"optout snapshot {SNAPSHOT}")
        snapshot = registry.snapshot(place / SNAPSHOT)
    teller.snapshot(snapshot)

    teller.step("A corpus is made: real photographs in published schemas.", f"ls {CORPUS}")
    truth = made.make(place / CORPUS)

    teller.step(
        "The corpus is filtered.",
        f"optout filter {CORPUS} --snapshot {SNAPSHOT} --out {CLEAN}",
    )
    report = filter_dataset([str(place / CORPUS)], place / CLEAN, snapshot=snapshot, workers=1)
    teller.filtered(report)

    check = f"optout verify {CLEAN} --snapshot {SNAPSHOT} --input {CORPUS}"
    teller.step("Somebody who trusts none of this checks it.", check)
    inputs = [str(place / CORPUS)]
    teller.verified(verify_dataset(place / CLEAN, snapshot=snapshot, inputs=inputs))

    teller.step("One dropped record is put back, behind everybody's back.", check)
    shard = place / CLEAN / TAMPERED
    clean = shard.read_bytes()
    put_back(place / CORPUS / TAMPERED, shard, truth)
    teller.verified(verify_dataset(place / CLEAN, snapshot=snapshot, inputs=inputs))
    shard.write_bytes(clean)

    teller.step("The clean shard is restored, and what went is drawn beside what stayed.")
    page = draw(truth, place / EVIDENCE, report)
    (place / CONTACT_SHEET).write_text(page, "utf-8")
    teller.sheet(place / CONTACT_SHEET)
    return time.monotonic() - started


def put_back(source: Path, clean: Path, truth: made.Corpus) -> None:
    """Smuggle one copy of the photograph back into the clean shard, where it once stood."""
    shard = next(shard for shard in truth.shards if shard.name == source.name)
    gone = shard.going()
    row = next(number for number in gone if shard.rows[number].part is made.Part.COPY)
    before = row - sum(number < row for number in gone)
    kept = pq.read_table(clean)
    record = pq.read_table(source).slice(row, 1)
    tampered = pa.concat_tables([kept.slice(0, before), record, kept.slice(before)])
    pq.write_table(tampered, clean, compression="zstd")
