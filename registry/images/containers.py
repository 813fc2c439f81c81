"""Picture files without what surrounds the picture: pixels and their tables only.

Pillow reads metadata while it opens a file, warns about what is broken in it, and refuses files
for the size of a comment. A warning cannot be held back in one thread alone, so Pillow is handed
files that have nothing left to warn about. What goes never changes a pixel: EXIF (its bytes are
handed on), XMP, colour profiles, comments, thumbnails, all frames but the first.

Sources: ITU-T T.81 annex B (JPEG), the PNG specification section 5, the GIF89a specification,
RFC 9649 (WebP).
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

_JPEG_START = b"\xff\xd8\xff"
_PNG_START = b"\x89PNG\r\n\x1a\n"
_GIF_STARTS = (b"GIF87a", b"GIF89a")
_EXIF_START = b"Exif\0\0"
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_SEQUENTIAL = {0xC0, 0xC1}
_TAGGED = {0xE0: b"JFIF", 0xEE: b"Adobe"}
_TAGGED_LEAST = 12
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_KEPT_CHUNKS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT"}
_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"


@dataclass(frozen=True)
class JpegFacts:
    """What a JPEG's segments say before its first scan.

    Attributes:
        frame: the marker that says how it is coded: 0xC0 is baseline, 0xC2 progressive; 0 for none.
        quantizer: the mean of the first table's numbers: how coarse it is.
        ordinary: whether every decoder takes these segments for the same.
    """

    frame: int = 0
    quantizer: float = 0.0
    ordinary: bool = True


@dataclass(frozen=True)
class Contained:
    """What a picture file holds.

    Attributes:
        format: "JPEG", "PNG", "WEBP", "GIF" or "BMP", told by the first bytes alone.
        data: the same picture as a file without metadata.
        size: width and height of the canvas in pixels, where the file tells it before decoding
            and Pillow would reserve memory for it on opening.
        exif: the EXIF block (a TIFF header and what follows), or nothing.
        passes: how many times a decoder goes over the whole picture, at most.
        jpeg: what else is known of a JPEG.
    """

    format: str
    data: bytes
    size: tuple[int, int] | None = None
    exif: bytes = b""
    passes: int = 1
    jpeg: JpegFacts | None = None


def contained(data: bytes) -> Contained | None:
    """Take a picture file apart.

    Returns:
        what it holds; None for a format that is not read here.

    Raises:
        ValueError, IndexError, struct.error: the file is damaged.
    """
    if data.startswith(_JPEG_START):
        return _jpeg(data)
    if data.startswith(_PNG_START):
        return _png(data)
    if data.startswith(_GIF_STARTS):
        return _gif(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    if data[:2] == b"BM":
        return Contained("BMP", data)
    return None


def _jpeg(data: bytes) -> Contained:
    kept = [(0, 2)]
    exif = b""
    frame = colours = 0
    quantizer, ordinary = 0.0, True
    position = 2
    while True:
        # As decoders do: whatever stands between two segments is skipped.
        position = data.index(b"\xff", position) + 1
        marker = data[position]
        if marker in {0x00, 0xFF} or 0xD0 <= marker <= 0xD9:
            position += marker != 0xFF
            continue
        # Decoders differ in which of these have a length, or fit into what they look for.
        ordinary &= marker >= 0xC0 and not _is_short(data, position)
        if marker == 0xDA:
            kept.append((position - 1, len(data)))
            # One scan of all colours is all that a decoder of the plain processes goes through.
            whole = frame in _SEQUENTIAL and data[position + 3] == colours
            passes = 1 if whole else _scans(data, position - 1)
            facts = JpegFacts(frame, quantizer, ordinary)
            return Contained("JPEG", _parts(data, kept), exif=exif, passes=passes, jpeg=facts)
        end = _segment_end(data, position + 1)
        if end > len(data):
            raise ValueError("a segment is cut off")
        if marker in _FRAMES:
            frame, colours = marker, data[position + 8]
        elif marker == 0xDB and not quantizer:
            wide = data[position + 3] >> 4
            quantizer = 256.0 if wide else sum(data[position + 4 : position + 68]) / 64
        # JFIF (APP0) and Adobe (APP14) say which colours the numbers mean.
        if not (0xE1 <= marker <= 0xED or marker in {0xEF, 0xFE}):
            kept.append((position - 1, end))
        elif marker == 0xE1 and not exif and data.startswith(_EXIF_START, position + 3):
            exif = data[position + 3 + len(_EXIF_START) : end]
        position = end


def _is_short(data: bytes, position: int) -> bool:
    """Whether a segment of JFIF or Adobe ends before what it has to say."""
    tag = _TAGGED.get(data[position])
    if tag is None or not data.startswith(tag, position + 3):
        return False
    return _segment_end(data, position + 1) < position + 1 + 2 + _TAGGED_LEAST


def _parts(data: bytes, kept: list[tuple[int, int]]) -> bytes:
    if sum(end - start for start, end in kept) == len(data):
        return data  # a copy of all of it would cost as much as all the rest
    return b"".join(data[start:end] for start, end in kept)


def _scans(data: bytes, position: int) -> int:
    scans = 0
    while found := _JPEG_MARKER.search(data, position):
        position = found.end()
        marker = data[position - 1]
        if marker == 0xD9:
            # Phones put other pictures, or a film, behind the end.
            break
        if marker >= 0xC0 and position + 2 <= len(data):
            scans += marker == 0xDA
            position = _segment_end(data, position)
    return scans


def _segment_end(data: bytes, position: int) -> int:
    (length,) = struct.unpack_from(">H", data, position)
    if length < 2:
        raise ValueError("a segment is shorter than its own length")
    return int(position + length)


def _png(data: bytes) -> Contained:
    kept = [_PNG_START]
    exif = b""
    pixels = ended = False
    position = len(_PNG_START)
    while position + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if name == b"IEND":
            break
        if name == b"eXIf":
            exif = exif or data[position + 8 : end - 4]
        # The pixels are one run of chunks: what comes after it is no part of them.
        ended = ended or (pixels and name != b"IDAT")
        if name in _KEPT_CHUNKS and not ended:
            pixels = pixels or name == b"IDAT"
            kept.append(data[position:end])
        position = end
    if position <= len(data):
        kept.append(_PNG_END)
    return Contained("PNG", b"".join(kept), exif=exif.removeprefix(_EXIF_START))


def _gif(data: bytes) -> Contained:
    width, height, flags, background = struct.unpack_from("<HHBB", data, 6)
    position = 13
    palette = b""
    if flags & 0x80:
        palette = data[13 : 13 + (6 << (flags & 7))]
        position += len(palette)
    transparent = b""
    while data[position] != 0x2C:
        if data[position] == 0x21:
            if data[position + 1] == 0xF9 and data[position + 2] >= 4:
                see_through, index = data[position + 3] & 1, data[position + 6]
                transparent = bytes([0x21, 0xF9, 4, 1, 0, 0, index, 0]) if see_through else b""
            position += 2
            while data[position]:
                position += 1 + data[position]
        elif data[position] == 0x3B:
            raise ValueError("no frame in it")
        position += 1
    left, top, wide, high = struct.unpack_from("<HHHH", data, position + 1)
    width, height = max(width, left + wide), max(height, top + high)
    # The canvas covers the frame, and nothing is to be done after the frame is shown.
    screen = struct.pack("<HHBBB", width, height, flags, background, 0)
    head = b"GIF89a" + screen + palette + transparent
    return Contained("GIF", head + data[position:])


def _webp(data: bytes) -> Contained:
    chunk = data[12:16]
    size = None
    if chunk == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        size = width & 0x3FFF, height & 0x3FFF
    elif chunk == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        size = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif chunk == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        size = width, height
    return Contained("WEBP", data, size)
