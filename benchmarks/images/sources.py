"""Pictures that people made: what a few Debian packages and scikit-image ship.

Nothing is installed: the packages are downloaded and unpacked into a cache folder.
"""

from __future__ import annotations

import importlib.util
import io
import subprocess
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePath

from PIL import Image, UnidentifiedImageError

from .packages import LEFT_OUT, PACKAGES, Package
from .resources import files as resources

_LEAST_SIDE = 200


@dataclass(frozen=True)
class Source:
    """One picture that somebody made.

    Attributes:
        name: package and path.
        sort: its class.
        kin: those of the same kin may show the same.
        data: the file.
    """

    name: str
    sort: str
    kin: str
    data: bytes


def fetched(cache: Path, *, quick: bool) -> tuple[list[Package], list[str]]:
    """Have every package lie unpacked in the cache.

    Returns:
        the packages that are there, and the names of those that could not be had.
    """
    wanted = [package for package in PACKAGES if package.quick or not quick]
    there = [package for package in wanted if _unpacked(package, cache)]
    return there, [package.name for package in wanted if package not in there]


def pictures(package: Package, cache: Path) -> list[Source]:
    """The pictures of a package, by path; those of fewer than 200 pixels a side are left out."""
    found = list(_pictures(package, cache))
    step = max(1, -(-len(found) // package.most))
    return found[::step]


def _pictures(package: Package, cache: Path) -> Iterator[Source]:
    for path, data in _files(package, folder(package, cache)):
        for sort, patterns in package.classes.items():
            if any(fnmatch(path, pattern) for pattern in patterns) and _large(data):
                if sort != LEFT_OUT:
                    yield Source(f"{package.name}/{path}", sort, _kin(package, path), data)
                break


def folder(package: Package, cache: Path) -> Path:
    """Where a package lies."""
    if package.python:
        found = importlib.util.find_spec("skimage")
        assert found is not None
        assert found.origin is not None
        return Path(found.origin).parent
    return cache / "packages" / package.name


def _unpacked(package: Package, cache: Path) -> bool:
    if package.python:
        return importlib.util.find_spec("skimage") is not None
    place = folder(package, cache)
    if place.exists():
        return True
    downloads = cache / "downloads" / package.name
    for each in (downloads, place.parent):
        each.mkdir(parents=True, exist_ok=True)
    half = place.with_name(place.name + ".half")
    try:
        subprocess.run(
            ["apt-get", "download", "-q", package.name],
            cwd=downloads,
            check=True,
            capture_output=True,
        )
        (archive,) = downloads.glob("*.deb")
        subprocess.run(["dpkg-deb", "-x", archive, half], check=True, capture_output=True)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return False
    archive.unlink()
    half.rename(place)
    return True


def _files(package: Package, place: Path) -> Iterator[tuple[str, bytes]]:
    inside_resources = any(
        ".rcc/" in pattern for patterns in package.classes.values() for pattern in patterns
    )
    for path in sorted(place.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        name = path.relative_to(place).as_posix()
        if path.suffix == ".rcc" and inside_resources:
            yield from ((f"{name}/{inner}", data) for inner, data in sorted(resources(path)))
        elif path.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp"}:
            yield name, path.read_bytes()


def _large(data: bytes) -> bool:
    """Whether it is a picture, of enough pixels and not of so many that Pillow warns."""
    unfit = (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning)
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(data)) as picture:
                return min(picture.size) >= _LEAST_SIDE
        except unfit:
            return False


def _kin(package: Package, path: str) -> str:
    parts = PurePath(path).parts
    if package.kin == "folder":
        return f"{package.name}/{parts[-4]}"
    if package.kin == "series":
        return f"{package.name}/{path.rpartition('.')[0].rstrip('_0123456789')}"
    return f"{package.name}/{path}"
