"""Letters as files: where no mail server is set, an operator finds them and sends them himself."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path

from anyio import to_thread
from optout.api.errors import LetterDelayed
from optout.registry.durable import publish

from .letters import Letter


class OutboxMailer:
    """Puts letters into a folder as `.eml` files, each whole or not at all, for its owner only.

    Args:
        folder: made when the first letter comes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def send(self, letter: Letter) -> None:
        """Write one letter; it outlives a power failure once this returns.

        Raises:
            LetterDelayed: the disk is full, read-only or failing.
        """
        await to_thread.run_sync(self._write, letter)

    @asynccontextmanager
    async def batch(self) -> AsyncIterator[None]:
        """Nothing is kept from one letter to the next."""
        yield

    def _write(self, letter: Letter) -> None:
        # The name tells when and about what, not to whom.
        when = letter.written.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        name = f"{when}-{letter.kind}-{secrets.token_hex(4)}.eml"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            publish(self.folder / name, letter.as_bytes(), mode=0o600)
        except OSError as fault:
            raise LetterDelayed(
                f"no letter can be put into {self.folder}: {fault.strerror}",
                "Make the folder writable, or set mail.host.",
            ) from fault
