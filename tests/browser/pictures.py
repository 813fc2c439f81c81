"""A browser that hashes pictures as the form's worker does, and photographs of many sorts."""

from __future__ import annotations

import io
import struct
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from optout.api.http.guard import HEADERS
from optout.api.pages import assets
from PIL import Image, ImageCms
from playwright.sync_api import Browser, Page

HASH = """async ({ names, mostPixels }) => {
  const worker = new Worker("/static/pictures-worker.js", { type: "module" });
  const told = [];
  await new Promise((resolve, reject) => {
    worker.onerror = (event) => reject(new Error(event.message));
    const next = async () => {
      const id = told.length;
      if (id === names.length) return resolve();
      const file = await (await fetch(`/pictures/${names[id]}`)).blob();
      worker.postMessage({ id, file, mostPixels, previewed: false });
    };
    worker.onmessage = ({ data }) => {
      if (!("able" in data)) told.push(data);
      next();
    };
  });
  worker.terminate();
  return told;
}"""


ADAM7 = [
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
]
"""The passes of an interlaced PNG, each by where it begins and its steps (PNG, section 8.2)."""


class _Files(SimpleHTTPRequestHandler):
    """Serves the pages' static files and whatever pictures there are now."""

    def __init__(self, pictures: Mapping[str, bytes], *args: Any) -> None:
        self.pictures = pictures
        super().__init__(*args)

    def do_GET(self) -> None:
        kind, _, name = self.path.lstrip("/").partition("/")
        if kind == "static" and (asset := assets.load().get(name)):
            self._answer(asset.data, asset.media_type)
        elif kind == "pictures" and name in self.pictures:
            self._answer(self.pictures[name], "application/octet-stream")
        else:
            self._answer(b"<!doctype html><title>pictures</title>", "text/html")

    def _answer(self, data: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        if kind.startswith("text/javascript"):
            # A worker is held to what is sent with its script.
            self.send_header("Content-Security-Policy", HEADERS["Content-Security-Policy"])
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


class Device:
    """A browser's page, and the pictures that lie on the device.

    Attributes:
        page: of the browser.
    """

    def __init__(self, page: Page, pictures: dict[str, bytes]) -> None:
        self.page = page
        self._pictures = pictures

    def hashed(
        self, pictures: Sequence[bytes], most_pixels: int = 128_000_000
    ) -> list[dict[str, Any]]:
        """What the worker tells of pictures, one after another."""
        names = [f"picture-{place}" for place, _ in enumerate(pictures)]
        self._pictures |= dict(zip(names, pictures, strict=True))
        told: list[dict[str, Any]] = self.page.evaluate(
            HASH, {"names": names, "mostPixels": most_pixels}
        )
        self._pictures.clear()
        return told


@contextmanager
def serving_files(pictures: Mapping[str, bytes]) -> Iterator[str]:
    """The address of a server that has the pages' static files, and whatever pictures there are."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, pictures))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def device(browser: Browser) -> Iterator[Device]:
    """A page of a browser that can be handed pictures."""
    pictures: dict[str, bytes] = {}
    context = browser.new_context()
    try:
        with serving_files(pictures) as address:
            page = context.new_page()
            page.set_default_timeout(600_000)
            page.goto(address)
            yield Device(page, pictures)
    finally:
        context.close()


@cache
def scene(seed: int, size: tuple[int, int]) -> Image.Image:
    """A colourful picture with texture at many scales, unlike any other seed's."""
    random = np.random.default_rng(seed)
    width, height = size
    y, x = np.mgrid[0:height, 0:width] / max(size) * 4
    levels = random.normal(0, 0.05, (height, width, 3))
    for octave in range(1, 24):
        angle, phase = random.uniform(0, 2 * np.pi, 2)
        wave = np.sin(octave * (x * np.cos(angle) + y * np.sin(angle)) + phase) / octave**0.6
        levels += wave[..., None] * random.uniform(0.2, 1, 3)
    for _ in range(12):
        # Things have edges.
        left, top = random.uniform(0, 4, 2)
        inside = np.hypot(x - left, y - top) < random.uniform(0.1, 0.8)
        levels[inside] += random.normal(0, 1, 3)
    low, high = np.percentile(levels, [1, 99])
    return Image.fromarray(((levels - low) / (high - low) * 255).clip(0, 255).astype(np.uint8))


def stored(picture: Image.Image, form: str, **options: Any) -> bytes:
    """A picture as a file."""
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()


def exif(orientation: int) -> bytes:
    """An EXIF block that says how a camera was held."""
    block = Image.Exif()
    block[0x0112] = orientation
    return block.tobytes()


def see_through(picture: Image.Image, seed: int = 0) -> Image.Image:
    """A picture that fades from one corner to the other."""
    width, height = picture.size
    y, x = np.mgrid[0:height, 0:width]
    alpha = ((x / width + y / height) * 127.5 + seed).clip(0, 255).astype(np.uint8)
    faded = picture.convert("RGBA")
    faded.putalpha(Image.fromarray(alpha))
    return faded


def png(
    levels: np.ndarray, *, colour: bool, alpha: bool = False, interlaced: bool = False
) -> bytes:
    """A PNG of levels of 8 or 16 bits, rows by columns by channels, as Pillow does not write it."""
    kind = 2 * colour + 4 * alpha
    height, width = levels.shape[:2]
    depth = levels.dtype.itemsize * 8
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced)
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    rows = [
        b"\0" + row.tobytes()
        for left, top, across, down in passes
        for row in levels[top::down, left::across].astype(f">u{levels.dtype.itemsize}")
        if row.size
    ]

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    parts = (b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def deep_png(picture: Image.Image, *, colour: bool, alpha: bool = False) -> bytes:
    """A PNG of 16 bits a level, whose low bytes are not those that Pillow would write."""
    bands = picture.convert("RGB" if colour else "L")
    levels = np.asarray(bands).reshape(picture.height, picture.width, -1).astype(np.uint32)
    levels = (levels * 257 + 77) % 65536
    if alpha:
        fade = np.linspace(0, 65535, picture.width, dtype=np.uint32)[None, :, None]
        levels = np.concatenate([levels, np.repeat(fade, picture.height, 0)], 2)
    return png(levels.astype(np.uint16), colour=colour, alpha=alpha)


def profile() -> bytes:
    """A colour profile that makes red of blue, if it is heeded."""
    held = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return (
        held.replace(b"rXYZ", b"????", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"????", b"bXYZ", 1)
    )


@dataclass(frozen=True)
class Source:
    """What a file of some sort is made of."""

    picture: Image.Image
    seed: int
    quality: int


SIZES = ((640, 480), (480, 640), (1013, 677), (333, 1000), (1600, 900), (257, 257), (90, 61))


def file_of(sort: str, seed: int) -> bytes:
    """A picture of one sort: one of `SORTS`."""
    picture = scene(seed, SIZES[seed % len(SIZES)])
    quality = (60, 75, 85, 92, 97)[seed % 5]
    return SORTS[sort](Source(picture, seed, quality))


SORTS: Mapping[str, Callable[[Source], bytes]] = {
    "JPEG 4:2:0": lambda each: stored(each.picture, "JPEG", quality=each.quality, subsampling=2),
    "JPEG 4:2:2": lambda each: stored(each.picture, "JPEG", quality=each.quality, subsampling=1),
    "JPEG 4:4:4": lambda each: stored(each.picture, "JPEG", quality=each.quality, subsampling=0),
    "JPEG progressive": lambda each: stored(
        each.picture, "JPEG", quality=each.quality, progressive=True
    ),
    "JPEG grey": lambda each: stored(each.picture.convert("L"), "JPEG", quality=each.quality),
    "JPEG turned by EXIF": lambda each: stored(
        each.picture, "JPEG", quality=each.quality, exif=exif(each.seed % 8 + 1)
    ),
    "JPEG with a profile": lambda each: stored(
        each.picture, "JPEG", quality=each.quality, icc_profile=profile()
    ),
    "JPEG CMYK": lambda each: stored(each.picture.convert("CMYK"), "JPEG", quality=each.quality),
    "PNG": lambda each: stored(each.picture, "PNG"),
    "PNG grey": lambda each: stored(each.picture.convert("L"), "PNG"),
    "PNG palette": lambda each: stored(each.picture.quantize(2 ** (each.seed % 8 + 1)), "PNG"),
    "PNG with alpha": lambda each: stored(see_through(each.picture, each.seed), "PNG"),
    "PNG 16 bits": lambda each: deep_png(
        each.picture, colour=each.seed % 2 == 0, alpha=each.seed % 3 == 0
    ),
    "PNG interlaced": lambda each: png(
        np.asarray(see_through(each.picture, each.seed) if each.seed % 2 else each.picture),
        colour=True,
        alpha=each.seed % 2 == 1,
        interlaced=True,
    ),
    "PNG turned by EXIF": lambda each: stored(each.picture, "PNG", exif=exif(each.seed % 8 + 1)),
    "WebP lossy": lambda each: stored(each.picture, "WEBP", quality=each.quality),
    "WebP lossless": lambda each: stored(each.picture, "WEBP", lossless=True),
    "WebP with alpha": lambda each: stored(
        see_through(each.picture, each.seed), "WEBP", lossless=each.seed % 2 == 0
    ),
    "WebP turned by EXIF": lambda each: stored(
        each.picture, "WEBP", quality=each.quality, exif=exif(each.seed % 8 + 1)
    ),
    "GIF": lambda each: stored(each.picture.quantize(200), "GIF"),
    "BMP": lambda each: stored(each.picture, "BMP"),
}


def heic(picture: Image.Image, **options: Any) -> bytes:
    """A picture as HEIC."""
    import pillow_heif

    stream = io.BytesIO()
    pillow_heif.from_pillow(picture).save(stream, quality=90, **options)
    return stream.getvalue()
