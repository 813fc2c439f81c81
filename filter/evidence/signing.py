"""The key an operator signs manifests with: made on first use, readable by its owner alone."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from optout.filter.errors import StorageError
from optout.registry.durable import TEMPORARY_PREFIX, sync_folder
from optout.registry.log import SigningKey

VARIABLE = "OPTOUT_SIGNING_KEY"
"""Names the key's file, where it is not `$XDG_CONFIG_HOME/optout/signing.key`."""

NAME = "optout-operator"
"""What a new key calls itself: a host's name would tell every reader where the run took place."""


def key_path(environment: Mapping[str, str] | None = None) -> Path:
    """Where the operator's key lies, as the process's environment says, or another."""
    if environment is None:
        # As it is now: other libraries (`datasets.Dataset.map`) put a copy in its place.
        environment = os.environ
    named = environment.get(VARIABLE)
    if named:
        return Path(named)
    configuration = environment.get("XDG_CONFIG_HOME")
    base = Path(configuration) if configuration else Path.home() / ".config"
    return base / "optout" / "signing.key"


def operator_key(path: Path | None = None) -> SigningKey:
    """The operator's key; a new one where there is none yet.

    Args:
        path: its file; by default `key_path()`.

    Raises:
        StorageError: it can be neither read nor made.
        OptOutError: the file holds no key.
    """
    path = path or key_path()
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _make(path)
        return SigningKey.load(path)
    except OSError as fault:
        raise StorageError(
            f"the signing key {path} can be neither read nor made: {fault.strerror}",
            f"Set {VARIABLE} to a file that can.",
        ) from fault


def _make(path: Path) -> None:
    """Two runs may start at once: the key of the first to link its own is everybody's."""
    own = path.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}")
    try:
        SigningKey.generate(NAME).save(own)
        with suppress(FileExistsError):
            os.link(own, path)
    finally:
        own.unlink(missing_ok=True)
    sync_folder(path.parent)
