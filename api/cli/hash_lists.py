"""What `optout import` does with a list of hashes: it follows the feed that the list is of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from .adding import BATCH, in_batches, step
from .console import Console
from .exits import Exit
from .taken_back import Said, TakenBack
from .words import counted

if TYPE_CHECKING:
    from optout.registry.identifiers import Grade
    from optout.registry.lists import HashList, ListRecord
    from optout.registry.registry import Followed, Listed, RecordName

    from .progress import ConsoleProgress

FAULTS_SHOWN = 20

TYPES_NAMED = 50
"""Types of signal that are not held: more of them have no name of their own."""


@dataclass
class ListTally:
    """What has become of a list so far.

    Attributes:
        values: records read, bad ones too.
        tombstones: those that take something back.
        added: entries that were new.
        known: records whose entries are there already.
        ended: those of them whose entries the operator has ended.
        withdrawn: entries that were taken back.
        unknown: tombstones that fit no entry of the feed.
        bad: records that cannot be registered.
        not_held: records whose signal no registry holds, by its type.
        faults: the first bad records: place and reason.
    """

    values: int = 0
    tombstones: int = 0
    added: int = 0
    known: int = 0
    ended: int = 0
    withdrawn: int = 0
    unknown: int = 0
    bad: int = 0
    not_held: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[str, str]] = field(default_factory=list)

    def refuse(self, place: str, reason: str) -> None:
        """Note a record that cannot be registered."""
        self.bad += 1
        if len(self.faults) < FAULTS_SHOWN:
            self.faults.append((place, reason))

    def pass_over(self, signal: str) -> None:
        """Note a record whose signal no registry holds."""
        name = signal[:40]
        known = name in self.not_held or len(self.not_held) < TYPES_NAMED
        self.not_held[name if known else "of other types"] += 1

    def take(self, followed: Followed) -> None:
        """Note what became of some records."""
        self.added += followed.added
        self.known += followed.known
        self.ended += followed.ended
        self.withdrawn += len(followed.withdrawn)
        self.unknown += followed.unknown

    def tell(self, console: Console) -> None:
        """Name what could not be registered."""
        for place, why in self.faults:
            console.say(f"  {place}: ", (why, "red"))
        if self.bad > len(self.faults):
            console.say((f"  and {self.bad - len(self.faults):,} more", "dim"))
        if self.not_held:
            kinds = [f"{many:,} {signal}" for signal, many in self.not_held.most_common()]
            console.say(f"  no registry holds such signals: {', '.join(kinds)}")
        if self.ended:
            console.say(
                f"  {counted(self.ended, 'record')} of entries that were withdrawn here stay so"
            )


@dataclass(frozen=True)
class Claimed:
    """What all entries of a list have in common.

    Attributes:
        grade: how they were proved.
        usage: what they are opted out of.
    """

    grade: Grade
    usage: tuple[str, ...]


def import_hash_list(
    console: Console,
    found: HashList,
    registry: str,
    feed: str,
    claimed: Claimed,
    *,
    skip_bad: bool,
) -> int:
    """Register what a list of hashes lists, and withdraw what it takes back.

    Args:
        console: where to tell it.
        found: the list.
        registry: where the registry lies.
        feed: what the list is of: tombstones end entries that came under the same name.
        claimed: of all entries.
        skip_bad: whether to leave out what cannot be registered.

    Raises:
        UsageError: the file cannot be read to its end.
        IdentifierError: a record cannot be registered, and none is to be left out: nothing is
            added then, and what the list takes back has ended.
    """
    from optout.registry import Registry
    from optout.registry.errors import IdentifierError

    console.say(("reading ", "dim"), f"{found.name}: {found.form}, of the feed {feed}")
    with Registry.open(registry) as opened:
        progress = console.progress()
        tally = ListTally()
        try:
            checked, taken_back = _checked(found, progress)
            if checked.bad and not skip_bad:
                # What is asked to end does not wait until somebody has mended other records.
                for gone in _tombstones(found, taken_back) if taken_back else ():
                    tally.take(opened.follow(feed, (), gone))
                progress.close()
                checked.tell(console)
                _tell_unknown(console, tally, feed, Path(found.name).name)
                ended = counted(tally.withdrawn, "entry", "entries")
                raise IdentifierError(
                    f"{counted(checked.bad, 'record')} of {checked.values:,} in {found.name} "
                    "cannot be registered",
                    f"Nothing was added, {ended} taken back: mend the records, or leave them out "
                    "with --skip-bad.",
                )
            progress.stage("adding", checked.values)
            with in_batches(console, progress, tally):
                # First what goes: an entry that goes with one case may be listed with another.
                for gone in _tombstones(found, taken_back) if taken_back else ():
                    tally.take(opened.follow(feed, (), gone))
                for listed in _listed(found, taken_back, tally, progress, claimed):
                    tally.take(opened.follow(feed, listed))
        finally:
            progress.close()
        document = {
            "size": opened.size,
            "root": opened.root().hex(),
            "format": found.form,
            "feed": feed,
            "values": tally.values,
            "added": tally.added,
            "there_already": tally.known,
            "ended_here": tally.ended,
            "tombstones": tally.tombstones,
            "withdrawn": tally.withdrawn,
            "not_held": dict(sorted(tally.not_held.items())),
            "bad": tally.bad,
            "faults": [{"place": place, "message": why} for place, why in tally.faults],
        }
    tally.tell(console)
    _tell_unknown(console, tally, feed, Path(found.name).name)
    console.result(
        f"{tally.added:,} added, {tally.known:,} there already, {tally.withdrawn:,} taken back"
        + (f", {counted(tally.bad, 'record')} left out" if tally.bad else "")
        + (f", {tally.not_held.total():,} not held" if tally.not_held else "")
    )
    console.document(document)
    console.next("optout snapshot snapshot", "what a filter loads")
    return Exit.DONE


def _tell_unknown(console: Console, tally: ListTally, feed: str, file: str) -> None:
    if not tally.unknown:
        return
    fit = "fits" if tally.unknown == 1 else "fit"
    console.say(
        f"  {counted(tally.unknown, 'tombstone')} {fit} no entry of the feed {feed}: "
        "never listed there, or taken back before"
    )
    if feed == file:
        console.say("  the feed is called after the file: --feed gives the name that it had before")


def _read(record: ListRecord, tally: ListTally) -> Said | None:
    """What a record says; None where nothing comes of it: the tally then has it."""
    from optout.registry.errors import IdentifierError
    from optout.registry.lists import HELD, compared_value, identifier_of
    from optout.registry.registry import RecordName

    tally.values += 1
    if record.fault:
        tally.refuse(record.place, record.fault)
        return None
    if record.signal not in HELD:
        tally.pass_over(record.signal)
        return None
    name = RecordName(record.signal, compared_value(record), record.id, record.case)
    if record.standing.ends:
        tally.tombstones += 1
        return Said(name, None)
    try:
        return Said(name, identifier_of(record))
    except IdentifierError as fault:
        tally.refuse(record.place, fault.message)
        return None


def _checked(found: HashList, progress: ConsoleProgress) -> tuple[ListTally, TakenBack]:
    tally, taken_back = ListTally(), TakenBack()
    progress.stage("checking")
    for record in found.records():
        if said := _read(record, tally):
            taken_back.read(said)
        step(progress, tally.values)
    return tally, taken_back


def _tombstones(found: HashList, taken_back: TakenBack) -> Iterator[list[RecordName]]:
    unread = ListTally()
    said = (_read(record, unread) for record in found.records() if record.standing.ends)
    names = (one.name for one in said if one and taken_back.counts(one))
    while batch := list(islice(names, BATCH)):
        yield batch


def _listed(
    found: HashList,
    taken_back: TakenBack,
    tally: ListTally,
    progress: ConsoleProgress,
    claimed: Claimed,
) -> Iterator[list[Listed]]:
    from optout.registry.registry import Claim, Listed

    batch: list[Listed] = []
    for record in found.records():
        said = _read(record, tally)
        if said and said.identifier is not None and taken_back.counts(said):
            claim = Claim(said.identifier, claimed.usage, claimed.grade)
            batch.append(Listed(said.name, claim))
        if len(batch) >= BATCH:
            yield batch
            batch = []
        step(progress, tally.values)
    yield batch
