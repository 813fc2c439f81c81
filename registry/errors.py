"""The root of every error that optout raises on purpose.

    OptOutError
    ├── UsageError             the request itself cannot be carried out as it was put
    │   ├── IdentifierError    a value is not what its kind asks for
    │   │   └── PictureError   a picture cannot be read, or is too flat to tell apart
    │   └── TransitionError    the log does not allow this step for that entry
    ├── CaseNotFound           there is no such case, or its secret is another one
    ├── RegistryError          the registry's database or key is missing, damaged or newer
    ├── LogFault               a log, checkpoint or opening breaks its own rules
    ├── SnapshotError          a snapshot is missing, unreadable or newer
    │   └── SnapshotFault      it is not what its key has signed
    ├── filter.errors          see `optout.filter.errors`
    └── api.errors             see `optout.api.errors`

A message names the thing and says what is wrong; `advice` says what to do next.
"""

from __future__ import annotations


class OptOutError(Exception):
    """Base of all errors that optout raises on purpose.

    Args:
        message: names the thing and says what is wrong with it, without a full stop.
        advice: what the reader can do about it, as a sentence; may be empty.
    """

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message, advice)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message}. {self.advice}" if self.advice else self.message


class UsageError(OptOutError):
    """The request cannot be carried out as it was put: exit code 2, HTTP status 422."""


class IdentifierError(UsageError):
    """A value is not what its kind asks for."""


class PictureError(IdentifierError):
    """A picture cannot be read, is too large, or is too flat to tell apart from others."""


class TransitionError(UsageError):
    """The log does not allow this step for that entry; `registry.log.TRANSITIONS` is the table."""


class CaseNotFound(OptOutError):  # noqa: N818  # says what happened
    """There is no such case, or its secret is another one: nobody is told which."""


class RegistryError(OptOutError):
    """The registry's database or key is missing, damaged, locked or of a newer version."""


class LogFault(OptOutError):  # noqa: N818  # says what happened
    """A log, checkpoint, proof or opening breaks its own rules."""


class SnapshotError(OptOutError):
    """A snapshot is missing, cannot be read, or is of a newer format."""


class SnapshotFault(SnapshotError):  # noqa: N818  # says what it is
    """A snapshot is not what its key has signed, or not signed by the key that is expected."""
