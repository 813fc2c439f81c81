"""Hashing whole files beside other work."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType


class Hashing:
    """Hashes files in a thread of its own; a context manager."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "optout-verify-hash")
        self._digests: dict[Path, Future[str]] = {}

    def begin(self, paths: Iterable[Path]) -> None:
        """Hash files as soon as there is time."""
        for path in paths:
            if path not in self._digests:
                self._digests[path] = self._pool.submit(sha256_of_file, path)

    def sha256(self, path: Path) -> str:
        """Hex SHA-256 of a file; waits for it.

        Raises:
            OSError: it cannot be read.
        """
        self.begin([path])
        return self._digests[path].result()

    def __enter__(self) -> Hashing:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)


def sha256_of_file(path: Path) -> str:
    """Hex SHA-256 of a file, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
