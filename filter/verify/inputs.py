"""Which input file a shard was made from: found by what is in it, not by what it is called."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from optout.filter.errors import ShardError
from optout.filter.evidence import SourceDigest
from optout.filter.parquet import identity
from optout.registry.errors import UsageError

from .hashing import sha256_of_file

_ADVICE = "Check what was given as the input."


def input_files(inputs: Sequence[str | Path]) -> list[Path]:
    """Every file that is meant, each once.

    Args:
        inputs: each a file, a folder (all `*.parquet` below it that are not hidden), a glob, or
            `@LIST`: a text file with one path a line.

    Raises:
        UsageError: something is absent or cannot be read, or nothing is found.
    """
    found: dict[Path, Path] = {}
    for given in map(str, inputs):
        try:
            files = list(_files(given))
        except (OSError, UnicodeDecodeError) as fault:
            raise UsageError(f"{given} cannot be read: {fault}", _ADVICE) from fault
        if not files:
            raise UsageError(f"no shard was found at {given}", _ADVICE)
        for path in files:
            found.setdefault(path.resolve(), path)
    if not found:
        raise UsageError("no input was given", _ADVICE)
    return sorted(found.values())


def _files(given: str) -> Iterator[Path]:
    path = Path(given)
    if path.is_dir():
        yield from _below(path)
    elif path.is_file():
        yield path
    elif given.startswith("@"):
        for line in Path(given[1:]).read_text(encoding="utf-8").splitlines():
            if line.strip():
                yield from _listed(Path(line))
    else:
        for name in glob.iglob(given, recursive=True):  # noqa: PTH207 - may be absolute
            match = Path(name)
            if match.is_dir():
                yield from _below(match)
            elif not match.name.startswith("."):
                yield match


def _listed(path: Path) -> Iterator[Path]:
    if not path.is_file():
        raise UsageError(f"{path} does not exist", _ADVICE)
    yield path


def _below(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root, followlinks=True):
        here = Path(folder)
        # A link back to where one stands would lead round for ever.
        above = {here.resolve(), *here.resolve().parents}
        folders[:] = [n for n in folders if n[0] != "." and (here / n).resolve() not in above]
        for name in names:
            path = here / name
            if name[0] != "." and name.lower().endswith(".parquet") and path.is_file():
                yield path


class Inputs:
    """The inputs of a run, looked up by shard.

    Args:
        inputs: as `input_files` takes them.

    Raises:
        UsageError: see `input_files`.
    """

    def __init__(self, inputs: Sequence[str | Path]) -> None:
        self._unclaimed = dict.fromkeys(input_files(inputs))
        self._footers: dict[Path, tuple[int, str] | None] = {}
        self._claimed: dict[str, Path | str] = {}

    def claim(self, shard: str, source: SourceDigest) -> Path | str:
        """The file that a shard was made from; no other shard gets it again.

        Size and footer tell it apart. Whether every byte is as recorded takes longer to tell, and
        is left to whoever reads all of it.

        Args:
            shard: the shard's name.
            source: what the file is, as recorded.

        Returns:
            The file, or in words why there is none; the same however often it is asked for.
        """
        if shard not in self._claimed:
            self._claimed[shard] = self._claim(shard, source)
        return self._claimed[shard]

    def _claim(self, shard: str, source: SourceDigest) -> Path | str:
        namesakes = [path for path in self._unclaimed if _ends(path, shard)]
        others = [path for path in self._unclaimed if path not in namesakes]
        try:
            alike = [path for path in [*namesakes, *others] if self._is(path, source)]
            # Footers may be alike though the files are not.
            if len(alike) > 1 and source.sha256 is not None:
                alike = [p for p in alike if sha256_of_file(p) == source.sha256] or alike
        except OSError as fault:
            return f"the input {fault.filename} cannot be read: {fault.strerror}"
        for path in alike:
            del self._unclaimed[path]
            return path
        for path in namesakes:
            del self._unclaimed[path]
            return unlike(path, shard)
        return f"the input that {shard} was made from is not among those given"

    def _is(self, path: Path, source: SourceDigest) -> bool:
        if path.stat().st_size != source.size:
            return False
        if path not in self._footers:
            try:
                known = identity(path)
            except ShardError:
                self._footers[path] = None
            else:
                self._footers[path] = (known.size, known.footer_sha256)
        return self._footers[path] == (source.size, source.footer_sha256)

    @property
    def unclaimed(self) -> list[Path]:
        """Inputs that no shard was made from."""
        return list(self._unclaimed)


def unlike(path: Path, shard: str) -> str:
    """In words, that a file is another than the one that was filtered."""
    return f"{path} is not the file that {shard} was made from"


def _ends(path: Path, shard: str) -> bool:
    return f"/{path.as_posix()}".endswith(f"/{shard}")
