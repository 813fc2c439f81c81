"""Submitted forms, read strictly and in memory only.

Written on the parser itself rather than on Starlette's, because a picture must never reach a disk
(Starlette spools files above 1 MiB into one), because each picture has a ceiling of its own, and
because text that is not UTF-8 is refused instead of being read as Latin-1.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from optout.api.errors import BodyTooLarge, UnreadableBody, UnsupportedBody
from optout.api.limits import Limits
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

# It quotes what strangers send, and a log must hold none of it.
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
_MOST_FIELDS = 1000


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a form.

    Attributes:
        name: as the sender calls it.
        data: its bytes; none where the file exceeds a ceiling.
        excess: which ceiling it exceeds: `too-large`, `too-many`, or nothing.
    """

    name: str
    data: bytes = b""
    excess: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it was sent: values and files by field, in order."""

    fields: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, Upload], ...] = ()

    def text(self, name: str) -> str:
        """The first value of a field, or nothing."""
        return next(iter(self.texts(name)), "")

    def texts(self, name: str) -> list[str]:
        """All values of a field."""
        return [value for field, value in self.fields if field == name]

    def uploads(self, name: str) -> list[Upload]:
        """All files of a field; a chooser that was left empty sends none."""
        return [
            file
            for field, file in self.files
            if field == name and (file.name or file.data or file.excess)
        ]


def media_type(content_type: str) -> str:
    """The type and subtype of a Content-Type header, in lower case."""
    return content_type.partition(";")[0].strip().lower()


async def read_form(content_type: str, body: AsyncIterator[bytes], limits: Limits) -> Form:
    """Read a form of either encoding.

    Args:
        content_type: the request's header.
        body: the request's bytes as they arrive.
        limits: the ceilings.

    Raises:
        UnsupportedBody: the body is no form.
        UnreadableBody: it is not what the header says.
        BodyTooLarge: a field or the number of parts exceeds its ceiling. A file that exceeds one
            is left out and says so, because the rest of the form must not be lost with it.
    """
    kind = media_type(content_type)
    if kind == MULTIPART:
        return await _read_multipart(content_type, body, limits)
    if kind == URLENCODED:
        return _parse_urlencoded(b"".join([chunk async for chunk in body]))
    raise UnsupportedBody(
        f"a form is expected here, not {_shown(kind) or 'a body without a type'}",
        f"Send it as {URLENCODED} or {MULTIPART}.",
    )


def _shown(kind: str) -> str:
    return kind if kind.isascii() and kind.isprintable() and len(kind) < 80 else ""


def _parse_urlencoded(body: bytes) -> Form:
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError as fault:
        raise UnreadableBody("the form cannot be read", "Send it as UTF-8.") from fault
    return Form(fields=tuple(pairs))


@dataclass(slots=True)
class _Part:
    header: bytearray = field(default_factory=bytearray)
    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: str = ""
    filename: str | None = None
    excess: str = ""
    data: bytearray = field(default_factory=bytearray)


class _Collector:
    """Receives the parser's calls and keeps what they bring."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._part = _Part()
        self._header_name = b""
        self.fields: list[tuple[str, str]] = []
        self.files: list[tuple[str, Upload]] = []
        self.ended = False

    def on_part_begin(self) -> None:
        self._part = _Part()
        if len(self.fields) + len(self.files) >= _MOST_FIELDS:
            raise BodyTooLarge(
                f"the form has more than {_MOST_FIELDS} fields", "Send fewer at once."
            )

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._part.header += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        if not self._header_name:
            self._header_name = bytes(self._part.header).lower()
            self._part.header.clear()
        self._part.header += data[start:end]

    def on_header_end(self) -> None:
        self._part.headers[self._header_name] = bytes(self._part.header)
        self._header_name = b""
        self._part.header.clear()

    def on_headers_finished(self) -> None:
        _, options = parse_options_header(self._part.headers.get(b"content-disposition", b""))
        if b"name" not in options:
            raise UnreadableBody("a part of the form has no name", "Name every part.")
        self._part.name = _decoded(options[b"name"])
        if b"filename" not in options:
            return
        # A file's name is only shown back to its sender: an odd one is no reason to refuse.
        self._part.filename = options[b"filename"].decode("utf-8", "replace")
        if sum(bool(file.data) for _, file in self.files) >= self._limits.pictures:
            self._part.excess = "too-many"

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        if part.excess:
            return
        part.data += data[start:end]
        if part.filename is None:
            if len(part.data) > self._limits.words:
                raise BodyTooLarge(
                    f"a field is larger than {self._limits.words:,} bytes", "Open several cases."
                )
        elif len(part.data) > self._limits.picture:
            part.excess = "too-large"
            part.data = bytearray()

    def on_part_end(self) -> None:
        part = self._part
        if part.filename is None:
            self.fields.append((part.name, _decoded(part.data)))
        else:
            self.files.append((part.name, Upload(part.filename, bytes(part.data), part.excess)))
        self._part = _Part()

    def on_end(self) -> None:
        self.ended = True


def _decoded(data: bytes | bytearray) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise UnreadableBody("a field of the form is not UTF-8", "Send it as UTF-8.") from fault


async def _read_multipart(content_type: str, body: AsyncIterator[bytes], limits: Limits) -> Form:
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        raise UnreadableBody(
            "the form's content type names no boundary", "Let the client write the content type."
        )
    collector = _Collector(limits)
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": collector.on_part_begin,
                "on_part_data": collector.on_part_data,
                "on_part_end": collector.on_part_end,
                "on_header_field": collector.on_header_field,
                "on_header_value": collector.on_header_value,
                "on_header_end": collector.on_header_end,
                "on_headers_finished": collector.on_headers_finished,
                "on_end": collector.on_end,
            },
        )
        async for chunk in body:
            parser.write(chunk)
        parser.finalize()
    except FormParserError as fault:
        raise UnreadableBody(
            "the form is not valid multipart/form-data", "Send it again, as a browser does."
        ) from fault
    if not collector.ended:
        raise UnreadableBody("the form ends before its last boundary", "Send it again.")
    return Form(tuple(collector.fields), tuple(collector.files))
