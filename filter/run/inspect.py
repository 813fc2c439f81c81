"""What can be matched in a corpus, before anything is filtered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from optout.filter.columns import JSON, REST, DetectedColumn, detect
from optout.filter.scan import reach
from optout.registry.identifiers import PLATFORMS, Kind
from optout.registry.snapshot import Snapshot

from .inputs import discover
from .progress import Progress, Silence
from .survey import samples, survey


@dataclass(frozen=True, slots=True)
class Reach:
    """What entries of one kind can find in the corpus.

    Attributes:
        kind: the kind.
        columns: the paths through which it finds rows; empty where it cannot.
        entries: how many the snapshot holds; None where no snapshot was given.
        text: the same in a sentence, with what it cannot find.
    """

    kind: str
    columns: Sequence[str]
    entries: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a corpus holds, and what can be matched in it.

    Attributes:
        shards: how many there are.
        rows: how many rows they have.
        columns: every column of every schema, with its role or without.
        reach: what each kind can find.
        unreadable: shards that cannot be read, each with the reason.
    """

    shards: int
    rows: int
    columns: Sequence[DetectedColumn]
    reach: Sequence[Reach]
    unreadable: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """The inspection as `optout inspect --json` prints it."""
        return asdict(self)


_FINDS = {
    Kind.URL: "the registered address, however it is written, in {columns}",
    Kind.SITE: "every address on the registered host or below it, in {columns}",
    Kind.PREFIX: "every address on the registered path or below it, in {columns}",
    Kind.ACCOUNT: "everything that names the registered account, in {columns}",
    Kind.WORK: "the registered work by its number, in {columns}",
    Kind.TEXT: (
        "the registered passage where it fills the whole value, in {columns}; "
        "not a part of a longer text"
    ),
    Kind.FILE: "the registered file byte by byte, not an altered one, in {columns}",
    Kind.IMAGE: (
        "the registered picture, resized, encoded anew or mirrored too, in {columns}; "
        "not off-centre crops and rotations"
    ),
}
"""By kind, what an entry finds through columns, and what it does not."""

_BY_HASHES = (
    "the registered picture, resized or encoded anew too, in {columns}; "
    "not off-centre crops, rotations and mirror images; "
    "only as far as the hashes that stand there tell"
)
"""What an entry finds where no column holds the bytes of pictures."""

_SEES_PDQ = {"image", "pdq256"}
"""Roles of columns through which a picture is found that is known by its PDQ alone."""

_LACKS = {
    Kind.URL: "nothing: no column holds addresses",
    Kind.SITE: "nothing: no column holds addresses",
    Kind.PREFIX: "nothing: no column holds addresses",
    Kind.ACCOUNT: "nothing: no column holds addresses or accounts",
    Kind.WORK: "nothing: no column holds numbers of works",
    Kind.TEXT: "nothing: no column holds passages",
    Kind.FILE: "nothing: no column holds the bytes of files or their digests",
    Kind.IMAGE: "nothing: no column holds the bytes of pictures or hashes of them",
}
_INSIDE = {Kind.FILE, Kind.IMAGE}
"""Kinds that are also found in a `data:` address, where the picture stands in the address."""


def inspect_dataset(
    inputs: str | Path | Sequence[str | Path],
    snapshot: Snapshot | str | Path | None = None,
    *,
    progress: Progress | None = None,
) -> Inspection:
    """Look at a corpus: its columns, their roles, and what each kind of entry can reach.

    Args:
        inputs: each a file, a folder (all `*.parquet` below it), a glob, or `@LIST`.
        snapshot: where given, open or as a path, the entries of each kind are counted.
        progress: hears of every shard; closed at the end.

    Raises:
        UsageError: an input is absent.
    """
    opened = None if snapshot is None else Snapshot.of(snapshot)
    listed = [inputs] if isinstance(inputs, str | Path) else list(inputs)
    heard = progress or Silence()
    try:
        seen = survey(discover(listed), heard)
        columns = detect(samples(seen))
    finally:
        heard.close()
    return Inspection(
        len(seen),
        sum(each.rows for each in seen),
        columns,
        [_reach(kind, columns, opened) for kind in Kind],
        [each.fault.message for each in seen if each.fault is not None],
    )


def _reach(kind: Kind, columns: Sequence[DetectedColumn], snapshot: Snapshot | None) -> Reach:
    meant = [c for c in columns if c.role is not None and kind in reach(c.role)]
    through = _once(c.path for c in meant if not c.is_rest)
    anywhere = _once(c.path for c in meant if c.is_rest)
    addresses = _once(c.path for c in columns if c.role == "url" and not c.is_rest)
    text = _FINDS[kind].format(columns=_listed(through)) if through else _LACKS[kind]
    if kind is Kind.IMAGE and through:
        text = _pictures([c for c in meant if not c.is_rest], snapshot)
    if kind is Kind.ACCOUNT and through:
        text += _accounts([c for c in meant if not c.is_rest])
    if anywhere:
        columns_of_json = [path.removesuffix(JSON + REST) for path in anywhere]
        text += f"; {'also' if through else 'only'} where it stands anywhere else in the JSON of "
        text += _listed(columns_of_json)
    if kind in _INSIDE and addresses:
        text += f"; {'also' if through else 'only'} inside data: addresses in {_listed(addresses)}"
    entries = None
    if snapshot is not None:
        entries = int(snapshot.counts["by_kind"].get(str(kind), 0))
        text += f" ({entries:,} {'entry' if entries == 1 else 'entries'} in the snapshot)"
    return Reach(str(kind), through, entries, text)


def _pictures(columns: Sequence[DetectedColumn], snapshot: Snapshot | None) -> str:
    """What is found of pictures in their bytes and by hashes that somebody else made of them."""
    seen = _once(c.path for c in columns if c.role == "image")
    hashed = _once(c.path for c in columns if c.role != "image")
    told = (_FINDS[Kind.IMAGE] if seen else _BY_HASHES).format(columns=_listed(seen or hashed))
    if seen and hashed:
        told += f"; by the hashes in {_listed(hashed)} not mirror images"
    if snapshot is not None and snapshot.has_pdq_alone:
        reached = any(c.role in _SEES_PDQ for c in columns)
        told += "; what is known by its PDQ alone not " + (
            "where it was cut or padded" if reached else "at all"
        )
    return told


def _accounts(columns: Sequence[DetectedColumn]) -> str:
    """Whose accounts can be found, and what only seems to name them."""
    names = _once(c.role.partition(":")[2] for c in columns if c.role and c.role != "url")
    titles = [PLATFORMS[name].title for name in names]
    told = f"; by its name only accounts on {_listed(titles)}" if titles else ""
    if any(c.role == "url" for c in columns):
        told += "; a CDN's addresses of pictures carry no account"
    return told


def _once(paths: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(paths))


def _listed(paths: Sequence[str]) -> str:
    return " and ".join([", ".join(paths[:-1]), paths[-1]] if len(paths) > 1 else paths)
