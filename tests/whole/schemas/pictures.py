"""A small pool of pictures and files: each is made and hashed once, however many rows hold it."""

from __future__ import annotations

import hashlib
import io
from functools import cached_property
from random import Random

import imagehash
import numpy as np
from optout.registry.images import corpus_hashes
from PIL import Image, ImageOps

from ..conftest import encoded, photograph  # noqa: TID252  # the tests are no package

NEAR = {"phash256": 30, "phash64": 2, "pdq256": 31}
"""How many bits a hash may differ in, by its kind."""


def bits(picture: Image.Image, side: int = 16) -> np.ndarray:
    return imagehash.phash(picture, side).hash.ravel()


def shapes(picture: Image.Image) -> list[Image.Image]:
    """A picture, its centre, and itself on a white square."""
    longest = max(picture.size)
    shortest = min(picture.size)
    padded = Image.new("RGB", (longest, longest), "white")
    place = ((longest - picture.width) // 2, (longest - picture.height) // 2)
    padded.paste(picture, place)
    return [picture, ImageOps.fit(picture, (shortest, shortest)), padded]


def copies(picture: Image.Image) -> list[bytes]:
    """What data sets make of a picture."""
    _, square, padded = shapes(picture)
    half = picture.resize((picture.width // 2, picture.height // 2))
    turned = picture.transpose(Image.Transpose.ROTATE_90)
    turned_back = Image.Exif()
    turned_back[0x0112] = 6
    return [
        encoded(picture, quality=30),
        encoded(half, quality=60),
        encoded(picture.resize((160, 160)), "WEBP", quality=50),
        encoded(picture.convert("L"), "PNG"),
        encoded(square.resize((128, 128)), quality=75),
        encoded(padded.resize((160, 160)), quality=75),
        encoded(picture, "BMP"),
        encoded(half.convert("RGBA"), "PNG"),
        encoded(half, quality=80, progressive=True),
        encoded(turned, quality=85, exif=turned_back),
        encoded(picture.convert("CMYK"), quality=85),
        encoded(ImageOps.mirror(half), quality=75),
    ]


class Pictures:
    """Photographs that were opted out, their copies, and photographs that were not."""

    kind = "image"

    def __init__(self, many: int = 6) -> None:
        large = [photograph(50 + number) for number in range(many)]
        self.files = [encoded(picture.resize((240, 180)), quality=92) for picture in large]
        self.photographs = [Image.open(io.BytesIO(data)).convert("RGB") for data in self.files]

    @cached_property
    def copies(self) -> list[bytes]:
        return [copy for picture in self.photographs for copy in copies(picture)]

    @cached_property
    def others(self) -> list[bytes]:
        """Pictures of strangers."""
        return [encoded(photograph(700 + n, (96, 72)), quality=80) for n in range(24)]

    @cached_property
    def look_alikes(self) -> list[bytes]:
        """What no hash takes for a copy: turned, cut off to one side, and inverted."""
        found = []
        for picture in self.photographs:
            width, height = picture.size
            found += [
                encoded(picture.transpose(Image.Transpose.ROTATE_180)),
                encoded(picture.crop((width // 3, 0, width, height))),
                encoded(ImageOps.invert(picture)),
            ]
        return found

    @cached_property
    def known(self) -> dict[str, np.ndarray]:
        """The bits of every variant of every picture, by the kind of hash."""
        every = [shape for picture in self.photographs for shape in shapes(picture)]
        made = [corpus_hashes(encoded(shape, "PNG"), ["pdq256"])["pdq256"] for shape in every]
        return {
            "phash256": np.array([bits(shape, 16) for shape in every]),
            "phash64": np.array([bits(shape, 8) for shape in every]),
            "pdq256": np.array([np.unpackbits(np.frombuffer(h, np.uint8)) for h in made]) != 0,
        }

    def distance(self, hashed: np.ndarray, namespace: str = "phash256") -> int:
        """How far a hash is from the nearest registered picture."""
        return int((self.known[namespace] != hashed).sum(axis=1).min())

    def registered(self) -> list[bytes]:
        return self.files

    def disguise(self, role: str, random: Random) -> bytes | str:
        if role == "image":
            return random.choice(self.copies)
        return self._hash(role, random, random.randrange(NEAR[role] + 1))

    def near_miss(self, role: str, random: Random) -> bytes | str:
        if role == "image":
            return random.choice(self.look_alikes)
        return self._hash(role, random, NEAR[role] + 2 + random.randrange(20), miss=True)

    def _hash(self, role: str, random: Random, flips: int, *, miss: bool = False) -> str:
        known = self.known[role]
        while True:
            # The original: what is registered beside it are shapes of the same picture.
            hashed = known[3 * random.randrange(len(self.photographs))].copy()
            hashed[random.sample(range(1, len(hashed)), min(flips, len(hashed) // 2))] ^= True
            if not miss or self.distance(hashed, role) > NEAR[role]:
                return random.choice((str.lower, str.upper))(np.packbits(hashed).tobytes().hex())


class Files:
    """Exact bytes."""

    kind = "file"

    def __init__(self, many: int = 24) -> None:
        noise = np.random.default_rng(9).integers(0, 256, (many, 24, 32, 3), dtype=np.uint8)
        self.files = [encoded(Image.fromarray(each), "PNG") for each in noise]

    def registered(self) -> list[bytes]:
        return self.files

    def disguise(self, role: str, random: Random) -> bytes | str:
        data = random.choice(self.files)
        return data if role == "image" else digest_of(role, data, random)

    def near_miss(self, role: str, random: Random) -> bytes | str:
        longer = random.choice(self.files) + b"\0"
        return longer if role == "image" else digest_of(role, longer, random)


def digest_of(role: str, data: bytes, random: Random) -> str:
    digest = hashlib.new(role, data, usedforsecurity=False).hexdigest()
    return random.choice((digest, digest.upper()))


def broken(random: Random) -> bytes:
    """What no reader of pictures can judge."""
    picture = encoded(photograph(3, (64, 48)))
    return random.choice((picture[: len(picture) // 3], b"<html>404</html>", b"\x89PNG\r\n\x1a\n"))
