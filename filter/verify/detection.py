"""What a leaf holds, judged by its values: an audit that asks nobody what was planned.

A leaf is **sure** to hold something where at least `MATCHABLE_SHARE` of what is in it looks like
that, over all shards or in one of them. Where the run did not look at such a leaf, that is a fault,
and its rows are judged by it all the same:

- urls: values that begin with `http://`, `https://` or `//` and have no white space inside; in a
  leaf whose name speaks of urls, addresses without a scheme too;
- SHA-256: 64 hexadecimal digits and nothing else, unless the name says that they are hashes of
  pictures (`phash`, `pdq`) or number something (`id`, `uid`), or half of at least `ENOUGH_BALANCED`
  of them have exactly as many bits set as not: hashes of pictures are made so, and of other
  digests 1 in 20 is;
- pictures: values that begin like one;
- works: values that name their scheme and are one, `doi:10.1000/182`, `10.1000/182`,
  `arXiv:2101.00001`, `isbn:…`; in a leaf named after a scheme (`isbn13`), its bare numbers;
- where the name says it **and** the values have the form: MD5 (32 hexadecimal digits, `…md5`),
  hashes of pictures (16 or 64 of them), accounts (`owner/name` in `…repo_name`, handles in
  `flickr_user`).

Other values may be something, and values alone cannot tell: 32 digits are an MD5 or anybody's
number, 16 or 64 balanced ones a hash of pictures by one definition or another, and every passage
of text may be a registered one. A leaf of those is **possible**: the report says that the run
passed it over, which is no fault, and its rows are judged only where the plan looks at them.

Strings of JSON are looked into where they make up that share of their leaf; the names of members
are not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from .forms import (
    AUTHOR,
    BALANCED,
    HEX16,
    HEX32,
    HEX64,
    HOLDERS,
    Named,
    count_forms,
    is_author,
    like_json,
)
from .inside import MAX_PATHS, look_inside
from .leaves import Values
from .roles import (
    ACCOUNT,
    IMAGE,
    MD5,
    PDQ256,
    PHASH64,
    PHASH256,
    SHA256,
    TEXT,
    URL,
    WORK,
)
from .shapes import present, shapes_of

MATCHABLE_SHARE = 0.5
"""Of the values that are neither null nor empty. Captions quote an address now and then; a column
of addresses has little else."""

SHARD_EVIDENCE = 100
"""Values that must look alike before one shard speaks for itself against the other shards."""

ENOUGH_BALANCED = 8
"""Hashes that must have half of their bits set before no name is asked: of 8 other digests, 4 have
in 1 of 2,700 cases, of 100 digests 50 never."""

MAX_DEPTH = 3
"""Documents within documents are read so deep."""

OF_REPOSITORIES = f"{ACCOUNT}:github"
"""Whose names `owner/name` are taken for, where nobody says: values do not tell the platform."""

_BESIDE = "subreddit"
_PICTURE_HASHES = {"phash": PHASH256, "pdq": PDQ256}


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known of a leaf beside its name and its values.

    Attributes:
        pictures: the schema's metadata says that they are pictures.
        reddit: it is called `author` and stands beside a `subreddit`.
    """

    pictures: bool = False
    reddit: bool = False


@dataclass
class Counted:
    """How many values of a leaf there are and what they look like.

    Attributes:
        values: how many are neither null nor empty.
        alike: by form, how many have it; the forms are roles, digits and `balanced …`.
        json: how many are JSON objects or arrays.
        passed: how many strings inside them were passed over.
    """

    values: int = 0
    alike: dict[str, int] = field(default_factory=dict)
    json: int = 0
    passed: int = 0

    def add(self, form: str, count: int) -> None:
        """So many more values have a form."""
        if count:
            self.alike[form] = self.alike.get(form, 0) + count

    def take(self, other: Counted) -> None:
        """Take what was counted elsewhere."""
        self.values += other.values
        self.json += other.json
        self.passed += other.passed
        for form, count in other.alike.items():
            self.add(form, count)

    def count(self, form: str) -> int:
        """How many values have a form."""
        return self.alike.get(form, 0)

    def _enough(self, form: str, at_least: int) -> bool:
        return self.count(form) >= max(at_least, MATCHABLE_SHARE * self.values)

    def sure(self, path: str, hints: Hints, at_least: int = 1) -> dict[str, str]:
        """The roles that the leaf is sure to have, and the form that shows each.

        Args:
            path: the leaf's path.
            hints: what else is known of it.
            at_least: so many values must have the form.
        """
        named = Named.of(path)
        found = {role: role for role in (URL, IMAGE) if self._enough(role, at_least)}
        if self._enough(WORK, at_least):
            found[f"{WORK}:{named.scheme}" if named.scheme else WORK] = WORK
        if self._enough(ACCOUNT, at_least):
            found[f"{ACCOUNT}:{named.holder}" if named.holder else OF_REPOSITORIES] = ACCOUNT
        for platform in HOLDERS:
            if self._enough(f"{ACCOUNT}:{platform}", at_least):
                found[f"{ACCOUNT}:{platform}"] = f"{ACCOUNT}:{platform}"
        if hints.reddit and self._enough(AUTHOR, at_least):
            found[f"{ACCOUNT}:reddit"] = AUTHOR
        if hints.pictures and not found and self.count(IMAGE) >= at_least:
            found[IMAGE] = IMAGE
        if self._enough(HEX64, at_least):
            if named.digest in _PICTURE_HASHES:
                found[_PICTURE_HASHES[named.digest]] = HEX64
            elif not named.key and not self._balanced(HEX64):
                found[SHA256] = HEX64
        if named.digest == "phash" and self._enough(HEX16, at_least):
            found[PHASH64] = HEX16
        if named.digest == MD5 and self._enough(HEX32, at_least):
            found[MD5] = HEX32
        return found

    def possible(self) -> dict[str, str]:
        """The roles that the leaf may have, and values cannot tell."""
        found: dict[str, str] = {}
        if self._enough(HEX64, 1):
            maybe = (PHASH256, PDQ256) if self._balanced(HEX64) else (SHA256,)
            found |= dict.fromkeys(maybe, HEX64)
        if self._enough(HEX32, 1):
            found[MD5] = HEX32
        if self._enough(HEX16, 1) and self._balanced(HEX16):
            found[PHASH64] = HEX16
        if self._enough(TEXT, 1) and self.json < MATCHABLE_SHARE * self.values:
            found[TEXT] = TEXT
        return found

    def _balanced(self, form: str) -> bool:
        there = self.count(form)
        return there >= ENOUGH_BALANCED and 2 * self.count(f"{BALANCED} {form}") >= there


@dataclass
class Seen:
    """What was counted in some rows.

    Attributes:
        counts: by leaf; a leaf that holds documents stands before those inside it.
        holders: by leaf inside documents, the leaf of the documents.
    """

    counts: dict[str, Counted] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)


def look_at(leaves: Iterable[Values]) -> Seen:
    """Count the forms of values, and of what stands inside them."""
    seen = Seen()
    for leaf in leaves:
        _count(leaf, seen, 0)
    return seen


def _count(leaf: Values, seen: Seen, depth: int) -> None:
    values = present(leaf.values)
    counted = seen.counts.setdefault(leaf.path, Counted())
    if not len(values):
        return
    counted.values += len(values)
    shapes = shapes_of(values)
    for form, count in count_forms(leaf.path, values, shapes).items():
        counted.add(form, count)
    if depth == MAX_DEPTH:
        return
    held = like_json(values, shapes)
    if not len(held):
        return
    # Which row a value stands in is nothing to whoever counts.
    inside = look_inside(Values(leaf.path, held, np.zeros(len(held), np.int64)))
    counted.json += inside.documents
    counted.passed += inside.passed
    for inner in inside.leaves:
        seen.holders[inner.path] = leaf.path
        _count(inner, seen, depth + 1)


class Detection:
    """What was counted leaf by leaf, over all shards so far."""

    def __init__(self) -> None:
        self.leaves: dict[str, Counted] = {}
        self._in_one_shard: dict[str, dict[str, str]] = {}
        self._holders: dict[str, str] = {}
        self._inner: dict[str, set[str]] = {}
        self._pictures: set[str] = set()
        self._subreddits: set[str] = set()
        self._shard: dict[str, Counted] = {}

    def add_shard(self, batches: Iterable[Iterable[Values]], pictures: Iterable[str] = ()) -> None:
        """Take a shard into account.

        Args:
            batches: the leaves of its batches.
            pictures: the leaves that its metadata says are pictures.
        """
        for leaves in batches:
            self.take(look_at(leaves))
        self.end_shard(pictures)

    def take(self, seen: Seen) -> None:
        """Take some rows of a shard into account, in the order of the rows."""
        passed: set[str] = set()
        for path, counted in seen.counts.items():
            holder = seen.holders.get(path)
            if holder in passed:
                passed.add(path)
                continue
            if holder is not None:
                known = self._inner.setdefault(holder, set())
                if path not in known and len(known) >= MAX_PATHS:
                    self._shard[holder].passed += counted.values
                    passed.add(path)
                    continue
                known.add(path)
                self._holders[path] = holder
            self._shard.setdefault(path, Counted()).take(counted)

    def end_shard(self, pictures: Iterable[str] = ()) -> None:
        """A shard is complete.

        Args:
            pictures: the leaves that its metadata says are pictures.
        """
        self._pictures.update(pictures)
        shard, self._shard = self._shard, {}
        self._subreddits.update(path.lower() for path in shard if path.lower().endswith(_BESIDE))
        for path, counted in shard.items():
            self.leaves.setdefault(path, Counted()).take(counted)
            if self._believed(path, shard):
                known = self._in_one_shard.setdefault(path, {})
                known |= counted.sure(path, self._hints(path), SHARD_EVIDENCE)

    def drop_shard(self) -> None:
        """A shard cannot be read to its end: what was counted of it says nothing."""
        self._shard = {}

    def matchable(self) -> dict[str, dict[str, int]]:
        """The leaves that are sure to have roles: which, and how many values show each."""
        return self._all(
            lambda path, seen: seen.sure(path, self._hints(path)) | self._in_one_shard.get(path, {})
        )

    def possible(self) -> dict[str, dict[str, int]]:
        """The leaves that may have roles, and values cannot tell, and that are sure of none."""
        sure = self.matchable()
        return self._all(lambda path, seen: {} if path in sure else seen.possible())

    def _hints(self, path: str) -> Hints:
        beside = path[: len(path) - len(path.rpartition(".")[2])] + _BESIDE
        return Hints(path in self._pictures, is_author(path) and beside.lower() in self._subreddits)

    def _all(self, roles: Callable[[str, Counted], Mapping[str, str]]) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for path, seen in self.leaves.items():
            shown = roles(path, seen)
            if shown and self._believed(path, self.leaves):
                found[path] = {role: seen.count(form) for role, form in shown.items()}
        return found

    def _believed(self, path: str, counts: Mapping[str, Counted]) -> bool:
        """Whether a leaf is one: what stands in JSON is, where JSON is what its leaf holds."""
        holder = self._holders.get(path)
        if holder is None:
            return True
        around = counts[holder]
        enough = around.json >= MATCHABLE_SHARE * around.values
        return enough and self._believed(holder, counts)
