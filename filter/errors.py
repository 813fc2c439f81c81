"""Errors of the filter, all below `OptOutError`.

OptOutError
├── UsageError
│   ├── PlanError             the run cannot be planned as it was asked for
│   │   └── NothingMatchable  no column of the corpus can be matched
│   └── OutputConflict        OUT holds, or would hold, something else
├── ShardError                one shard cannot be read or judged; the others can
├── StorageError              a file cannot be written, read or removed
├── EvidenceError             evidence is missing, damaged or not what was signed
└── SomeShardsFailed          the run is over, and some shards are not in OUT
"""

from __future__ import annotations

from optout.registry.errors import OptOutError, UsageError


class PlanError(UsageError):
    """The run cannot be planned as it was asked for."""


class NothingMatchable(PlanError):  # noqa: N818  # says what happened
    """No column of the corpus can be matched: exit code 2."""


class OutputConflict(UsageError):  # noqa: N818  # says what happened
    """OUT holds something else, or two things would get one name there."""


class ShardError(OptOutError):
    """One shard cannot be read or judged; the others can.

    Args:
        shard: the shard's name, or its path where it has no name yet.
        message: names the shard and says what is wrong with it.
        advice: what the reader can do about it.
    """

    def __init__(self, shard: str, message: str, advice: str = "") -> None:
        super().__init__(message, advice)
        self.args = (shard, message, advice)  # what unpickling in another process calls with
        self.shard = shard


class StorageError(OptOutError):
    """A file cannot be written, read or removed; the message names its path."""


class EvidenceError(OptOutError):
    """Evidence beside OUT is missing, damaged, or not what was signed."""


class SomeShardsFailed(OptOutError):  # noqa: N818  # says what happened
    """The run is over, and some shards are not in OUT: exit code 3.

    Args:
        message: how many of how many.
        advice: what to do next.
        report: the run's report, which names every failed shard.
    """

    def __init__(self, message: str, advice: str = "", report: object = None) -> None:
        super().__init__(message, advice)
        self.args = (message, advice, report)
        self.report = report
