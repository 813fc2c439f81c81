"""`optout calibrate`: which entries would drop pictures that are not theirs?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import Console
from .exits import Exit
from .options import DEFAULT_REGISTRY, AsJson, RegistryAt, Workers
from .words import counted

if TYPE_CHECKING:
    from optout.registry.calibration import Matched, Registered

    from .background import Part, Pictures

SHOWN = 20
"""Longer lists are cut on the terminal; `--json` holds all of it."""
FAULTS_SHOWN = 5


def calibrate(
    images: Annotated[
        list[str],
        typer.Argument(
            metavar="IMAGES...",
            help="Pictures that nobody registered: files, folders, Parquet, or @LIST.",
        ),
    ],
    most: Annotated[
        int,
        typer.Option(metavar="K", min=0, help="Pictures that an entry may match: its own is one."),
    ] = 1,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only list them; the registry stays as it is.")
    ] = False,
    workers: Workers = None,
    registry: RegistryAt = DEFAULT_REGISTRY,
    json: AsJson = False,
) -> int:
    """Hold registered pictures against others, and quarantine entries that match too many.

    The log says that the operator withdrew them, and why. What was restored after a review is
    listed and left in force. Pictures that are nearly the same count once.
    """
    from optout.registry import Registry
    from optout.registry.calibration import Registered

    from .background import Pictures, find

    console = Console(json=json)
    with Registry.open(registry) as opened:
        registered, listed = Registered.of(opened.openings())
        entries = registered.entries + listed.entries
        parts, refused = find(images)  # also where nothing is to be held against them
        if entries:
            found, distinct, pictures = _held_against(
                console, (registered, listed), parts, refused, workers, images[0]
            )
        else:
            found, distinct, pictures = [], 0, Pictures()
        many = [each for each in found if each.matches > most]
        reviewed = opened.restored([each.entry for each in many])
        reasons = {
            each.entry: f"quarantined: matches {each.matches:,} of "
            f"{counted(distinct, 'background picture')}"
            for each in many
            if each.entry not in reviewed
        }
        quarantined = [] if dry_run else opened.quarantine(reasons)
        matching = [
            {
                "entry": each.entry,
                "matches": each.matches,
                "nearest": [pictures.names[place] for place in each.nearest],
                "too_many": each.matches > most,
                "reviewed": each.entry in reviewed,
            }
            for each in found
        ]
        document = {
            "entries": entries,
            "pdq_alone": listed.entries,
            "pictures": len(pictures.names),
            "distinct": distinct,
            "unreadable": pictures.unreadable,
            "empty": pictures.empty,
            "faults": [{"place": name, "message": why} for name, why in pictures.faults],
            "most": most,
            "matching": matching,
            "quarantined": quarantined,
            "size": opened.size,
            "root": opened.root().hex(),
        }
    _tell(console, document, dry_run=dry_run)
    console.document(document)
    if quarantined:
        console.say("where one is right all the same: ", ("optout restore ENTRY --why …", "bold"))
        console.next("optout snapshot snapshot", "older snapshots still hold them")
    elif dry_run and reasons:
        console.next("the same command without --dry-run")
    return Exit.DONE


def _held_against(
    console: Console,
    registered: tuple[Registered, Registered],
    parts: Sequence[Part],
    pictures: Pictures,
    workers: int | None,
    given: str,
) -> tuple[list[Matched], int, Pictures]:
    """What the entries match among pictures, how many of these are distinct, and which.

    Args:
        console: where it is told.
        registered: the entries, by their phash256 and by their PDQ alone.
        parts: where the pictures are.
        pictures: what was refused already; extended.
        workers: processes.
        given: what to name where it holds no picture.

    Raises:
        UsageError: no picture can be read.
    """
    import numpy as np
    from optout.registry.calibration import Background, matches
    from optout.registry.errors import UsageError

    from .background import hash_all

    console.say(
        ("reading ", "dim"),
        f"{counted(sum(part.count for part in parts), 'picture')}, against "
        f"{counted(sum(each.entries for each in registered), 'entry', 'entries')} of the kind "
        "image",
    )
    by_phash, listed = registered
    progress = console.progress()
    try:
        pictures.extend(hash_all(parts, workers, progress, bool(listed.entries)))
        if not pictures.names:
            place, reason = (pictures.faults or [(given, "it holds none")])[0]
            raise UsageError(
                f"no picture can be read: {place}: {reason}",
                "Give some thousand pictures of the sort that filters meet.",
            )
        hashes, mirrored, pdq, pdq_mirrored = (
            np.frombuffer(bytes(packed), np.uint8).reshape(-1, 32)
            for packed in (
                *(pictures.hashes, pictures.mirrored),
                *(pictures.pdq, pictures.pdq_mirrored),
            )
        )
        background = Background(hashes, mirrored)
        progress.stage("grouping", len(hashes))
        groups = background.groups(progress.advance)
        progress.stage("matching", len(hashes) + len(pdq))
        found = matches(by_phash, background, groups, hear=progress.advance)
        places = np.array(pictures.with_pdq, np.int64)
        found += [
            each._replace(nearest=tuple(places[list(each.nearest)].tolist()))
            for each in matches(
                *(listed, Background(pdq, pdq_mirrored), groups[places]), hear=progress.advance
            )
        ]
        found.sort(key=lambda each: (-each.matches, each.entry))
    finally:
        progress.close()
    return found, int(groups.max()) + 1, pictures


def _tell(console: Console, document: dict[str, Any], *, dry_run: bool) -> None:
    many = [each for each in document["matching"] if each["too_many"]]
    if many:
        head = (("entry", "dim"), ("matches", "dim"), ("the nearest", "dim"), "")
        taken = set(document["quarantined"])
        rows = (
            (
                (str(each["entry"]), "bold"),
                f"{each['matches']:,}",
                each["nearest"][0],
                _fate(each, taken, dry_run=dry_run),
            )
            for each in many[:SHOWN]
        )
        console.table([head, *rows], right=(0, 1))
    if len(many) > SHOWN:
        console.result((f"  and {len(many) - SHOWN:,} more (--json lists all)", "dim"))
    if alone := document["pdq_alone"]:
        console.say(
            f"{counted(alone, 'entry', 'entries')} {'is' if alone == 1 else 'are'} known by "
            f"{'its' if alone == 1 else 'their'} PDQ alone and looked at by that"
        )
    if document["entries"]:
        console.say(
            f"{counted(document['pictures'], 'picture')} read, "
            f"{document['pictures'] - document['distinct']:,} of them copies of others; "
            f"{document['unreadable']:,} cannot be read, {document['empty']:,} empty"
        )
        for fault in document["faults"][:FAULTS_SHOWN]:
            console.say(f"  {fault['place']}: ", (fault["message"], "red"))
    console.result(
        f"{counted(len(document['quarantined']), 'entry', 'entries')} quarantined; "
        f"{counted(len(many), 'entry', 'entries')} of {document['entries']:,} of the kind image "
        f"{'matches' if len(many) == 1 else 'match'} more than {document['most']:,} of "
        f"{counted(document['distinct'], 'distinct picture')}"
    )


def _fate(matched: dict[str, Any], taken: set[int], *, dry_run: bool) -> tuple[str, str]:
    if matched["reviewed"]:
        return "restored after a review: left in force", "dim"
    if dry_run:
        return "would be quarantined", ""
    return ("quarantined", "bold") if matched["entry"] in taken else ("ended meanwhile", "dim")
