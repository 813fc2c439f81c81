"""One snapshot on disk, as it is published."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from optout.registry import Snapshot
from optout.registry.documents import parse
from optout.registry.errors import SnapshotError

from .figures import Figures, read_figures
from .ranges import Ranges

MANIFEST = "snapshot.json"


@dataclass(frozen=True, slots=True)
class Published:
    """One snapshot on disk.

    Attributes:
        folder: where it lies.
        size: records of the log that it stands for.
        digests: SHA-256 in hex of every file, by path: nothing else is ever served.
        snapshot: the same, open.
        ranges: finds single items in it.
        figures: what is counted of it.
    """

    folder: Path
    size: int
    digests: dict[str, str]
    snapshot: Snapshot
    ranges: Ranges
    figures: Figures

    @property
    def is_there(self) -> bool:
        """Whether nobody has removed it."""
        return (self.folder / MANIFEST).is_file()


def open_published(folder: Path) -> Published:
    """Open what was built in a folder.

    Raises:
        SnapshotError: it is not whole.
    """
    snapshot = Snapshot.open(folder)
    data = (folder / MANIFEST).read_bytes()
    manifest = parse(data, str(folder / MANIFEST), error=SnapshotError)
    digests = {path: str(file["sha256"]) for path, file in manifest["files"].items()}
    digests[MANIFEST] = hashlib.sha256(data).hexdigest()
    ranges = Ranges(folder, digests[MANIFEST])
    figures = read_figures(folder)
    return Published(folder, int(manifest["size"]), digests, snapshot, ranges, figures)
