"""`optout import`: a whole list at once, however long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from optout.api.lists import OTHER_NAMES, Record, Sheet, open_sheet

from . import values as read
from .adding import BATCH, in_batches, step
from .console import Console
from .exits import Exit
from .hash_lists import Claimed, import_hash_list
from .options import DEFAULT_REGISTRY, AsJson, Grade, RegistryAt, Usage
from .words import counted

if TYPE_CHECKING:
    from optout.registry import Identifier
    from optout.registry.identifiers import Kind as KindName
    from optout.registry.lists import HashList

    from .progress import ConsoleProgress

FAULTS_SHOWN = 20

DIGESTS = {"sha256": "file_sha256", "md5": "file_md5"}
"""Columns that hold files by their digests, and not by their paths."""

_HEX = re.compile(r"[0-9a-fA-F]+")
_SIGNALS_OF = {32: "--signal md5", 64: "--signal sha256 or --signal pdq"}
"""What hexadecimal digits may be, by how many there are, and how an operator says so."""


@dataclass
class Tally:
    """What has become of a file so far.

    Attributes:
        values: values read, bad ones too.
        added: entries that were new.
        known: entries that were there already, or stand in the file more than once.
        bad: values that cannot be registered.
        faults: the first of them: place and reason.
    """

    values: int = 0
    added: int = 0
    known: int = 0
    bad: int = 0
    faults: list[tuple[str, str]] = field(default_factory=list)

    def refuse(self, place: str, reason: str) -> None:
        """Note a value that cannot be registered."""
        self.bad += 1
        if len(self.faults) < FAULTS_SHOWN:
            self.faults.append((place, reason))


def import_(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="The list: .csv, .tsv, .jsonl, .json, .parquet or text."
        ),
    ],
    kind: Annotated[
        str | None,
        typer.Option(
            metavar="KIND", help="What its values are, where it has no column `kind`: url."
        ),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The column that holds the values: url, value, the kind's name."
        ),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORM",
            help="A list of hashes: threatexchange-csv, threatexchange-json or stopncii.",
        ),
    ] = None,
    feed: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What a list of hashes is of, the same each time; by default the file's name.",
        ),
    ] = None,
    signal: Annotated[
        str | None,
        typer.Option(
            metavar="TYPE",
            help="What its hashes are, where the list does not say: md5, sha256, pdq.",
        ),
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out what cannot be registered.")
    ] = False,
    grade: Grade = "reviewed",
    usage: Usage = None,
    registry: RegistryAt = DEFAULT_REGISTRY,
    json: AsJson = False,
) -> int:
    """Register a whole list; repeating it adds nothing.

    Every value is checked before the first is added; of a picture or a file, that it is there.
    Then they are added in batches: stopped in between, run it again, and it adds the rest.
    A list of hashes that others share is known by its fields; what it takes back is withdrawn.
    """
    from optout.registry import Registry
    from optout.registry.errors import IdentifierError
    from optout.registry.identifiers import DEFAULT_USAGE
    from optout.registry.registry import Claim

    console = Console(json=json)
    wanted = read.kind(kind) if kind else None
    level = read.grade(grade)
    usages = read.usages(usage) if usage else DEFAULT_USAGE
    hashes = _hash_list(file, form, feed, signal, plain=bool(kind or column))
    if hashes is not None:
        claimed = Claimed(level, usages)
        name = feed or Path(file).name
        return import_hash_list(console, hashes, registry, name, claimed, skip_bad=skip_bad)
    sheet = open_sheet(file, str(wanted or ""), column or "")
    values = Values(sheet, wanted)
    console.say(("reading ", "dim"), f"{file}: {values.told}")
    with Registry.open(registry) as opened:
        progress = console.progress()
        try:
            checked = None if skip_bad else _checked(values, progress)
            if checked is not None and checked.bad:
                progress.close()
                _tell(console, checked)
                raise IdentifierError(
                    f"{counted(checked.bad, 'value')} of {checked.values:,} in {file} cannot be "
                    "registered",
                    "Nothing was added: mend them, or leave them out with --skip-bad.",
                )
            total = checked.values if checked else sheet.count
            tally = Tally()
            progress.stage("adding", total)
            with in_batches(console, progress, tally):
                for claims in _claims(values, tally, progress, skip_bad=skip_bad):
                    added = opened.add([Claim(one, usages, level) for one in claims])
                    tally.added += sum(entry.new for entry in added)
                    tally.known += sum(not entry.new for entry in added)
        finally:
            progress.close()
        document = {
            "size": opened.size,
            "root": opened.root().hex(),
            "values": tally.values,
            "added": tally.added,
            "there_already": tally.known,
            "bad": tally.bad,
            "faults": [{"place": place, "message": why} for place, why in tally.faults],
        }
    _tell(console, tally)
    left_out = f", {counted(tally.bad, 'value')} left out" if tally.bad else ""
    console.result(f"{tally.added:,} added, {tally.known:,} there already{left_out}")
    console.document(document)
    console.next("optout snapshot snapshot", "what a filter loads")
    return Exit.DONE


def _hash_list(
    file: str, form: str | None, feed: str | None, signal: str | None, *, plain: bool
) -> HashList | None:
    """The file as a list of hashes; None where it is none.

    Raises:
        UsageError: it is asked for both as one and as a plain list, or is none and asked for.
    """
    from optout.registry.errors import UsageError
    from optout.registry.lists import FORMS, open_hash_list

    meant = form or feed or signal
    if plain and meant:
        raise UsageError(
            "a list of hashes says itself what its values are",
            "Leave out --kind and --column, or --format, --feed and --signal.",
        )
    found = None if plain else open_hash_list(file, form or "", signal or "")
    if found is None and meant:
        raise UsageError(
            f"{file} is no list of hashes that is known here",
            f"Say what it is with --format: {', '.join(FORMS)}.",
        )
    return found


class Values:
    """The values of a sheet, as identifiers of the kinds that it says.

    Args:
        sheet: what is read.
        kind: what all its values are; None where they say it themselves, or their column does.
    """

    def __init__(self, sheet: Sheet, kind: KindName | None) -> None:
        from optout.registry.identifiers import Kind

        self._sheet = sheet
        self._column = sheet.column.lower()
        self._kinds = {str(one): one for one in Kind}
        self._kind = kind or self._kind_of_column()

    @property
    def told(self) -> str:
        """How the file is understood, in words."""
        where = f"the column {self._sheet.column}" if self._sheet.column else "every line"
        if self._sheet.says_kinds:
            return f"{where} holds values, the column kind what they are"
        return f"{where} holds a value of the kind {self._kind}"

    def _kind_of_column(self) -> KindName:
        names = {self._column, *(k for k, names in OTHER_NAMES.items() if self._column in names)}
        found = [one for name, one in self._kinds.items() if name in names]
        return found[0] if found else self._kinds["url"]

    def __iter__(self) -> Iterator[Record]:
        return self._sheet.records()

    def _kind_of(self, record: Record) -> KindName:
        from optout.registry.errors import IdentifierError

        if record.fault:
            raise IdentifierError(record.fault, "Mend it, then repeat.")
        if not record.kind:
            return self._kind
        if record.kind not in self._kinds:
            raise IdentifierError(f"{record.kind[:40]!r} is no kind", "Mend it, then repeat.")
        return self._kinds[record.kind]

    def identifiers(self, record: Record) -> tuple[Identifier, ...]:
        """What one value registers.

        Raises:
            IdentifierError: it is not of its kind, or cannot be read.
            PictureError: it is no picture, or too flat a one.
        """
        from optout.registry import Identifier
        from optout.registry.errors import IdentifierError

        kind, value = self._kind_of(record), record.value
        if kind == "file" and self._column in DIGESTS:
            return (getattr(Identifier, DIGESTS[self._column])(value),)
        if kind == "work" and self._column in OTHER_NAMES["work"] and ":" not in value:
            value = f"{self._column}:{value}"
        signals = _SIGNALS_OF.get(len(value)) if kind == "url" else None
        if signals and _HEX.fullmatch(value):
            raise IdentifierError(
                f"{value!r} is a hash, and no address: say of which type with {signals}",
                "Give the type of the hashes, or the column of the addresses.",
            )
        return Identifier.parse_all(kind, value)

    def check(self, record: Record) -> None:
        """See whether a value can be registered; a picture is only looked for, not hashed.

        Raises:
            IdentifierError: it is not of its kind, or is not there.
        """
        from optout.registry.errors import IdentifierError

        kind = self._kind_of(record)
        digests = kind == "file" and self._column in DIGESTS
        if digests or kind not in {"file", "image"}:
            self.identifiers(record)
        elif not _is_file(record.value):
            raise IdentifierError(f"{record.value[:200]!r} is no file", "Give the path of one.")


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):  # no path at all, such as one that is too long
        return False


def _checked(values: Values, progress: ConsoleProgress) -> Tally:
    from optout.registry.errors import IdentifierError

    tally = Tally()
    progress.stage("checking")
    for record in values:
        tally.values += 1
        try:
            values.check(record)
        except IdentifierError as fault:
            tally.refuse(record.place, fault.message)
        step(progress, tally.values)
    return tally


def _claims(
    values: Values, tally: Tally, progress: ConsoleProgress, *, skip_bad: bool
) -> Iterator[list[Identifier]]:
    """What is to be added, a batch at a time.

    Raises:
        IdentifierError: a value cannot be registered, and none is to be left out.
    """
    from optout.registry.errors import IdentifierError, PictureError

    batch: list[Identifier] = []
    for record in values:
        tally.values += 1
        try:
            batch += values.identifiers(record)
        except (IdentifierError, PictureError) as fault:
            if not skip_bad:
                raise IdentifierError(
                    f"{record.place}: {fault.message}",
                    "Mend it and run it again, or leave such values out with --skip-bad.",
                ) from fault
            tally.refuse(record.place, fault.message)
        if len(batch) >= BATCH:
            yield batch
            batch = []
        step(progress, tally.values)
    yield batch


def _tell(console: Console, tally: Tally) -> None:
    for place, why in tally.faults:
        console.say(f"  {place}: ", (why, "red"))
    if tally.bad > len(tally.faults):
        console.say((f"  and {tally.bad - len(tally.faults):,} more", "dim"))
