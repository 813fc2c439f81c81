"""Which shards a run works on: files, folders, globs and lists, each under one name."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from optout.registry.durable import TEMPORARY_PREFIX
from optout.registry.errors import UsageError

SUFFIX = ".parquet"
"""What a folder is searched for; a file that is named itself may be called anything."""


@dataclass(frozen=True, slots=True)
class Shard:
    """An input file.

    Attributes:
        name: its path relative to the folder or glob root it was found under, with `/`; the
            name of everything the run writes about it.
        path: where it lies.
    """

    name: str
    path: Path


def discover(inputs: Sequence[str | Path]) -> list[Shard]:
    """Find the shards that are meant.

    Args:
        inputs: each a file, a folder (all `*.parquet` below it), a glob, or `@LIST`: a text file
            with one path a line, relative to the current folder. Hidden names are passed over
            unless they are given themselves.

    Returns:
        The shards, sorted by name.

    Raises:
        UsageError: something is absent, nothing is found, two shards have one name, or a name
            cannot be written down.
    """
    found: dict[str, Shard] = {}
    for text in map(str, inputs):
        nothing = True
        for shard in _resolve(text):
            nothing = False
            _check_name(shard)
            other = found.setdefault(shard.name, shard)
            if other is not shard:
                raise UsageError(
                    f"two inputs have the name {shard.name}: {other.path} and {shard.path}",
                    "Give the folder above both, or filter them into two outputs.",
                )
        if nothing:
            raise UsageError(
                f"no shard was found at {text}",
                f"A folder is searched for files that end in {SUFFIX}.",
            )
    if not found:
        raise UsageError("no input was given", "Name a file, a folder, a glob or @LIST.")
    return [found[name] for name in sorted(found)]


def _check_name(shard: Shard) -> None:
    """Every piece of evidence bears the name, as UTF-8, and none may look like a leftover."""
    if PurePosixPath(shard.name).name.startswith(TEMPORARY_PREFIX):
        raise UsageError(
            f"{shard.path} has a name that begins with {TEMPORARY_PREFIX}, as files do that a "
            "killed run left half written",
            "Rename it, or leave it out of the input.",
        )
    try:
        shard.name.encode()
    except UnicodeEncodeError as fault:
        raise UsageError(f"the name {str(shard.path)!a} is not UTF-8", "Rename it.") from fault


def _resolve(text: str) -> Iterator[Shard]:
    if not text:
        raise UsageError("an input is empty", "Name a file, a folder, a glob or @LIST.")
    path = Path(text)
    if os.path.lexists(path):  # whatever it is called, it is there
        yield from _below(path) if path.is_dir() else [Shard(path.name, _file(path))]
    elif text.startswith("@"):
        yield from _listed(Path(text[1:]))
    elif glob.has_magic(text):
        yield from _matched(text)
    elif "://" in text:
        raise UsageError(f"{text} is an address", "Fetch it first and give the files.")
    else:
        raise UsageError(f"{text} does not exist", "Check the path; quote a glob.")


def _file(path: Path) -> Path:
    if not path.is_file():
        reason = "does not exist" if not path.exists() else "is not a file or folder"
        raise UsageError(f"{path} {reason}", "Check the path.")
    return path


def _below(root: Path, prefix: str = "") -> Iterator[Shard]:
    """All shards below a folder; links are followed, but never back into themselves."""

    def refuse(fault: OSError) -> None:
        raise UsageError(
            f"{fault.filename} cannot be read: {fault.strerror}", "Change its permissions."
        )

    for folder, folders, names in os.walk(root, onerror=refuse, followlinks=True):
        here = Path(folder)
        above = {here.resolve(), *here.resolve().parents}
        folders[:] = [n for n in folders if _visible(n) and (here / n).resolve() not in above]
        for name in names:
            if _visible(name) and name.lower().endswith(SUFFIX):
                path = here / name
                yield Shard(prefix + path.relative_to(root).as_posix(), _file(path))


def _visible(name: str) -> bool:
    """Hidden files are nobody's shards; among them is what a killed run left half written."""
    return not name.startswith(".")


def _matched(pattern: str) -> Iterator[Shard]:
    parts = Path(pattern).parts
    literal = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    root = Path(*parts[:literal])
    for match in sorted(glob.glob(pattern, recursive=True)):  # noqa: PTH207  # keeps what is quoted
        path = Path(match)
        name = path.relative_to(root).as_posix()
        if path.is_dir():
            # `**` names the folders and the files in them: they are found once, as files.
            if "**" not in parts:
                yield from _below(path, name + "/")
        elif _visible(path.name):
            yield Shard(name, _file(path))


def _listed(path: Path) -> Iterator[Shard]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # a name may hold other breaks
    except (OSError, UnicodeDecodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "it is not UTF-8 text"
        raise UsageError(f"the list {path} cannot be read: {reason}", "Check the path.") from fault
    for line in lines:
        if line.strip():
            listed = Path(line)
            yield Shard(_listed_name(listed), _file(listed))


def _listed_name(path: Path) -> str:
    """A list's root is the current folder; a path that leads out of it keeps its last part."""
    if path.is_absolute() or ".." in path.parts:
        return path.name
    return path.as_posix()
