"""A small world: a creator's work, a corpus that took some of it, and the truth about each row."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode, urljoin

import httpx2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image


def photograph(seed: int, size: tuple[int, int] = (480, 360)) -> Image.Image:
    """A picture with texture at many scales, unlike any other seed's."""
    random = np.random.default_rng(seed)
    width, height = size
    y, x = np.mgrid[0:height, 0:width] / 100
    channels = []
    for _ in range(3):
        channel = np.zeros((height, width))
        for octave in range(1, 14):
            angle, phase = random.uniform(0, 2 * np.pi, 2)
            wave = octave * (x * np.cos(angle) + y * np.sin(angle)) + phase
            channel += np.sin(wave) / octave**0.5
        channel += random.normal(0, 0.1, channel.shape)
        channels.append((channel - channel.min()) / (channel.max() - channel.min()) * 255)
    return Image.fromarray(np.stack(channels, axis=2).astype(np.uint8), "RGB")


def encoded(picture: Image.Image, form: str = "JPEG", **options: int) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()


@dataclass
class Work:
    """What the creator wants kept out."""

    links: list[str] = field(
        default_factory=lambda: [
            "https://anna.example/2024/harbour.jpg",
            "http://cdn.pictures.example:8080/anna/Fjord%20in%20winter.png?size=large",
            "https://xn--mller-kva.example/blog/l%C3%B6we",
        ]
    )
    site: str = "ateliers-dupont.example"
    """Registered through the form: its claim is nobody's word but the sender's."""
    proven_site: str = "fotografin.example"
    """Registered by the operator, who checked it."""
    pictures: list[bytes] = field(
        default_factory=lambda: [encoded(photograph(seed), quality=92) for seed in (1, 2)]
    )
    original_file: bytes = field(default_factory=lambda: encoded(photograph(3), "PNG"))


@dataclass
class Shard:
    """One shard, and for every row whether the creator's no covers it."""

    name: str
    table: pa.Table
    planted: list[str | None]
    """Why the row must go, or None where it must stay."""

    def expected(self, *, spared: tuple[str, ...] = ()) -> pa.Table:
        keep = [reason is None or reason in spared for reason in self.planted]
        return self.table.filter(pa.array(keep))


DISGUISED = {
    "harbour": [
        "https://anna.example/2024/harbour.jpg",
        "HTTP://ANNA.Example:80/2024/harbour.jpg#top",
        "https://anna.example.:443/2024/./x/../h%61rbour.jpg",
        "//anna.example/2024/harbour.jpg",
        "https://me:secret@anna.example/2024/harbour.jpg",
    ],
    "fjord": [
        "https://cdn.pictures.example:8080/anna/Fjord%20in%20winter.png?size=large",
        "http://CDN.pictures.example:8080/anna/Fjord in winter.png?size=large",
    ],
    "loewe": [
        "http://müller.example/blog/löwe",
        "https://MÜLLER.example/blog/l%c3%b6we#comments",
    ],
    "unproven site": [
        "https://ateliers-dupont.example/",
        "https://www.ateliers-dupont.example/galerie?page=2",
    ],
    "proven site": [
        "http://fotografin.example/",
        "https://shop.fotografin.example:8443/korb",
        "https://FOTOGRAFIN.example./a/b/c.html",
    ],
}
NEAR_MISSES = [
    "https://www.anna.example/2024/harbour.jpg",
    "https://anna.example/2024/Harbour.jpg",
    "https://anna.example/2024/harbour.jpg?x=1",
    "https://anna.example/2024/harbour.jpg/",
    "http://cdn.pictures.example/anna/Fjord%20in%20winter.png?size=large",
    "https://notfotografin.example/a",
    "https://fotografin.example.org/a",
    "https://example/fotografin.example",
    "ftp://fotografin.example/a",
    "",
    "not a link at all",
]


def spread(rows: int, planted: dict[int, object]) -> list[object | None]:
    return [planted.get(row) for row in range(rows)]


def laion(rows: int = 3000) -> Shard:
    """LAION's columns; `hash` is a number there and no picture's hash."""
    random = np.random.default_rng(7)
    urls: list[str | None] = [f"https://host{row % 97}.example/p/{row}.jpg" for row in range(rows)]
    planted: list[str | None] = [None] * rows
    places = iter(random.permutation(rows))
    for reason, disguises in DISGUISED.items():
        for url in disguises * 3:
            row = int(next(places))
            urls[row], planted[row] = url, reason
    for url in NEAR_MISSES * 2:
        urls[int(next(places))] = url
    urls[int(next(places))] = None
    table = pa.table(
        {
            "URL": urls,
            "TEXT": [f"caption {row}, naïve" for row in range(rows)],
            "HEIGHT": pa.array(random.integers(64, 4000, rows), pa.int32()),
            "WIDTH": pa.array(random.integers(64, 4000, rows), pa.int32()),
            "LICENSE": ["?"] * rows,
            "NSFW": ["UNLIKELY"] * rows,
            "similarity": random.random(rows),
            "hash": pa.array(random.integers(-(2**63), 2**63 - 1, rows), pa.int64()),
        }
    ).replace_schema_metadata({"made by": "a test"})
    return Shard("laion-0000.parquet", table, planted)


def img2dataset(work: Work, rows: int = 160) -> Shard:
    """img2dataset's Parquet mode: the pictures themselves, and rows whose download failed."""
    random = np.random.default_rng(8)
    urls = [f"https://images{row % 7}.example/{row}" for row in range(rows)]
    pictures: list[bytes | None] = [
        encoded(photograph(1000 + row, (160, 120)), quality=80) for row in range(rows)
    ]
    status = ["success"] * rows
    planted: list[str | None] = [None] * rows
    places = iter(random.permutation(rows))
    for number, source in enumerate(work.pictures):
        picture = Image.open(io.BytesIO(source))
        square = picture.crop((60, 0, 420, 360))
        for copy in (
            source,
            encoded(picture.resize((240, 180)), quality=40),
            encoded(picture.resize((256, 256)), "WEBP", quality=60),
            encoded(square.resize((256, 256)), quality=75),
            encoded(picture.convert("L"), "PNG"),
        ):
            row = int(next(places))
            pictures[row], planted[row] = copy, f"picture {number}"
    row = int(next(places))
    pictures[row], planted[row] = work.original_file, "file"
    for url in ("https://anna.example/2024/harbour.jpg", "https://fotografin.example/x"):
        row = int(next(places))
        urls[row], pictures[row], status[row] = url, None, "failed_to_download"
        planted[row] = "harbour" if "anna" in url else "proven site"
    for _ in range(5):
        row = int(next(places))
        pictures[row], status[row] = None, "failed_to_download"
    table = pa.table(
        {
            "url": urls,
            "caption": [f"picture {row}" for row in range(rows)],
            "key": [f"{row:09d}" for row in range(rows)],
            "status": status,
            "error_message": [None if s == "success" else "HTTP Error 404" for s in status],
            "width": pa.array([160] * rows, pa.int32()),
            "height": pa.array([120] * rows, pa.int32()),
            "exif": ["{}"] * rows,
            "jpg": pa.array(pictures, pa.binary()),
        }
    )
    return Shard("00000.parquet", table, planted)


@pytest.fixture(scope="session")
def work() -> Work:
    return Work()


@pytest.fixture(scope="session")
def shards(work: Work) -> list[Shard]:
    return [laion(), img2dataset(work)]


@pytest.fixture(scope="session")
def corpus(shards: list[Shard], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world") / "corpus"
    folder.mkdir()
    for shard in shards:
        pq.write_table(
            shard.table,
            folder / shard.name,
            row_group_size=max(1, shard.table.num_rows // 5),
            compression="zstd",
        )
    return folder


@dataclass
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> dict:
        return json.loads(self.out)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A machine of its own for every command: no state of the developer's is read or written."""
    home = tmp_path_factory.mktemp("home")
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "PYTHONWARNINGS": "error",
        "LANG": "C.UTF-8",
    }


@pytest.fixture(scope="module")
def own_home(environment: dict[str, str]) -> Iterator[None]:
    """The same machine for what a test runs in its own process."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield


OPTOUT = [sys.executable, "-m", "optout.api.cli"]


@pytest.fixture(scope="session")
def optout(environment: dict[str, str]) -> Callable[..., Ran]:
    def run(*arguments: object, expect: int | None = 0, cwd: Path | None = None) -> Ran:
        done = subprocess.run(
            [*OPTOUT, *map(str, arguments)],
            capture_output=True,
            text=True,
            env=environment,
            cwd=cwd,
            check=False,
            timeout=240,
        )
        if expect is not None:
            assert done.returncode == expect, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def served(
    optout: Callable[..., Ran],
    environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, Path]]:
    """A real server on loopback: its address and its database."""
    database = tmp_path_factory.mktemp("registry") / "optout.db"
    optout("init", "--registry", database)
    server = subprocess.Popen(
        [*OPTOUT, "serve", "--registry", str(database), "--port", "0"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        # What was registered or taken back is in the snapshot at once.
        env={**environment, "OPTOUT_LIMITS_PUBLISH_SECONDS": "0"},
    )
    try:
        assert server.stderr is not None
        for line in server.stderr:
            address = re.search(r"http://[0-9.]+:\d+", line)
            if address:
                break
        else:
            raise AssertionError("the server did not say where it listens")
        yield address.group(), database
    finally:
        server.terminate()
        server.communicate(timeout=20)


@dataclass
class Form:
    """One form of a page, as a browser without JavaScript sees it."""

    action: str
    enctype: str
    fields: list[tuple[str, str]]
    files: list[str]
    boxes: list[str]
    buttons: list[tuple[str, str]]


class Page(HTMLParser):
    """A page: its words and its forms."""

    def __init__(self, address: str, html: str) -> None:
        super().__init__()
        self.address = address
        self.html = html
        self.forms: list[Form] = []
        self.words: list[str] = []
        self._area: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            enctype = given.get("enctype", "application/x-www-form-urlencoded")
            self.forms.append(Form(given.get("action", ""), enctype, [], [], [], []))
            return
        if not self.forms:
            return
        form, name = self.forms[-1], given.get("name", "")
        if tag == "textarea":
            form.boxes.append(name)
            self._area = name
        elif tag == "button" and name:
            form.buttons.append((name, given.get("value", "")))
        elif tag == "input" and given.get("type") == "file":
            form.files.append(name)
        elif tag == "input" and given.get("type") in {"checkbox", "radio"}:
            if "checked" in given:
                form.fields.append((name, given.get("value", "on")))
        elif tag == "input" and name:
            form.fields.append((name, given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is None:
            self.words.append(data)
        else:
            self.forms[-1].fields.append((self._area, data))

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


class Visitor:
    """A browser without JavaScript, cookies or memory."""

    def __init__(self, base: str, language: str = "en") -> None:
        self.client = httpx2.Client(
            base_url=base, headers={"Accept-Language": language}, timeout=60
        )

    def get(self, path: str) -> Page:
        answer = self.client.get(path, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return Page(str(answer.url), answer.text)

    def submit(
        self,
        page: Page,
        form: Form,
        *,
        write: dict[str, str] | None = None,
        attach: list[tuple[str, bytes]] = (),  # type: ignore[assignment]
        press: tuple[str, str] | None = None,
    ) -> Page:
        write = write or {}
        fields = [(name, write.get(name, value)) for name, value in form.fields]
        fields += [(name, value) for name, value in write.items() if name not in dict(fields)]
        fields += [press] if press else []
        target = urljoin(page.address, form.action)
        if form.enctype == "multipart/form-data":
            parts = [(name, (None, value.encode())) for name, value in fields]
            parts += [(form.files[0], (name, data)) for name, data in attach]
            answer = self.client.post(target, files=parts, follow_redirects=True)
        else:
            answer = self.client.post(
                target,
                content=urlencode(fields),
                headers={"Content-Type": form.enctype},
                follow_redirects=True,
            )
        assert answer.status_code < 400, answer.text
        return Page(str(answer.url), answer.text)


@pytest.fixture(scope="session")
def visitor(served: tuple[str, Path]) -> Iterator[Visitor]:
    """Somebody who comes by with a browser."""
    visitor = Visitor(served[0])
    with visitor.client:
        yield visitor


@pytest.fixture(scope="session")
def client(served: tuple[str, Path]) -> Iterator[httpx2.Client]:
    """Somebody's program that talks to the API."""
    with httpx2.Client(base_url=served[0], timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def proven(
    work: Work, optout: Callable[..., Ran], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A snapshot of a registry into which an operator put all of the creator's work."""
    folder = tmp_path_factory.mktemp("proven")
    registry = ("--registry", folder / "optout.db")
    optout("init", *registry)
    optout("add", "url", *work.links, *registry)
    optout("add", "site", work.proven_site, *registry)
    optout("add", "site", work.site, "--grade", "self", *registry)
    for number, picture in enumerate(work.pictures):
        path = folder / f"{number}.jpg"
        path.write_bytes(picture)
        optout("add", "image", path, *registry)
    original = folder / "original.png"
    original.write_bytes(work.original_file)
    optout("add", "file", original, *registry)
    optout("snapshot", folder / "snapshot", *registry)
    return folder / "snapshot"
