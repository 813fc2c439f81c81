"""Hashing a file in a thread of its own, beside whatever else reads it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PIECE_BYTES = 1 << 20


class Digest:
    """The digest of a file that is being hashed.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stopped = False
        self._hash = hashlib.sha256()
        self._fault: OSError | None = None
        self._thread = threading.Thread(target=self._run, name=f"hash {path.name}", daemon=True)
        self._thread.start()

    def sha256(self) -> str:
        """Hex; waits for it.

        Raises:
            OSError: the file cannot be read.
        """
        self._thread.join()
        if self._fault is not None:
            raise self._fault
        return self._hash.hexdigest()

    def stop(self) -> None:
        """Give it up: nobody needs it any more."""
        self._stopped = True
        self._thread.join()

    def _run(self) -> None:
        piece = bytearray(_PIECE_BYTES)
        view = memoryview(piece)
        try:
            with self._path.open("rb", buffering=0) as stream:
                while not self._stopped and (read := stream.readinto(piece)):
                    self._hash.update(view[:read])
        except OSError as fault:
            self._fault = fault


@contextmanager
def hashed_beside(path: Path) -> Iterator[Digest]:
    """Hash a file while the block runs; a block that fails does not wait for it."""
    digest = Digest(path)
    try:
        yield digest
    finally:
        digest.stop()
