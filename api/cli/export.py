"""`optout export`: the pictures of a registry as a list of hashes for others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import words
from .console import Console
from .exits import Exit
from .options import DEFAULT_REGISTRY, AsJson, Key, RegistryAt

if TYPE_CHECKING:
    from collections.abc import Callable

    from optout.registry.lists import Holdings, ListRecord
    from optout.registry.log import Opening


def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The list to write.")],
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORM",
            help="threatexchange-csv, threatexchange-json or stopncii; as FILE ends: .csv, .json.",
        ),
    ] = None,
    snapshot: Annotated[
        str | None,
        typer.Option(
            "--snapshot", "-s", metavar="S", help="A snapshot to export, not the registry."
        ),
    ] = None,
    key: Key = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace FILE where it is there already.")
    ] = False,
    registry: RegistryAt = DEFAULT_REGISTRY,
    json: AsJson = False,
) -> int:
    """Write the hashes of registered pictures, and what was taken back, for those who match hashes.

    The list holds phash256, phash64 and PDQ by number of entry, and tombstones for what was
    withdrawn or erased. Of all other kinds a registry keeps no value that others could use.
    """
    from optout.registry.durable import publishing
    from optout.registry.lists import FORMS, Standing

    console = Console(json=json)
    chosen = _form(file, form)
    with _writing(file):
        if file.exists() and not overwrite:
            raise _fault(f"{file} exists already", "Choose another path, or --overwrite it.")
    counts = dict.fromkeys((str(one) for one in Standing), 0)
    signals: dict[str, int] = {}

    def counting(records: Iterator[ListRecord]) -> Iterator[ListRecord]:
        for record in records:
            counts[str(record.standing)] += 1
            if not record.standing.ends:
                signals[record.signal] = signals.get(record.signal, 0) + 1
            yield record

    with (
        _holdings(registry, snapshot, key) as (holdings, openings),
        _writing(file),
        publishing(file) as stream,
    ):
        total = FORMS[chosen].write(stream, counting(holdings.records(openings)))
    taken = counts["withdrawn"] + counts["deleted"]
    listed = ", ".join(f"{many:,} {signal}" for signal, many in signals.items())
    console.result(
        f"{file}: ", (listed or "no hashes", "bold"), f"; {words.counted(taken, 'tombstone')}"
    )
    if holdings.left_out:
        console.say(
            f"  entries that have no hash for others stay here: {words.per_kind(holdings.left_out)}"
        )
    console.document(
        {
            "path": str(file),
            "format": chosen,
            "records": total,
            "signals": signals,
            "withdrawn": counts["withdrawn"],
            "deleted": counts["deleted"],
            "left_out": dict(holdings.left_out),
        }
    )
    return Exit.DONE


def _form(file: Path, form: str | None) -> str:
    from optout.registry.lists import FORMS

    endings = {".csv": "threatexchange-csv", ".json": "threatexchange-json"}
    chosen = form or endings.get(file.suffix.lower(), "")
    if chosen not in FORMS:
        raise _fault(
            f"{form or file.suffix or 'a file without an ending'} is no form of hash list",
            f"Say what it shall be with --format: {', '.join(FORMS)}.",
        )
    return chosen


@contextmanager
def _holdings(
    registry: str, snapshot: str | None, key: str | None
) -> Iterator[tuple[Holdings, Callable[[], Iterator[Opening]]]]:
    from optout.registry.lists import Holdings

    if snapshot is None:
        from optout.registry import Registry

        with Registry.open(registry) as opened:
            yield Holdings(opened.leaves()), opened.kept_openings
        return
    from optout.registry import Snapshot
    from optout.registry.snapshot import read_leaves, read_openings

    found = Snapshot.open(snapshot, key=key)
    found.check_files()
    yield Holdings(read_leaves(found)), lambda: read_openings(found)


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise _fault(
            f"{file} cannot be written: {fault.strerror}", "Check the path and its folder."
        ) from fault


def _fault(message: str, advice: str) -> Exception:
    from optout.registry.errors import UsageError

    return UsageError(message, advice)
