"""HEIC, as phones take photographs: decoded by a library of its own, and handed on as PNG.

The registry's rules know nothing of HEIC. What is decoded here is hashed by them like any other
picture, so that a copy in another format is found by it.
"""

from __future__ import annotations

import io

from optout.registry.errors import PictureError
from optout.registry.images import MAX_PIXELS

_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")


def is_heic(data: bytes) -> bool:
    """Whether a file says that it is one, by its first bytes."""
    return data[4:8] == b"ftyp" and data[8:12] in _BRANDS


def can_be_read() -> bool:
    """Whether the library is here: a service does without it."""
    try:
        import pillow_heif  # noqa: F401
    except ImportError:
        return False
    return True


def as_png(data: bytes) -> bytes:
    """The picture of a HEIC file, upright, without what surrounds it.

    Args:
        data: the file; of several pictures its main one counts.

    Raises:
        PictureError: it is damaged, or has more pixels than are read.
    """
    from pillow_heif import open_heif, options

    # Each thread takes address space, of which a process that decodes has little.
    options.DECODE_THREADS = 1
    try:
        file = open_heif(io.BytesIO(data))
        held = file[file.primary_index]
        # What it says before anything is decoded.
        width, height = held.size
        if width * height > MAX_PIXELS:
            raise PictureError(
                f"the HEIC picture has {width} x {height} pixels, more than are read",
                "Send it at a smaller size.",
            )
        picture = held.to_pillow()
    except (ValueError, EOFError, SyntaxError, RuntimeError, OSError, LookupError) as fault:
        raise PictureError(
            "the HEIC picture is damaged or cut off", "Send the picture as JPEG."
        ) from fault
    del file, held
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_level=1, exif=b"", icc_profile=None)
    return stream.getvalue()
