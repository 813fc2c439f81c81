"""Where a registry lies: its database, and the key beside it."""

from __future__ import annotations

from pathlib import Path

from optout.registry.durable import is_possible
from optout.registry.errors import RegistryError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

_ADVICE = "Give the path of a SQLite file, such as optout.db."


def database_path(location: str | Path) -> Path:
    """The SQLite file that a path or a database URL names.

    Args:
        location: a path, or a URL such as `sqlite:///optout.db`.

    Raises:
        RegistryError: it is a URL of something else than a SQLite file, or no path at all.
    """
    if isinstance(location, Path) or "://" not in location:
        return _path(location)
    try:
        url = make_url(location)
    except ArgumentError as fault:
        raise RegistryError("the registry's address is no database URL", _ADVICE) from fault
    if url.get_backend_name() != "sqlite":
        # The URL itself is not shown: it may hold a password.
        raise RegistryError(f"a {url.get_backend_name()} database cannot be used yet", _ADVICE)
    if not url.database or url.database == ":memory:":
        raise RegistryError("a registry in memory would be forgotten at once", _ADVICE)
    return _path(url.database)


def _path(location: str | Path) -> Path:
    if not is_possible(location):
        raise RegistryError(f"{str(location)!r} cannot be the path of a registry", _ADVICE)
    return Path(location)


def key_path(database: Path) -> Path:
    """Where the signing key of a database lies: `optout.db` is signed by `optout.key`.

    Raises:
        RegistryError: the database has the name that its key must have.
    """
    path = database.with_suffix(".key") if database.name else database
    if path == database:
        raise RegistryError(
            f"{database} cannot be the name of a registry",
            "Give it another name, such as optout.db: the signing key lies beside it as .key.",
        )
    return path
