"""Several runs of one plan may share OUT: each shard is claimed by whoever works on it.

Whoever finds a shard claimed goes on with the others, and comes back to it last. By then it is
done, and what was found is taken over, or its worker has died, and it is done here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from optout.filter.errors import EvidenceError, ShardError, StorageError
from optout.filter.evidence import ShardRecord
from optout.filter.parquet import identity

from .decide import Decision
from .finished import finished
from .inputs import Shard
from .place import Place
from .plan import Plan
from .scan import ShardTask
from .workers import Job, Tell

Result = TypeVar("Result")


class Elsewhere(Enum):
    """What another run has to do with a shard."""

    TAKEN = "taken"
    """It works on the shard now."""
    DECIDED = "decided"
    """It has scanned all shards and decided: nothing is left to scan."""


@dataclass(frozen=True)
class Done(Generic[Result]):
    """A shard's result.

    Attributes:
        result: what the job returns.
        here: whether the job was done here and not by another run.
    """

    result: Result
    here: bool


@dataclass
class Claimed(Generic[Result]):
    """A job that is done for one shard by one run at a time; picklable.

    Attributes:
        job: what is done.
        place: where, and where it is claimed.
        known: finds what another run has made of a shard; picklable.
        wait: whether a claimed shard is waited for.
    """

    job: Job[ShardTask, Result]
    place: Place
    known: Callable[[ShardTask], Result | Elsewhere | None]
    wait: bool = False

    def __call__(self, task: ShardTask, tell: Tell) -> Done[Result] | Elsewhere:
        """Do it for one shard, unless another run does or has.

        Raises:
            ShardError: as the job.
            StorageError: as the job, or nothing can be claimed.
        """
        with self.place.beside.claim(task.name, wait=self.wait) as held:
            if not held:
                return Elsewhere.TAKEN
            known = self.known(task)
            if isinstance(known, Elsewhere):
                return known
            if known is not None:
                return Done(known, here=False)
            return Done(self.job(task, tell), here=True)


@dataclass(frozen=True)
class FinishedMeanwhile:
    """Knows shards that another run has finished; picklable.

    Attributes:
        place: where their records are.
        plan: the run's digest.
        decision: the decision's.
        recheck: whether what is finished is hashed.
    """

    place: Place
    plan: str
    decision: str
    recheck: bool

    def __call__(self, task: ShardTask) -> ShardRecord | None:
        """The record of a shard, where nothing is left to do for it."""
        return finished(self.place, task, self.plan, {self.decision}, recheck=self.recheck)


@dataclass(frozen=True)
class DecidedMeanwhile:
    """Knows whether another run has decided, and no longer needs what scans found; picklable.

    Attributes:
        place: where its decision would be.
        plan: the run's digest.
        earlier: the digest of the decision that was known before; empty where there was none.
    """

    place: Place
    plan: str
    earlier: str

    def __call__(self, task: ShardTask) -> Elsewhere | None:
        """`DECIDED` where a newer decision rests on this shard too."""
        decision = known_decision(self.place, self.plan)
        if decision is None or decision.digest == self.earlier or task.name in decision.unseen:
            return None
        return Elsewhere.DECIDED


def take_over(
    place: Place, failed: Iterable[Shard], plan: Plan, known: FinishedMeanwhile
) -> dict[str, ShardRecord]:
    """Remove what is left of failed shards, but for what another run has made of them.

    Whoever fails a shard gives up its claim, and another run may finish it: it is then not ours to
    remove. So each is looked at under its claim, and while another run has it in hand, waited for.

    Args:
        place: where shards and evidence are.
        failed: shards that could not be filtered here.
        plan: the run's.
        known: finds what another run has finished.

    Returns:
        The records of the shards that are finished, by name.

    Raises:
        StorageError: nothing can be claimed, or removed.
    """
    found = {}
    for shard in failed:
        with place.beside.claim(shard.name, wait=True):
            record = None
            if planned := plan.inputs.get(shard.name):
                # What cannot be read now, or is another by now, was not finished as it is.
                with suppress(ShardError):
                    task = ShardTask(shard, planned)
                    task.check_unchanged(identity(shard.path, shard.name))
                    record = known(task)
            if record is None:
                place.forget(shard.name)
            else:
                found[shard.name] = record
    return found


def known_decision(place: Place, plan: str) -> Decision | None:
    """The frozen decision of a plan; a damaged one is none."""
    name = place.evidence.decision
    if not place.beside.exists(name):
        return None
    try:
        with place.beside.open(name) as stream:
            decision = Decision.parse(stream.read(), name)
    except (EvidenceError, StorageError):
        return None
    return decision if decision.plan == plan else None
