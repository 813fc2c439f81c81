"""Which column plays which role: by name, by type, and by a look at values.

No one of the three is enough: `hash` is an int64 in LAION and an MD5 elsewhere, `url` may hold
paths, and a page's address may stand in a column called `source`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

import pyarrow as pa
from optout.registry.identifiers import account_keys, work_keys

from . import looks, names
from .features import picture_paths
from .json_text import holds_json, parsed, texts_of
from .leaf import Role, base_role
from .paths import JSON, REST, Node, node_values, nodes
from .values import MOST_JSON_DEPTH, as_bytes, is_bytes, is_text

ENOUGH = 0.25
"""The share of sampled values, over all shards or in one, that gives a column its role. Below the
half that an audit asks for: a sample may miss what a whole column shows."""

MOST_JSON_PATHS = 1000
"""Of one column: JSON whose keys are values of their own would have one a row."""

JSON_TYPE = "json"

ANYWHERE: tuple[Role, ...] = ("url", "work")
"""What values show to be by themselves: looked for in JSON under every path, since a path may be
too rare to stand in a sample."""

_PLURAL = {
    "url": "addresses",
    "image": "pictures",
    "sha256": "SHA-256 digests",
    "md5": "MD5 digests",
    "phash256": "256-bit hashes of pictures",
    "phash64": "64-bit hashes of pictures",
    "pdq256": "PDQ hashes of pictures",
    "text": "passages",
    "account": "accounts",
    "work": "numbers of works",
}
_DIGITS = {"sha256": 64, "md5": 32, "phash256": 64, "phash64": 16, "pdq256": 64}

Test = Callable[[bytes], bool]


@dataclass(frozen=True, slots=True)
class DetectedColumn:
    """A column, or a place inside one, and the part it plays.

    Attributes:
        path: its path, as a `Leaf` has it; one that plays two parts is told twice.
        type: its type in words; several where shards differ; `json` for what stands in JSON.
        role: what its values are to a filter; None where they cannot be matched.
        why: the reason, for people.
    """

    path: str
    type: str
    role: Role | None
    why: str

    @property
    def is_rest(self) -> bool:
        """Whether it is what stands in JSON anywhere else, as a `Leaf` has it."""
        return self.path.endswith(JSON + REST)

    def is_around(self, path: str) -> bool:
        """Whether a path leads to a part of what this is the rest of."""
        return path.startswith(self.path.removesuffix(REST))


@dataclass(frozen=True, slots=True)
class Sample:
    """What is known of one shard.

    Attributes:
        schema: its schema.
        rows: some values of its columns of text and bytes, wherever these are nested; None where
            names and types must do.
    """

    schema: pa.Schema
    rows: pa.Table | None = None


@dataclass
class _Column:
    """What was seen under one path, shard by shard."""

    path: str
    types: dict[str, None] = field(default_factory=dict)
    text: bool = False
    packed: bool = False
    json: bool = False
    values: int = 0
    alike: dict[Role, int] = field(default_factory=dict)
    best: dict[Role, float] = field(default_factory=dict)
    digests: str | None = None
    featured: bool = False
    beside: str | None = None

    def see_type(self, node: Node) -> None:
        self.types[str(node.shown)] = None
        self.text |= is_text(node.type)
        self.packed |= is_bytes(node.type)

    def see_values(self, values: list[bytes], *, packed: bool) -> None:
        if not values:
            return
        self.values += len(values)
        for role, test in _tests(self.path, self.beside, packed=packed).items():
            count = sum(map(test, values))
            self.alike[role] = self.alike.get(role, 0) + count
            self.best[role] = max(self.best.get(role, 0.0), count / len(values))
        self.digests = self.digests or looks.other_digest(values)

    def detected(self) -> list[DetectedColumn]:
        # Where all that is known are nulls, the name alone says what the values would be.
        self.packed |= self.types.keys() == {"null"}
        found = [
            DetectedColumn(self.path, " | ".join(self.types), role, why)
            for role, why in self._roles()
        ]
        if self.json and JSON not in self.path:
            found += [
                DetectedColumn(
                    self.path + JSON + REST,
                    JSON_TYPE,
                    role,
                    f"{_PLURAL[role]} anywhere else in the JSON, rarer than what was sampled",
                )
                for role in ANYWHERE
            ]
        return found

    def _roles(self) -> list[tuple[Role | None, str]]:
        if not (self.text or self.packed):
            return [(None, f"{' | '.join(self.types)}: only text and bytes can be matched")]
        shown = [role for role, share in self.best.items() if share >= ENOUGH]
        if shown:
            return [(role, self._share(role) + self._doubt(role)) for role in shown]
        named = self._named()
        if named and (not self.values or named == "image" or self.alike.get(named)):
            what = "the data set's own features" if self._is_featured() else "its name"
            return [(named, f"{what}{self._share(named, '; ')}")]
        if not self.values:
            return [(None, "no values, and a name that says nothing")]
        if self.json:
            return [(None, "JSON: what can be matched in it has rows of its own")]
        if named:
            plural = _PLURAL[base_role(named)]
            return [(None, f"named like {plural}, but none of its sampled values is one")]
        if self.digests:
            return [(None, f"{self.digests}: not those of files or pictures by their name")]
        return [(None, "neither addresses, digests, pictures nor passages")]

    def _is_featured(self) -> bool:
        return self.featured and self.packed

    def _named(self) -> Role | None:
        if self._is_featured():
            return "image"
        if names.names_exactly_address(self.path):
            return "url"
        digest = names.names_digest(self.path)
        if digest:
            return digest
        if self.packed and names.names_picture(self.path):
            return "image"
        scheme = names.names_scheme(self.path)
        platform = names.names_platform(self.path) or self.beside
        if scheme:
            return f"work:{scheme}"
        if platform:
            return f"account:{platform}"
        return "text" if names.names_passage(self.path) else None

    def _doubt(self, role: Role) -> str:
        """What a name leaves open: PDQ hashes have as many digits as SHA-256 digests."""
        if role != "sha256" or not names.names_hash(self.path):
            return ""
        return f" by their length; where they are PDQ hashes, say --column pdq256={self.path}"

    def _share(self, role: Role, before: str = "") -> str:
        if not self.values:
            return f"{before}no values to look at" if before else ""
        plural = _PLURAL[base_role(role)]
        return f"{before}{self.alike.get(role, 0)} of {self.values} sampled values are {plural}"


def _tests(path: str, beside: str | None, *, packed: bool) -> Mapping[Role, Test]:
    """By role, how a value under this path shows that it has it; the plainest first."""
    tests: dict[Role, Test] = {
        "url": partial(looks.is_address, bare=names.names_address(path)),
    }
    if packed:
        tests["image"] = looks.is_picture
    for role in _digest_roles(path):
        # 16 or 32 bytes may be anything: only a name makes a digest of them.
        named = packed and (names.names_digest(path) is not None or names.names_hash(path))
        tests[role] = partial(looks.is_digest, digits=_DIGITS[role], packed=named)
    scheme, platform = names.names_scheme(path), names.names_platform(path) or beside
    if scheme:
        tests[f"work:{scheme}"] = partial(_is_work, scheme=scheme)
    else:
        tests["work"] = partial(_is_work, scheme=None)
    if platform:
        tests[f"account:{platform}"] = partial(_is_account, platform=platform)
    elif names.names_repository(path):
        tests["account:github"] = looks.is_owned
    for each in ("youtube", "flickr", "mastodon"):
        tests.setdefault(f"account:{each}", partial(_is_held, platform=each))
    tests["text"] = partial(looks.is_passage, named=names.names_passage(path))
    return tests


def _digest_roles(path: str) -> list[Role]:
    """The digests that values under this path may be: their digits do not tell them apart."""
    named = names.names_digest(path)
    if named in ("phash64", "phash256"):
        return ["phash64", "phash256"]
    if named == "pdq256":
        return [named]
    if names.names_key(path):
        return []
    return ["sha256", "md5", *(["phash64"] if names.names_hash(path) else [])]


def _is_work(value: bytes, scheme: str | None) -> bool:
    if scheme is None and not looks.is_work(value):
        return False
    return len(value) <= 1024 and bool(work_keys(value.decode(errors="replace"), scheme))


def _is_account(value: bytes, platform: str) -> bool:
    return len(value) <= 1024 and bool(account_keys(platform, value.decode(errors="replace")))


def _is_held(value: bytes, platform: str) -> bool:
    return looks.holder(value) == platform


def detect(samples: Iterable[Sample]) -> list[DetectedColumn]:
    """Find the part that every column plays, and every place inside one where values stand.

    Args:
        samples: for every schema of the corpus at least one; where none has rows, names and types
            alone decide, and what stands in JSON is not found.

    Returns:
        Every such place of every schema, in the order they were met; of JSON those that can be
        matched.
    """
    columns: dict[str, _Column] = {}
    for sample in samples:
        ends = list(_ends(sample.schema))
        pictures = picture_paths(sample.schema)
        there = {node.path.lower() for node in ends}
        for node in ends:
            column = columns.setdefault(node.path, _Column(node.path))
            column.see_type(node)
            column.featured |= node.path in pictures
            column.beside = column.beside or names.platform_beside(node.path, there)
        if sample.rows is None:
            continue
        batches = sample.rows.to_batches()
        for node in _ends(sample.rows.schema):
            packed = is_bytes(node.type)
            if packed or is_text(node.type):
                parts = (as_bytes(node_values(batch, node)[0]).to_pylist() for batch in batches)
                values = [value for part in parts for value in part if value]
                columns[node.path].see_values(values, packed=packed)
                _see_json(columns, node.path, values)
    found = [each for column in columns.values() for each in column.detected()]
    return [each for each in found if each.role is not None or each.type != JSON_TYPE]


def _ends(schema: pa.Schema) -> Iterable[Node]:
    """The places of a schema below which no others stand."""
    return (node for node in nodes(schema) if not node.has_parts)


def _see_json(columns: dict[str, _Column], path: str, values: list[bytes]) -> None:
    """Look at the texts inside values that are JSON, where enough of them are."""
    if path.count(JSON) >= MOST_JSON_DEPTH:
        return
    held = [value for value in values if holds_json(value)]
    if not values or len(held) < ENOUGH * len(values):
        return
    if path in columns:
        columns[path].json = True
    inside: dict[str, list[bytes]] = {}
    for value in held:
        for below, text in texts_of(parsed(value), path + JSON):
            if below in inside or len(inside) < MOST_JSON_PATHS:
                inside.setdefault(below, []).append(text)
    for below, texts in inside.items():
        column = columns.setdefault(below, _Column(below))
        column.types[JSON_TYPE] = None
        column.text = True
        shown = [text for text in texts if text]
        column.see_values(shown, packed=False)
        _see_json(columns, below, shown)
