"""`optout add`: items that shall not train models."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from . import values as read
from .console import Console
from .exits import Exit
from .options import DEFAULT_REGISTRY, AsJson, Grade, Kind, RegistryAt, Usage

if TYPE_CHECKING:
    from optout.registry import Identifier
    from optout.registry.identifiers import Kind as KindName

SHOWN = 20
"""Longer lists are cut on the terminal; `--json` holds all of it."""
MANY = 50
"""From here on reading the values is worth a progress bar."""
FAULTS_SHOWN = 3
LONGEST_SHOWN = 80
"""Characters of a value that fit beside the other columns; `--json` holds all of it."""


@dataclass(frozen=True)
class Understood:
    """One value as it was understood.

    Attributes:
        identifiers: what it registers; of a file's bytes two digests, of anything else one thing.
        shown: what a person knows it by.
    """

    identifiers: tuple[Identifier, ...]
    shown: str


def add(
    kind: Kind,
    values: Annotated[
        list[str],
        typer.Argument(
            metavar="VALUE...",
            help="Addresses, handles, numbers, passages; paths for image and file; "
            "@FILE for one a line, @@ for a literal @.",
        ),
    ],
    grade: Grade = "reviewed",
    usage: Usage = None,
    registry: RegistryAt = DEFAULT_REGISTRY,
    json: AsJson = False,
) -> int:
    """Register items; repeating one changes nothing.

    All of them or none: a value that is not understood is named, and nothing is added.
    """
    from optout.registry import Registry
    from optout.registry.identifiers import DEFAULT_USAGE
    from optout.registry.registry import Claim

    console = Console(json=json)
    wanted = read.kind(kind)
    level = read.grade(grade)
    usages = read.usages(usage) if usage else DEFAULT_USAGE
    with Registry.open(registry) as opened:
        understood = _understand(console, wanted, list(read.spread(values)))
        claims = [
            Claim(identifier, usage=usages, grade=level)
            for item in understood
            for identifier in item.identifiers
        ]
        added = iter(opened.add(claims))
        entries = []
        for item in understood:
            made = list(islice(added, len(item.identifiers)))
            entries.append(
                {
                    "entry": made[0].index,
                    "entries": [one.index for one in made],
                    "kind": str(wanted),
                    "understood": item.shown,
                    "new": any(one.new for one in made),
                }
            )
        document = {"size": opened.size, "root": opened.root().hex(), "entries": entries}
    new = sum(bool(entry["new"]) for entry in entries)
    console.table(
        [
            (("entry", "dim"), ("kind", "dim"), ("understood as", "dim"), ""),
            *(
                (
                    (_numbers(entry["entries"]), "bold"),
                    str(entry["kind"]),
                    _cut(str(entry["understood"])),
                    ("" if entry["new"] else "was there already", "dim"),
                )
                for entry in entries[:SHOWN]
            ),
        ],
        right=(0,),
    )
    if len(entries) > SHOWN:
        console.result((f"  and {len(entries) - SHOWN:,} more (--json lists all)", "dim"))
    console.result(f"{new:,} added, {len(entries) - new:,} there already")
    console.document(document)
    console.next("optout snapshot snapshot", "what a filter loads")
    return Exit.DONE


def _numbers(entries: object) -> str:
    return ", ".join(map(str, entries)) if isinstance(entries, list) else str(entries)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def _understand(console: Console, kind: KindName, given: list[read.Given]) -> list[Understood]:
    """Every value as an identifier.

    Raises:
        IdentifierError: values are not what the kind asks for; the first ones are named.
        UsageError: there is no value at all.
    """
    from optout.registry.errors import IdentifierError, UsageError

    if not given:
        raise UsageError("there is nothing to add", "Give a value, or a file that holds some.")
    progress = console.progress()
    if len(given) >= MANY:
        progress.stage("reading", len(given))
    understood: list[Understood] = []
    faults: list[IdentifierError] = []
    places: list[str] = []
    try:
        for item in given:
            try:
                understood.append(_one(kind, item.value))
            except IdentifierError as fault:
                faults.append(fault)
                places.append(item.place)
            progress.advance()
    finally:
        progress.close()
    if faults:
        raise _refusal(faults, places, len(given))
    return understood


def _one(kind: KindName, value: str) -> Understood:
    from optout.registry import Identifier
    from optout.registry.identifiers import Kind, canonical

    identifiers = Identifier.parse_all(kind, value)
    # Of a file and a picture the path says more to a person than a hash of it.
    shown = value if kind in {Kind.FILE, Kind.IMAGE} else canonical(kind, value)
    return Understood(identifiers, shown)


def _refusal(faults: Iterable[Exception], places: list[str], values: int) -> Exception:
    from optout.registry.errors import IdentifierError, PictureError

    kept = [fault for fault in faults if isinstance(fault, IdentifierError)]
    if values == 1:
        return kept[0]
    named = [
        f"{place}{fault.message}"
        for place, fault in zip(places[:FAULTS_SHOWN], kept[:FAULTS_SHOWN], strict=True)
    ]
    more = len(kept) - len(named)
    message = "; ".join(named) + (f"; and {more:,} more" if more else "")
    advice = ["Nothing was added: mend or remove these values, then repeat."]
    # A plain picture is as it should be and cannot be mended: what else may be done is said.
    advice += dict.fromkeys(fault.advice for fault in kept if isinstance(fault, PictureError))
    return IdentifierError(message, " ".join(advice))
