"""Checkpoints: what a log signs to say how long it is and what is in it.

To the letter of https://c2sp.org/tlog-checkpoint: a signed note over three lines, the log's origin,
its size in records, and the root of its Merkle tree in base64.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from optout.registry.errors import LogFault, UsageError

from .keys import SigningKey, VerifierKey
from .merkle import HASH_SIZE
from .notes import open_note, sign_note

MAX_SIZE = 2**63 - 1
"""Records of the largest log."""

_ADVICE = "Fetch it again from where it was published."
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_LINE = re.compile(r"[^\x00-\x1f\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One state of one log.

    Attributes:
        origin: names the log.
        size: records in it.
        root: 32 bytes, of its Merkle tree.
        extensions: further lines, opaque. Nobody can audit them, so optout writes none.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not all(_LINE.fullmatch(line) for line in (self.origin, *self.extensions)):
            raise UsageError(
                f"a log cannot be called {self.origin!r}",
                "Choose something like example.org/optout.",
            )
        if not 0 <= self.size <= MAX_SIZE or len(self.root) != HASH_SIZE:
            raise UsageError(
                f"{self.size} records and a root of {len(self.root)} bytes are no state of a log",
                "Give the size and the root of its Merkle tree.",
            )

    def text(self) -> str:
        """What is signed."""
        root = base64.b64encode(self.root).decode()
        return "\n".join([self.origin, str(self.size), root, *self.extensions, ""])

    def sign(self, *keys: SigningKey) -> str:
        """The signed note. The key's name should be the origin: readers look for it by that."""
        return sign_note(self.text(), *keys)

    @classmethod
    def open(cls, note: str | bytes, key: VerifierKey) -> Checkpoint:
        """Read a checkpoint that `key` signed.

        Raises:
            LogFault: it is no checkpoint, or `key` did not sign it.
        """
        lines = open_note(note, [key]).text.removesuffix("\n").split("\n")
        if len(lines) < 3 or not _SIZE.fullmatch(lines[1]):
            raise _malformed("it does not name an origin, a size and a root")
        try:
            root = base64.b64decode(lines[2].encode(), validate=True)
            checkpoint = cls(lines[0], int(lines[1]), root, tuple(lines[3:]))
        except (binascii.Error, UsageError) as fault:
            raise _malformed("its origin, size or root is not one") from fault
        if checkpoint.text() != "\n".join([*lines, ""]):
            raise _malformed("its root is not in the usual base64")
        return checkpoint


def _malformed(why: str) -> LogFault:
    return LogFault(f"this is no checkpoint: {why}", _ADVICE)
