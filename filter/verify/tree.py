"""What lies in a folder, without following anything out of it or waiting for anything in it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

MAX_PAPER_BYTES = 1 << 28
"""JSON and vectors longer than this are nobody's evidence: 16,000 shards need a tenth of it."""


class Tree:
    """The plain files below a folder.

    Args:
        folder: where to look; need not exist.

    Attributes:
        folder: the folder.
        files: by name, relative and with `/`: where every plain file lies.
        absent: whether there is no such folder.
        strange: in words, everything else: links, devices, pipes, what cannot be listed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.strange: list[str] = []
        self.files: dict[str, Path] = {}
        self.absent = not folder.is_symlink() and not folder.is_dir()
        if folder.is_symlink():
            self.strange.append(f"{folder.name} is a link")
        elif not self.absent:
            self.files = {self._relative(path): path for path in self._below(folder)}

    def called(self, name: str) -> str:
        """A file as people name it: with the folder before it."""
        return f"{self.folder.name}/{name}"

    def sha256(self, name: str) -> str:
        """Hex SHA-256 of one of the files, read in pieces.

        Raises:
            OSError: it cannot be read.
        """
        with self.files[name].open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def read(self, name: str) -> bytes:
        """The bytes of one of the files.

        Raises:
            OSError: it cannot be read, or is longer than evidence ever is.
        """
        with self.files[name].open("rb") as stream:
            data = stream.read(MAX_PAPER_BYTES + 1)
        if len(data) > MAX_PAPER_BYTES:
            raise OSError(0, f"it is longer than {MAX_PAPER_BYTES} bytes")
        return data

    def _below(self, folder: Path) -> Iterator[Path]:
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as fault:
            self.strange.append(f"{self._words(folder)} cannot be listed: {fault.strerror}")
            return
        for entry in entries:
            path = Path(entry.path)
            if entry.is_symlink():
                self.strange.append(f"{self._words(path)} is a link")
            elif entry.is_dir(follow_symlinks=False):
                yield from self._below(path)
            elif entry.is_file(follow_symlinks=False):
                yield path
            else:
                self.strange.append(f"{self._words(path)} is not a file")

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _words(self, path: Path) -> str:
        return self.called(self._relative(path)) if path != self.folder else path.name
