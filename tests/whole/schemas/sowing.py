"""Shards in the shape of published data sets, with records planted that must go."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pyarrow as pa

from .accounts import Accounts
from .addresses import Addresses, Prefixes, Sites
from .passages import Passages
from .pictures import Files, Pictures, broken
from .works import Works

Row = dict[str, Any]

OWNERS = (
    "github",
    "gitlab",
    "huggingface",
    "reddit",
    "flickr",
    "deviantart",
    "youtube",
    "mastodon",
)
"""Platforms whose accounts stand in columns of their own."""

KINDS = {
    "url": ("url", "site", "prefix", "account"),
    "text": ("text",),
    "image": ("image", "file"),
    "sha256": ("file",),
    "md5": ("file",),
    "phash256": ("image",),
    "phash64": ("image",),
    "pdq256": ("image",),
    **{f"account:{platform}": ("account",) for platform in OWNERS},
    "work:isbn": ("work",),
    "work:doi": ("work",),
    "work:arxiv": ("work",),
    "work:iscc": ("work",),
}
"""What can be recognised where a column plays a role."""


class OptOuts:
    """Everything that people opted out, and how it comes back in corpora."""

    def __init__(self, many: int = 60) -> None:
        self.addresses = Addresses(many)
        self.sites = Sites(many)
        self.prefixes = Prefixes(many)
        self.accounts = Accounts(many)
        self.works = Works(many // 3)
        self.passages = Passages(many)
        self.files = Files()
        self.pictures = Pictures()
        self._plain = {
            each.kind: each
            for each in (self.addresses, self.sites, self.prefixes, self.accounts, self.passages)
        }
        self._data = {each.kind: each for each in (self.files, self.pictures)}

    @property
    def written(self) -> dict[str, list[str]]:
        """What is registered by its words, by kind."""
        return {
            each.kind: each.registered()
            for each in (*self._plain.values(), self.works)  # type: ignore[misc]
        }

    def disguise(self, kind: str, role: str, random: Random) -> Any:
        if role.startswith("account:"):
            return self.accounts.owner(role.partition(":")[2], random)
        if kind == "work":
            return self.works.disguise(role.partition(":")[2], random)
        if kind in self._data:
            return self._data[kind].disguise(role, random)
        return self._plain[kind].disguise(random)

    def near_miss(self, kind: str, role: str, random: Random) -> Any:
        if role.startswith("account:"):
            return self.accounts.other_owner(role.partition(":")[2], random)
        if kind == "work":
            return self.works.near_miss(role.partition(":")[2], random)
        if kind in self._data:
            return self._data[kind].near_miss(role, random)
        return self._plain[kind].near_miss(random)


@dataclass(frozen=True)
class Form:
    """One data set's columns.

    Attributes:
        name: of the data set.
        schema: its columns.
        filler: a row of it that nobody minds.
        places: by path, the role of every value that can be matched.
        decoys: by path, values that look as if they could be matched and cannot.
        json: columns whose text is JSON.
    """

    name: str
    schema: pa.Schema
    filler: Callable[[int, Random, OptOuts], Row]
    places: dict[str, str]
    decoys: dict[str, Callable[[Random, OptOuts], Any]] = field(default_factory=dict)
    json: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def kinds(self) -> dict[str, list[str]]:
        """By kind, the places where it can occur."""
        found: dict[str, list[str]] = {}
        for path, role in self.places.items():
            for kind in KINDS[role]:
                found.setdefault(kind, []).append(path)
        return found


@dataclass(frozen=True)
class Fate:
    """Why a row must go."""

    kind: str | None
    """None where the value cannot be judged."""
    leaf: str
    value: str


@dataclass
class Sown:
    """A shard, and for every row the truth about it."""

    form: Form
    table: pa.Table
    fates: list[Fate | None]
    told: list[str]
    """What was done to each row, for whoever has to find out what went wrong."""

    @property
    def stays(self) -> list[bool]:
        return [fate is None for fate in self.fates]

    def unjudgeable(self) -> int:
        return sum(fate is not None and fate.kind is None for fate in self.fates)


def sow(form: Form, optouts: OptOuts, many: int, seed: int = 0) -> Sown:
    """A shard with `many` planted records of every kind, half as many near misses of each."""
    random = Random(f"{form.name} {seed}")
    sown: list[tuple[Row, Fate | None, str]] = []

    def row() -> Row:
        return form.filler(len(sown), random, optouts)

    for kind, paths in form.kinds().items():
        for number in range(many):
            path, planted = paths[number % len(paths)], row()
            value = optouts.disguise(kind, form.places[path], random)
            put(planted, path, value, random)
            sown.append((planted, Fate(kind, path, shown(value)), f"{kind} in {path}"))
        for number in range(max(many // 2, 2 * len(paths))):
            path, spared = paths[number % len(paths)], row()
            value = optouts.near_miss(kind, form.places[path], random)
            put(spared, path, value, random)
            sown.append((spared, None, f"near miss of {kind} in {path}: {shown(value)}"))
    for path, decoy in form.decoys.items():
        for _ in range(max(many // 4, 4)):
            spared, value = row(), decoy(random, optouts)
            put(spared, path, value, random)
            sown.append((spared, None, f"decoy in {path}: {shown(value)}"))
    for path, role in form.places.items():
        if role == "image":
            for _ in range(3):
                spoiled, value = row(), broken(random)
                put(spoiled, path, value, random)
                sown.append((spoiled, Fate(None, path, shown(value)), f"broken in {path}"))
        for nothing in (None, b"" if role == "image" else ""):
            spared = row()
            put(spared, path, nothing, random)
            sown.append((spared, None, f"{nothing!r} in {path}"))
    for column in form.json:
        path = next(path for path in form.places if path.startswith(column))
        spoiled = row()
        spoiled[column] = Broken('[{"src": "https://a.example/')
        sown.append((spoiled, Fate(None, path, "broken JSON"), f"broken JSON in {column}"))
    sown += [(row(), None, "filler") for _ in range(len(sown) // 2)]
    random.shuffle(sown)
    sown += [(row(), None, "filler") for _ in range(len(sown) // 4)]  # row groups without a hit
    return Sown(
        form, as_table(form, [r for r, _, _ in sown], random), [f for _, f, _ in sown],
        [told for _, _, told in sown],
    )  # fmt: skip


class Broken(str):
    """Text that is to stand where JSON is expected."""


def as_table(form: Form, rows: list[Row], random: Random) -> pa.Table:
    for row in rows:
        for column in form.json:
            row[column] = as_json(row[column], random)
    return pa.Table.from_pylist(rows, form.schema)


def as_json(value: Any, random: Random) -> str | None:
    """JSON as different writers write it."""
    if value is None or isinstance(value, Broken):
        return value
    text = json.dumps(
        value, ensure_ascii=random.random() < 0.5, indent=random.choice((None, None, 2))
    )
    return text.replace("/", "\\/") if random.random() < 0.3 else text


_STEP = re.compile(r"\[\]|\{\}|\.?([^.\[{]+)")


def put(row: Row, path: str, value: Any, random: Random) -> None:
    """Let a value stand somewhere under a path: `a`, `a.b`, `a[]`, `a{}[].b`."""
    holder: Any = row
    steps = [step for step in _STEP.finditer(path) if step[0] != "{}"]
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        key = random.choice(_takers(holder)) if step[0] == "[]" else step[1]
        if following is None:
            holder[key] = value
        else:
            holder = holder[key]


def _takers(items: list[Any]) -> list[int]:
    return [place for place, item in enumerate(items) if item is not None]


def shown(value: Any) -> str:
    if isinstance(value, bytes):
        return f"{len(value)} bytes {value[:12]!r}"
    return repr(value)[:200]
