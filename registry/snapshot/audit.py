"""Is a snapshot what its log says? Everything is computed again and compared."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from optout.registry.errors import OptOutError
from optout.registry.log import State, fold, leaf_hash, root

from .contents import Rules, count, open_all
from .formats import RECORDS
from .lines import parse_opening, read_lines
from .manifest import LEAVES, MANIFEST, OPENINGS
from .segment import segment_facts, segment_name, write_segment
from .snapshot import Snapshot

Check = tuple[str, bool, str]
"""What was looked at, whether it is as it must be, and in words what was found."""

_CHUNK = 1 << 20


def audit_snapshot(path: Path) -> Iterator[Check]:
    """Rebuild a snapshot from its log and its openings, and compare it with what is there.

    A fault is a check that fails and never an exception. Checks that need what has failed are
    left out.

    Args:
        path: the snapshot's folder.

    Yields:
        One check after the other: `snapshot`, `files`, `tree`, `fold`, `counts`, `openings`,
        `rebuilt`.
    """
    try:
        snapshot = Snapshot.open(path)
    except OptOutError as fault:
        yield "snapshot", False, str(fault)
        return
    yield "snapshot", True, f"{MANIFEST} and its checkpoint are signed by {snapshot.key}"
    yield _files(snapshot)
    yield _tree(snapshot)
    try:
        state = fold(read_lines(snapshot.path / LEAVES))
    except (OptOutError, OSError) as fault:
        yield "fold", False, str(fault)
        return
    yield "fold", True, f"every record is allowed where it stands; {_erased(state)}"
    yield _counts(snapshot, state)
    with tempfile.TemporaryDirectory(prefix="optout-audit-") as place:
        again = Path(place) / "again"
        again.mkdir()
        try:
            openings = map(parse_opening, read_lines(snapshot.path / OPENINGS))
            rules = Rules()
            opened = write_segment(again, rules.of(open_all(state, openings)))
        except (OptOutError, OSError) as fault:
            yield "openings", False, str(fault)
            return
        said = snapshot.canonicaliser["version"]
        if rules.version != said:
            # Filters that believe it would not look for what the newer rules cover.
            detail = f"they follow the rules of version {rules.version}, and {MANIFEST} says {said}"
            yield "openings", False, detail
            return
        yield "openings", True, f"all {opened} entries in force are what their records commit to"
        yield _rebuilt(snapshot, again)


def _files(snapshot: Snapshot) -> Check:
    try:
        snapshot.check_files()
    except OptOutError as fault:
        return "files", False, str(fault)
    return "files", True, f"every file has the digest that stands in {MANIFEST}"


def _tree(snapshot: Snapshot) -> Check:
    try:
        hashes = [leaf_hash(leaf) for leaf in read_lines(snapshot.path / LEAVES)]
    except (OptOutError, OSError) as fault:
        return "tree", False, str(fault)
    found = (len(hashes), root(hashes).hex())
    if found != (snapshot.size, snapshot.root):
        return (
            "tree",
            False,
            f"{LEAVES} has {found[0]} records with the root {found[1]}, and the checkpoint says "
            f"{snapshot.size} with the root {snapshot.root}",
        )
    return "tree", True, f"{snapshot.size} records have the root {snapshot.root}"


def _counts(snapshot: Snapshot, state: State) -> Check:
    found = {**count(state), "erasures": state.erasures}
    said = {**snapshot.counts, "erasures": snapshot.erasures}
    if found != said:
        return "counts", False, f"the log has {found}, and {MANIFEST} says {said}"
    return "counts", True, f"{found['entries']} entries are in force, as {MANIFEST} says"


def _rebuilt(snapshot: Snapshot, again: Path) -> Check:
    folder = f"segments/{segment_name(segment_facts(again))}"
    for name in RECORDS:
        path = snapshot.path / folder / name
        try:
            same = path.is_file() and _are_equal(path, again / name)
        except OSError as fault:
            return "rebuilt", False, f"{path} cannot be read: {fault.strerror}"
        if not same:
            return "rebuilt", False, f"{folder}/{name} is not what log and openings make it"
    return "rebuilt", True, "log and openings make the same files, byte by byte"


def _are_equal(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as first, other.open("rb") as second:
        while data := first.read(_CHUNK):
            if data != second.read(_CHUNK):
                return False
    return True


def _erased(state: State) -> str:
    if not state.erasures:
        return "nothing was erased"
    return f"{state.erasures} erased: their records stay and mean nothing"
