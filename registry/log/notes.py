"""Signed notes: a text and the signatures under it, to the letter of https://c2sp.org/signed-note.

text, ending in a line feed
<empty line>
— name base64(key id || signature)
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass

from optout.registry.errors import LogFault, UsageError

from .keys import ID_SIZE, SigningKey, VerifierKey, check_name

MAX_SIGNATURES = 100
"""A note with more is refused; the specification asks for at least 16."""

MAX_SIZE = 1_000_000
"""Bytes of the longest note that is read."""

_DASH = "— "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_ADVICE = "Fetch it again from where it was published."


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line.

    Attributes:
        name: of the key that is said to have signed.
        id: 4 bytes, of that key.
        value: the signature.
    """

    name: str
    id: bytes
    value: bytes

    def line(self) -> str:
        """The line, without its line feed."""
        return f"{_DASH}{self.name} {base64.b64encode(self.id + self.value).decode()}"

    @classmethod
    def parse(cls, line: str) -> NoteSignature:
        """Read a line, without its line feed.

        Raises:
            LogFault: it is no signature line.
        """
        name, _, encoded = line.removeprefix(_DASH).partition(" ")
        try:
            check_name(name)
            data = base64.b64decode(encoded.encode(), validate=True)
        except (UsageError, UnicodeEncodeError, binascii.Error) as fault:
            raise _malformed("a line after the text is no signature") from fault
        signature = cls(name, data[:ID_SIZE], data[ID_SIZE:])
        # Base64 has bits that decode to nothing: another line for the same bytes is no signature.
        if not signature.value or signature.line() != line:
            raise _malformed("a line after the text is no signature")
        return signature


@dataclass(frozen=True, slots=True)
class Note:
    """A note that was opened.

    Attributes:
        text: what was signed; its line feed at the end is part of it.
        signers: the known keys that signed it, at least one, each once.
        unknown: signatures by other keys: nobody has checked them.
    """

    text: str
    signers: tuple[VerifierKey, ...]
    unknown: tuple[NoteSignature, ...]


def sign_note(text: str, *keys: SigningKey) -> str:
    """Sign a text.

    Args:
        text: ends in a line feed; no other control characters.
        keys: whose signatures to put under it, in their order.

    Returns:
        The note.

    Raises:
        UsageError: the text cannot be a note's, or there is no key.
    """
    try:
        data = text.encode()
    except UnicodeEncodeError as fault:
        raise UsageError("the text of a note is not Unicode", "Remove lone surrogates.") from fault
    if not text.endswith("\n") or _CONTROL.search(text):
        raise UsageError(
            "the text of a note must end in a line feed and hold no other control character",
            "Change the text.",
        )
    if not keys:
        raise UsageError("a note must be signed", "Give at least one key.")
    lines = [NoteSignature(key.name, key.verifier.id, key.sign(data)).line() for key in keys]
    return "\n".join([text, *lines, ""])


def open_note(note: str | bytes, keys: Iterable[VerifierKey]) -> Note:
    """Check who signed a note.

    Args:
        note: the whole note.
        keys: the known ones. Signatures by other keys are ignored, as the specification asks.

    Raises:
        LogFault: it is no note; a known key's signature is wrong; no known key signed it.
    """
    text, lines = _split(note)
    known = {(key.name, key.id): key for key in keys}
    signers: dict[VerifierKey, None] = {}
    unknown = []
    for line in lines:
        signature = NoteSignature.parse(line)
        key = known.get((signature.name, signature.id))
        if key is None:
            unknown.append(signature)
        elif key.verify(text.encode(), signature.value):
            signers[key] = None
        else:
            raise LogFault(f"the note does not match the signature of {key}", _ADVICE)
    if not signers:
        names = ", ".join(str(key) for key in known.values()) or "any known key"
        raise LogFault(f"the note is not signed by {names}", "Check the key, or fetch it again.")
    return Note(text, tuple(signers), tuple(unknown))


def _split(note: str | bytes) -> tuple[str, list[str]]:
    """A note's text and the lines below it."""
    try:
        data = note.encode() if isinstance(note, str) else note
        if len(data) > MAX_SIZE:
            raise _malformed(f"it is longer than {MAX_SIZE} bytes")
        whole = data.decode()
    except UnicodeError as fault:
        raise _malformed("it is not UTF-8") from fault
    if _CONTROL.search(whole):
        raise _malformed("it holds a control character")
    text, separator, signatures = whole.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise _malformed("it has no signatures below an empty line")
    lines = signatures.removesuffix("\n").split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise _malformed(f"it has more than {MAX_SIGNATURES} signatures")
    return text + "\n", lines


def _malformed(why: str) -> LogFault:
    return LogFault(f"this is no signed note: {why}", _ADVICE)
