"""The demo's corpus: three Parquet shards in published schemas, and the truth about each row.

The same bytes on every run with the same versions of NumPy, Pillow and pyarrow: every choice
comes from one seeded generator.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from . import copies, web
from .photographs import LOOK_ALIKE, OTHERS, REGISTERED, Photograph, load

SEED = 20140902
LAION_ROWS = 2_000
DOWNLOADED_ROWS = 600
LINK_ROWS = 1_400
FAILED_DOWNLOADS = 31


class Part(StrEnum):
    """What a record is there to show."""

    COPY = "copy"
    """A copy of the registered photograph."""
    SITE = "site"
    """An address on the registered site."""
    PAGE = "page"
    """A spelling of the registered address."""
    UNSEEN = "unseen"
    """A copy that a hash of the whole picture does not find."""
    LOOK_ALIKE = "look-alike"
    """Another photograph of the same scene."""
    NEIGHBOUR = "neighbour"
    """An address that resembles a registered one."""

    @property
    def goes(self) -> bool:
        """Whether a filter has to take such a record out."""
        return self in {Part.COPY, Part.SITE, Part.PAGE}


@dataclass(frozen=True)
class Row:
    """One record of the corpus before it is put into a shard's columns."""

    url: str
    caption: str
    picture: bytes | None = None
    part: Part | None = None
    """Its part in the story; None for the crowd."""
    note: str = ""
    """What was done to the photograph, in the words of the contact sheet."""


@dataclass
class Shard:
    """One shard: its file name, its rows in order."""

    name: str
    rows: list[Row] = field(default_factory=list)

    def going(self) -> list[int]:
        """The rows that a filter has to take out."""
        return [number for number, row in enumerate(self.rows) if row.part and row.part.goes]


@dataclass(frozen=True)
class Corpus:
    """The shards on disk, and what was planted where."""

    folder: Path
    shards: tuple[Shard, ...]


class _Darkroom:
    """Small prints of every photograph, as a crawl would have found them."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        self._others = [(photograph, load(photograph)) for photograph in OTHERS]
        self.registered = load(REGISTERED)
        self.look_alike = load(LOOK_ALIKE)

    def crowd(self) -> Row:
        """A record about some other photograph: a random crop of it, 96 to 224 pixels wide."""
        photograph, picture = self._others[self._random.integers(len(self._others))]
        return self._row(photograph, self._crop(picture))

    def caption(self, photograph: Photograph) -> str:
        return photograph.captions[self._random.integers(len(photograph.captions))]

    def elsewhere(self, photograph: Photograph) -> str:
        return web.address(self._random, photograph.slug)

    def other_picture(self) -> bytes:
        return self._crop(self._others[self._random.integers(len(self._others))][1])

    def _row(self, photograph: Photograph, picture: bytes) -> Row:
        return Row(self.elsewhere(photograph), self.caption(photograph), picture)

    def _crop(self, picture: Image.Image) -> bytes:
        width, height = (
            int(edge * share)
            for edge, share in zip(picture.size, self._random.uniform(0.35, 0.95, 2), strict=True)
        )
        left = int(self._random.integers(picture.width - width + 1))
        top = int(self._random.integers(picture.height - height + 1))
        # A box and a target size in one step: no full-size crop is ever made.
        side = int(self._random.integers(96, 225))
        scale = side / max(width, height)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        box = (left, top, left + width, top + height)
        print_ = picture.resize(size, Image.Resampling.BILINEAR, box=box, reducing_gap=2.0)
        return copies.jpeg(print_, int(self._random.integers(60, 91)))


def _stories(darkroom: _Darkroom) -> dict[str, list[Row]]:
    """What the demo is about, by shard: what must go, and what resembles it and must stay."""

    def print_of(photograph: Photograph, picture: bytes, part: Part, note: str) -> Row:
        caption = darkroom.caption(photograph)
        return Row(darkroom.elsewhere(photograph), caption, picture, part, note)

    def copied() -> list[Row]:
        return [
            print_of(REGISTERED, copy.make(darkroom.registered), Part.COPY, copy.name)
            for copy in copies.FOUND
        ]

    def look_alike(side: int) -> Row:
        picture = copies.jpeg(copies.fitted(darkroom.look_alike, side), 85)
        return print_of(LOOK_ALIKE, picture, Part.LOOK_ALIKE, "the look-alike")

    def pages(urls: Iterable[str], part: Part, *, picture: bool = False) -> list[Row]:
        return [
            Row(
                url,
                darkroom.caption(OTHERS[number % len(OTHERS)]),
                darkroom.other_picture() if picture else None,
                part,
            )
            for number, url in enumerate(urls)
        ]

    return {
        "laion": [
            *copied(),
            look_alike(256),
            *(
                print_of(REGISTERED, copy.make(darkroom.registered), Part.UNSEEN, copy.name)
                for copy in copies.NOT_FOUND
            ),
            *pages(web.PAGES_OF_THE_SITE[:6], Part.SITE, picture=True),
            *pages(web.SPELLINGS_OF_THE_PAGE[:2], Part.PAGE, picture=True),
            *pages(web.NEIGHBOURS[:5], Part.NEIGHBOUR, picture=True),
        ],
        "img2dataset": [
            *copied(),
            look_alike(180),
            *pages(web.PAGES_OF_THE_SITE[6:9], Part.SITE, picture=True),
            # The download failed, and the record still points at the site.
            *pages(web.PAGES_OF_THE_SITE[9:11], Part.SITE),
        ],
        "relaion": [
            *pages(web.PAGES_OF_THE_SITE, Part.SITE),
            *pages(web.SPELLINGS_OF_THE_PAGE, Part.PAGE),
            *pages(web.NEIGHBOURS, Part.NEIGHBOUR),
        ],
    }


def _spread(random: np.random.Generator, crowd: list[Row], planted: list[Row]) -> list[Row]:
    """The planted rows at random places among the crowd."""
    rows = list(crowd)
    places = random.choice(len(rows), size=len(planted), replace=False)
    for place, row in zip(places, planted, strict=True):
        rows[place] = row
    return rows


def _laion_table(random: np.random.Generator, rows: list[Row]) -> pa.Table:
    size = len(rows)
    return pa.table(
        {
            "URL": [row.url for row in rows],
            "TEXT": [row.caption for row in rows],
            "HEIGHT": pa.array(random.integers(200, 3000, size), pa.int32()),
            "WIDTH": pa.array(random.integers(200, 4000, size), pa.int32()),
            "LICENSE": ["?"] * size,
            "NSFW": ["UNLIKELY"] * size,
            "similarity": random.uniform(0.28, 0.45, size),
            # LAION's own row key: a number, and no picture's hash.
            "hash": pa.array(random.integers(-(2**63), 2**63, size, dtype=np.int64)),
            "jpg": pa.array([row.picture for row in rows], pa.binary()),
        }
    )


def _img2dataset_table(random: np.random.Generator, rows: list[Row]) -> pa.Table:
    sizes = [_size(row.picture) for row in rows]
    failed = [row.picture is None for row in rows]
    reasons = ("HTTP Error 404: Not Found", "<urlopen error timed out>", "image decoding error")
    return pa.table(
        {
            "url": [row.url for row in rows],
            "caption": [row.caption for row in rows],
            "key": [f"{number:09d}" for number in range(len(rows))],
            "status": ["failed_to_download" if gone else "success" for gone in failed],
            "error_message": [
                reasons[random.integers(len(reasons))] if gone else None for gone in failed
            ],
            "width": pa.array([size and size[0] for size in sizes], pa.int32()),
            "height": pa.array([size and size[1] for size in sizes], pa.int32()),
            "exif": [None if gone else "{}" for gone in failed],
            "sha256": [
                None if row.picture is None else hashlib.sha256(row.picture).hexdigest()
                for row in rows
            ],
            "jpg": pa.array([row.picture for row in rows], pa.binary()),
        }
    )


def _size(picture: bytes | None) -> tuple[int, int] | None:
    if picture is None:
        return None
    with Image.open(io.BytesIO(picture)) as opened:
        return opened.size


def make(folder: Path) -> Corpus:
    """Write the corpus into `folder`, which is made if it is missing.

    Raises:
        OptOutError: the photographs are not installed.
    """
    random = np.random.default_rng(SEED)
    darkroom = _Darkroom(random)
    stories = _stories(darkroom)

    laion = Shard("laion.parquet")
    crowd = [darkroom.crowd() for _ in range(LAION_ROWS)]
    laion.rows = _spread(random, crowd, stories["laion"])

    downloaded = Shard("img2dataset-00000.parquet")
    crowd = [darkroom.crowd() for _ in range(DOWNLOADED_ROWS)]
    for place in random.choice(len(crowd), size=FAILED_DOWNLOADS, replace=False):
        crowd[place] = Row(crowd[place].url, crowd[place].caption)
    downloaded.rows = _spread(random, crowd, stories["img2dataset"])

    links = Shard("relaion.parquet")
    crowd = [
        Row(darkroom.elsewhere(photograph), darkroom.caption(photograph))
        for photograph in (OTHERS[random.integers(len(OTHERS))] for _ in range(LINK_ROWS))
    ]
    links.rows = _spread(random, crowd, stories["relaion"])

    tables = {
        laion.name: _laion_table(random, laion.rows),
        downloaded.name: _img2dataset_table(random, downloaded.rows),
        links.name: pa.table(
            {
                "url": [row.url for row in links.rows],
                "caption": [row.caption for row in links.rows],
            }
        ),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        # Ten row groups a shard: a filter copies those without a hit as they are.
        size = -(-table.num_rows // 10)
        pq.write_table(table, folder / name, row_group_size=size, compression="zstd")
    return Corpus(folder, (laion, downloaded, links))
