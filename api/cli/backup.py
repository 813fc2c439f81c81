"""`optout backup`: the registry's database as it stands, in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import words
from .console import Console
from .exits import Exit
from .options import DEFAULT_REGISTRY, AsJson, RegistryAt


def backup(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The file to write; none is overwritten.")
    ],
    vault: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Copy the vault there too; an older copy of it is replaced."
        ),
    ] = None,
    registry: RegistryAt = DEFAULT_REGISTRY,
    json: AsJson = False,
) -> int:
    """Copy the registry's database, of whatever kind, while it is in use.

    The copy holds what is registered only sealed: keep it anywhere, and for as long as you like.
    Key and vault are not in it. Keep a copy of the key once, and of the vault none but the newest:
    an older one would bring back what was erased. Let --vault make that copy: a file that is
    copied otherwise while a key is destroyed may lack others.
    """
    from optout.registry import Registry

    console = Console(json=json)
    with Registry.open(registry) as opened:
        size = opened.backup(file)
        if vault is not None:  # after it: what was erased in between, it has no key of
            opened.backup_vault(vault)
    console.result(f"{file}: ", (words.counted(size, "record"), "bold"))
    if vault is None:
        console.say(
            ("the vault is not in it: keep a copy of that elsewhere, the newest alone", "dim")
        )
        console.say(("make one with --vault: with cp it may lack keys while optout runs", "dim"))
    else:
        console.result(f"{vault}: ", ("the vault as it is now", "bold"))
        console.say(("keep no older copy of it: one would bring back what was erased", "dim"))
    console.next(f"optout recover {file} --registry …", "where the database is lost")
    copied = {} if vault is None else {"vault": str(vault)}
    console.document({"file": str(file), "size": size, **copied})
    return Exit.DONE
