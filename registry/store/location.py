"""Where a registry lies: its database, and the key and the vault that belong to it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from optout.registry.durable import is_possible
from optout.registry.errors import RegistryError
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

KEYS = "OPTOUT_KEYS"
"""The variable that names the folder of key and vault, where the database is no file."""

_ADVICE = "Give the path of a SQLite file, such as optout.db, or postgresql://user@host/database."


@dataclass(frozen=True, slots=True)
class Location:
    """The places of one registry.

    Attributes:
        database: a SQLite file, or the URL of a PostgreSQL database.
        name: what to call the database in a message: never a password.
        key: the file of the signing key.
        vault: the file of the keys that entries are sealed under.
    """

    database: Path | URL = field(repr=False)
    name: str
    key: Path
    vault: Path


def locate(location: str | Path, environment: Mapping[str, str] | None = None) -> Location:
    """What a path or a database URL means.

    Key and vault of `optout.db` lie beside it, as `optout.key` and `optout.vault`; those of a
    PostgreSQL database have its name, and lie in the folder that `OPTOUT_KEYS` names, or else in
    the current one.

    Args:
        location: a path, or a URL such as `sqlite:///optout.db` or `postgresql://user@host/optout`.
        environment: where `OPTOUT_KEYS` may stand; the process's own by default.

    Raises:
        RegistryError: it is a URL of something else, no path at all, or the database has a name
            that its key or vault must have.
    """
    if isinstance(location, Path) or "://" not in location:
        return _beside(_path(location))
    try:
        url = make_url(location)
    except (ArgumentError, ValueError) as fault:
        raise RegistryError("the registry's address is no database URL", _ADVICE) from fault
    backend = url.get_backend_name()
    if backend == "postgresql":
        # As it is now: other libraries (`datasets.Dataset.map`) put a copy in its place.
        return _of_server(url, os.environ if environment is None else environment)
    if backend != "sqlite":
        # The URL itself is not shown: it may hold a password.
        raise RegistryError(f"a {backend} database cannot be used", _ADVICE)
    if not url.database or url.database == ":memory:":
        raise RegistryError("a registry in memory would be forgotten at once", _ADVICE)
    return _beside(_path(url.database))


def _path(location: str | Path) -> Path:
    if not is_possible(location):
        raise RegistryError(f"{str(location)!r} cannot be the path of a registry", _ADVICE)
    return Path(location)


def _beside(database: Path) -> Location:
    key, vault = (
        database.with_suffix(end) if database.name else database for end in (".key", ".vault")
    )
    if database in (key, vault):
        raise RegistryError(
            f"{database} cannot be the name of a registry",
            "Give it another name, such as optout.db: its key and its vault lie beside it as .key "
            "and .vault.",
        )
    return Location(database, str(database), key, vault)


def _of_server(url: URL, environment: Mapping[str, str]) -> Location:
    database = url.database or ""
    if not database or "/" in database or not is_possible(database) or database in (".", ".."):
        raise RegistryError(
            "the registry's address does not name a database whose key and vault could be called "
            "after it",
            "Write postgresql://user@host/database.",
        )
    folder = Path(environment.get(KEYS) or ".")
    host = url.host or ""
    if ":" in host:
        host = f"[{host}]"
    port = f":{url.port}" if url.port else ""
    return Location(
        url.set(drivername="postgresql+psycopg"),
        f"postgresql://{host}{port}/{database}",
        folder / f"{database}.key",
        folder / f"{database}.vault",
    )
