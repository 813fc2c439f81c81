"""Parts of a file, as a `Range` header asks for them (RFC 9110, section 14)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import BinaryIO

MOST_PARTS = 16
"""Parts that one request may ask for; who asks for more is given the whole file."""

_SPEC = re.compile(r"(\d{0,18})-(\d{0,18})", re.ASCII)
_CHUNK = 1 << 18

Part = tuple[int, int]
"""The first byte, and the one after the last."""


def parse_range(header: str, size: int) -> list[Part] | None:
    """The parts that a header asks for.

    Args:
        header: the value of `Range`.
        size: bytes of the file.

    Returns:
        None where the whole file is to be sent: there is no such header, or it is malformed, or
        asks for more than `MOST_PARTS` parts or for parts that overlap. An empty list where no
        part lies within the file: status 416.
    """
    unit, _, told = header.partition("=")
    specs = [spec.strip() for spec in told.split(",") if spec.strip()]
    if unit.strip().lower() != "bytes" or not 0 < len(specs) <= MOST_PARTS:
        return None
    parts: list[Part] = []
    for spec in specs:
        found = _SPEC.fullmatch(spec)
        if found is None or spec == "-":
            return None
        if not found[1]:
            begin, end = max(size - int(found[2]), 0), size
        else:
            begin, end = int(found[1]), min(int(found[2] or size) + 1, size)
            if found[2] and int(found[2]) < begin:
                return None
        if begin < end:
            parts.append((begin, end))
    ordered = sorted(parts)
    if any(end > begin for (_, end), (begin, _) in pairwise(ordered)):
        return None
    return parts


def content_range(part: Part, size: int) -> str:
    """The value of `Content-Range` for a part."""
    return f"bytes {part[0]}-{part[1] - 1}/{size}"


def read_part(stream: BinaryIO, part: Part) -> Iterator[bytes]:
    """The bytes of a part, in pieces."""
    stream.seek(part[0])
    left = part[1] - part[0]
    while left and (chunk := stream.read(min(left, _CHUNK))):
        left -= len(chunk)
        yield chunk


def multipart_heads(
    parts: Sequence[Part], size: int, media_type: str, boundary: str
) -> tuple[list[bytes], bytes]:
    """What stands before each part of `multipart/byteranges`, and what ends them."""
    heads = [
        (
            f"\r\n--{boundary}\r\nContent-Type: {media_type}\r\n"
            f"Content-Range: {content_range(part, size)}\r\n\r\n"
        ).encode()
        for part in parts
    ]
    return heads, f"\r\n--{boundary}--\r\n".encode()
