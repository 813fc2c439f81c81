"""`optout audit`: is a snapshot what its log says?"""

from __future__ import annotations

from typing import Annotated

import typer

from . import reports, words
from .console import Console
from .exits import Exit
from .options import AsJson, Key


def audit(
    snapshot: Annotated[
        str, typer.Argument(metavar="SNAPSHOT", help="The snapshot: a folder or a URL.")
    ],
    key: Key = None,
    json: AsJson = False,
) -> int:
    """Rebuild a snapshot from its openings and compare it byte by byte."""
    from optout.registry import Snapshot
    from optout.registry.errors import SnapshotFault
    from optout.registry.snapshot import audit_snapshot

    console = Console(json=json)
    try:
        opened = Snapshot.open(snapshot, key=key)
    except SnapshotFault as fault:
        return reports.tell_damaged_snapshot(console, "audit", fault)
    checks = [
        {"name": name, "ok": ok, "detail": detail}
        for name, ok, detail in audit_snapshot(opened.path)
    ]
    faults = sum(not check["ok"] for check in checks)
    console.say(f"snapshot {snapshot} of {opened.origin}, {words.counted(opened.size, 'record')}")
    console.checks(checks)
    if key is None:
        console.say(("compare the key with the one that the registry publishes", "dim"))
    console.verdict("audit", faults)
    console.document(
        {"ok": not faults, "checks": checks, "origin": opened.origin, "key": str(opened.key)}
    )
    return Exit.FOUND if faults else Exit.DONE
