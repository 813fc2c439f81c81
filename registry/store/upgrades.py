"""Which version a database's tables have, and how they become the newest.

Alembic is loaded only where there is something to do: it takes longer than a whole command.
"""

from __future__ import annotations

from pathlib import Path

from optout.registry.errors import RegistryError
from sqlalchemy import Connection, inspect, text

from .vault import Vault

NEWEST = "0006"
"""The version that this optout makes and reads."""

WITHOUT_VAULT = (None, "0001", "0002")
"""The versions whose registries have no vault yet."""

_FOLDER = Path(__file__).parent / "migrations"
_TABLE = "alembic_version"


def version(connection: Connection) -> str | None:
    """The version of a database's tables; None where it has none."""
    if not inspect(connection).has_table(_TABLE):
        return None
    found: str | None = connection.execute(text(f"SELECT version_num FROM {_TABLE}")).scalar()  # noqa: S608
    return found


def upgrade(connection: Connection, name: str, vault: Vault) -> None:
    """Bring the tables to the newest version, in the transaction that is under way.

    Args:
        connection: writing.
        name: what to call the database in a message.
        vault: seals what is not sealed yet.

    Raises:
        RegistryError: they are newer than this optout knows.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": connection, "vault": vault})
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    found = version(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise RegistryError(f"{name} was made by a newer optout", "Upgrade optout to use it.")
    command.upgrade(config, "head")
