"""Working off one list that a partner has sent, in this process or beside it.

A list that was being worked off when the service stopped is begun anew: to repeat changes nothing.
"""

from __future__ import annotations

import logging
import re
import threading
from dataclasses import dataclass, field
from pathlib import Path

from optout.api.lists import Record, open_sheet
from optout.api.places import where
from optout.api.proofs import Proof, covers
from optout.registry import Identifier, Registry, documents
from optout.registry.cases import Method
from optout.registry.errors import IdentifierError, RegistryError, UsageError
from optout.registry.identifiers import Grade, Kind, canonical
from optout.registry.partners import PartnersUpload, Progress
from optout.registry.registry import Claim, Listed, RecordName

from .beside import Beside, work_beside

log = logging.getLogger("optout.api")

MOST_REFUSALS = 100
"""Refusals that are told one by one."""

BATCH = 2000
"""Entries that become durable together: others who write wait no longer than for these."""

UNFORESEEN = "something unforeseen went wrong; it has been noted"
"""What is told of a list that broke us."""

_KINDS = {str(kind): kind for kind in Kind}
_MD5_DIGITS = 32
_QUOTED = re.compile(r"(['\"]).*\1", re.DOTALL)


@dataclass
class _Tally:
    rows: int = 0
    changed: int = 0
    known: int = 0
    refused: int = 0
    refusals: list[tuple[str, str]] = field(default_factory=list)

    def progress(self, state: str, fault: str = "") -> Progress:
        return Progress(
            state, self.rows, self.changed, self.known, self.refused, list(self.refusals), fault
        )


def work_off(
    registry: Registry, upload: PartnersUpload, path: Path, ending: threading.Event
) -> bool:
    """Register what a list says, and keep how far it has come.

    Args:
        registry: the registry, open.
        upload: what is known of it.
        path: where it lies.
        ending: stops it after the batch that is under way.

    Returns:
        Whether it is at its end, for good or ill.

    Raises:
        RegistryError: the registry is away, and may come back.
    """
    tally, fault = _Tally(), ""
    try:
        _read(registry, upload, path, tally, ending)
    except UsageError as error:
        fault = error.message.replace(str(path), "the list")
    except RegistryError:
        raise
    except Exception as error:  # one list that breaks us must not keep the others waiting
        log.error("%s", where(error))
        fault = UNFORESEEN
    if ending.is_set():
        return False
    registry.uploads.keep(upload.id, tally.progress("failed" if fault else "done", fault))
    return True


def work_off_beside(beside: Beside, upload: PartnersUpload, path: Path) -> bool:
    """The same in a process of its own.

    Raises:
        RegistryError: it failed, and may not the next time.
        WorkerBroken: it crashed, or was killed.
    """
    return beside.run(main, upload.id, str(path.resolve()))


def _read(
    registry: Registry,
    upload: PartnersUpload,
    path: Path,
    tally: _Tally,
    ending: threading.Event,
) -> None:
    """Work off one list.

    Raises:
        UsageError: it cannot be read to its end.
    """
    keys = registry.partners.all()
    domain = next((one.domain for one in keys if one.id == upload.key and not one.ended), "")
    batch: list[Listed] = []
    for record in open_sheet(str(path), upload.kind, "").records():
        tally.rows += 1
        try:
            batch += _listed(record, upload.kind, domain)
        except IdentifierError as error:
            tally.refused += 1
            if len(tally.refusals) < MOST_REFUSALS:
                # No value is kept in the open.
                tally.refusals.append((record.place, _QUOTED.sub("…", error.message)))
        if len(batch) >= BATCH:
            _enter(registry, upload, batch, tally)
            batch = []
        if ending.is_set():
            return
    _enter(registry, upload, batch, tally)


def _enter(registry: Registry, upload: PartnersUpload, batch: list[Listed], tally: _Tally) -> None:
    feed = f"partner {upload.sender}"
    if upload.takes_back:
        done = registry.follow(feed, [], [one.name for one in batch])
        tally.changed += len(done.withdrawn)
        tally.known += max(0, len(batch) - len(done.withdrawn))
    else:
        done = registry.follow(feed, batch)
        tally.changed += done.added
        tally.known += done.known
    registry.uploads.keep(upload.id, tally.progress("working"))


def _listed(record: Record, kind: str, domain: str) -> list[Listed]:
    """What one value registers.

    Raises:
        IdentifierError: it is not of its kind, or names a file.
    """
    if record.fault:
        raise IdentifierError(record.fault, "Mend it, then repeat.")
    told, value = kind or record.kind or "url", record.value
    if told not in _KINDS:
        raise IdentifierError(f"{told[:40]!r} is no kind", "Mend it, then repeat.")
    grade = Grade.SELF
    if told == Kind.IMAGE:
        found: tuple[Identifier, ...] = (Identifier.image_phash256(value),)
    elif told == Kind.FILE:
        is_md5 = len(value) == _MD5_DIGITS
        found = (Identifier.file_md5(value) if is_md5 else Identifier.file_sha256(value),)
    else:
        found = Identifier.parse_all(_KINDS[told], value)
        proof = Proof(Method.DNS, domain)
        if domain and covers(proof, _KINDS[told], canonical(_KINDS[told], value)):
            grade = Grade.DOMAIN
    return [
        Listed(
            RecordName(told, documents.canonical(one.matter()).decode()), Claim(one, grade=grade)
        )
        for one in found
    ]


def main() -> None:
    """Runs beside the service: the arguments are what the list is called by, and where it lies."""
    work_beside(_work)


def _work(registry: Registry, arguments: list[str], ending: threading.Event) -> bool:
    identity, path = arguments
    upload = registry.uploads.find(identity)
    return upload is None or work_off(registry, upload, Path(path), ending)
