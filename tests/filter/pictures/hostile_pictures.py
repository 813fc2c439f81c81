"""Picture files as nobody would make them: every format and mode, turned, damaged, too large."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache
from random import Random

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

SEEDS = 6
SIZES = ((240, 180), (256, 256), (64, 64), (180, 420), (512, 512), (1040, 700), (17, 5), (1, 1))


@cache
def picture(seed: int, size: tuple[int, int]) -> Image.Image:
    """A picture with texture at many scales; of one seed the same at every size."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:256, 0:256] / 256
    channels = []
    for _ in range(3):
        channel = np.zeros((256, 256))
        for octave in range(1, 16):
            angle, phase = random.uniform(0, 2 * np.pi, 2)
            wave = 6 * octave * (x * np.cos(angle) + y * np.sin(angle)) + phase
            channel += np.sin(wave) / octave**0.4
        channels.append((channel - channel.min()) / (np.ptp(channel) or 1) * 255)
    whole = Image.fromarray(np.stack(channels, axis=2).astype(np.uint8))
    return whole.resize(size, Image.Resampling.BICUBIC)


def saved(shown: Image.Image, form: str, **options: object) -> bytes:
    """A picture's file."""
    stream = io.BytesIO()
    shown.save(stream, form, **options)
    return stream.getvalue()


def drawn_file(random: Random) -> bytes:
    """The file of a picture, in any format and mode; most often one of a few pictures."""
    shown = _changed(random, picture(random.randrange(SEEDS), random.choice(SIZES)))
    make = random.choice((_jpeg, _jpeg, _jpeg, _jpeg, _png, _webp, _gif, _bmp))
    return make(random, shown)


def hostile_file(random: Random) -> bytes:
    """Something that calls itself a picture."""
    data = drawn_file(random)
    damage = random.choice(
        (_cut, _cut, _flipped, _flipped, _filled, _swapped, _longer, _resized, _marked)
    )
    return random.choice((_bomb, _alien))(random) if random.random() < 0.1 else damage(random, data)


def _changed(random: Random, shown: Image.Image) -> Image.Image:
    change: Callable[[Image.Image], Image.Image] = random.choice(
        (
            lambda shown: shown,
            lambda shown: shown,
            lambda shown: shown,
            ImageOps.mirror,
            lambda shown: ImageEnhance.Color(shown).enhance(6),
            lambda shown: ImageEnhance.Contrast(shown).enhance(0.02),
            lambda shown: ImageEnhance.Brightness(shown).enhance(1.1),
            lambda shown: Image.new("RGB", shown.size, "grey"),
        )
    )
    return change(shown)


def _exif(random: Random) -> dict[str, bytes]:
    if random.random() < 0.6:
        return {}
    tags = Image.Exif()
    tags[0x0112] = random.randrange(10)
    return {"exif": tags.tobytes()}


def _jpeg(random: Random, shown: Image.Image) -> bytes:
    mode = random.choice(("RGB", "RGB", "RGB", "L", "CMYK", "YCbCr"))
    options = {} if mode in {"L", "CMYK"} else {"subsampling": random.randrange(3)}
    if random.random() < 0.2:
        options["restart_marker_blocks"] = random.randrange(1, 50)
    return saved(
        shown.convert(mode),
        "JPEG",
        quality=random.choice((5, 30, 75, 95, 100)),
        progressive=random.random() < 0.3,
        **options,
        **_exif(random),
    )


def _png(random: Random, shown: Image.Image) -> bytes:
    mode = random.choice(("RGB", "RGBA", "L", "LA", "P", "1", "I;16"))
    if mode == "I;16":
        deep = np.asarray(shown.convert("L")).astype(np.uint16) * 257
        return saved(Image.fromarray(deep), "PNG")
    if mode in {"RGBA", "LA"}:
        shown = shown.convert(mode)
        shown.putalpha(Image.linear_gradient("L").resize(shown.size))
    options = {"transparency": random.randrange(4)} if random.random() < 0.3 and mode == "P" else {}
    return saved(shown.convert(mode), "PNG", compress_level=1, **options, **_exif(random))


def _webp(random: Random, shown: Image.Image) -> bytes:
    options = {"save_all": True, "append_images": [ImageOps.invert(shown)]}
    return saved(
        shown,
        "WEBP",
        quality=random.choice((20, 80)),
        lossless=random.random() < 0.2,
        method=0,
        **(options if random.random() < 0.2 else {}),
        **_exif(random),
    )


def _gif(random: Random, shown: Image.Image) -> bytes:
    options = {"save_all": True, "append_images": [ImageOps.invert(shown)]}
    return saved(shown.convert("P"), "GIF", **(options if random.random() < 0.4 else {}))


def _bmp(random: Random, shown: Image.Image) -> bytes:
    return saved(shown.convert(random.choice(("RGB", "L", "1", "P"))), "BMP")


def _cut(random: Random, data: bytes) -> bytes:
    # The last bytes are where one decoder may be content and another one not.
    if random.random() < 0.5:
        return data[: -random.randrange(1, 40)]
    return data[: random.randrange(len(data))]


def _flipped(random: Random, data: bytes) -> bytes:
    turned = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 3, 20))):
        first = 0 if random.random() < 0.4 else min(len(turned) - 1, 700)
        turned[random.randrange(first, len(turned))] ^= 1 << random.randrange(8)
    return bytes(turned)


def _filled(random: Random, data: bytes) -> bytes:
    start = random.randrange(len(data))
    length = random.randrange(1, 200)
    return data[:start] + random.choice((b"\0", b"\xff")) * length + data[start + length :]


def _marked(random: Random, data: bytes) -> bytes:
    """A JPEG with a segment that decoders take for different things, or another sampling."""
    changed = bytearray(data)
    frame = changed.find(b"\xff\xc0")
    if frame > 0 and random.random() < 0.5:
        changed[frame + 11] = random.choice((0x11, 0x12, 0x14, 0x21, 0x22, 0x24, 0x41, 0x44))
        return bytes(changed)
    segment = random.choice(
        (
            b"\xff\xe0\x00\x09JFIF\0\1\1",
            b"\xff\xee\x00\x08Adobe\0",
            b"\xff\xee\x00\x0eAdobe\0\x64\0\0\0\0" + bytes([random.randrange(3)]),
            b"\xff\x01\xff\xfe\x00\x04ab",
            b"\xff\xdc\x00\x04\x01\x00",
            b"\xff\xdd\x00\x04\x00\x08",
        )
    )
    return data[:2] + segment + data[2:]


def _swapped(random: Random, data: bytes) -> bytes:
    """A JPEG's segment of another kind, or the start of another format."""
    marker = bytes([0xFF, random.randrange(0xC0, 0xFF)])
    if random.random() < 0.5:
        at = random.randrange(len(data))
        return data[:at] + marker + data[at:]
    return random.choice((b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"\xff\xd8\xff")) + data[8:]


def _longer(random: Random, data: bytes) -> bytes:
    return data + random.choice((b"\0", b"\xff\xd9", data, b"\xff\xda\0\x01", random.randbytes(99)))


def _resized(random: Random, data: bytes) -> bytes:
    """Other dimensions or proportions of resolution than the picture has, in a JPEG's header."""
    turned = bytearray(data)
    at = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
    if 0 < at < len(data) - 20:
        place = at + random.choice((4, 5, 6, 7, 8, 9, 11, 14, 17))
        turned[place] = random.choice((0, 1, 0x11, 0x12, 0x21, 0x22, 0x41, 0x31, 0x13, 0x44, 255))
    return bytes(turned)


def _bomb(random: Random) -> bytes:
    width, height = random.choice(((60_000, 60_000), (1 << 31, 1), (20_000, 6_500), (0, 10)))
    head = struct.pack(">IIBBBBB", width & 0xFFFFFFFF, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(9_999))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def _alien(random: Random) -> bytes:
    return random.choice((b"<html>404</html>", b"\xff\xd8\xff", random.randbytes(500), b"RIFF"))
