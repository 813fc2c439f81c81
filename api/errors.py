"""What can go wrong between a person and the registry.

OptOutError
├── MissingExtra       the service's libraries are not installed
├── CannotListen       the service cannot take the address it was given
├── Busy               more is under way than the service takes on at once
└── UsageError
    ├── UnreadableBody     a request's body is not what its content type says
    ├── SecretMissing      a request to a case does not bring its secret
    ├── UnsupportedBody    a request's content type is none that is taken here
    ├── BodyTooLarge       a request's body, or a part of it, exceeds a limit
    └── ItemsRefused       some items of a case cannot be registered, so none is
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optout.registry.errors import OptOutError, UsageError


class MissingExtra(OptOutError):  # noqa: N818  # says what happened
    """The libraries of `optout[serve]` are not installed."""


class CannotListen(OptOutError):  # noqa: N818  # says what happened
    """The host or port cannot be listened on: taken, forbidden or unknown."""


class Busy(OptOutError):  # noqa: N818  # says what happened
    """More is under way than the service takes on at once: HTTP status 503."""


class UnreadableBody(UsageError):  # noqa: N818  # says what happened
    """A request's body is not what its content type says: HTTP status 400."""


class SecretMissing(UsageError):  # noqa: N818  # says what happened
    """A request to a case does not bring its secret: HTTP status 401."""

    def __init__(self) -> None:
        super().__init__(
            "the case's secret is missing",
            "Send it as Authorization: Bearer XXXX-XXXX-XXXX-XXXX.",
        )


class UnsupportedBody(UsageError):  # noqa: N818  # says what happened
    """A request's content type is none that is taken here: HTTP status 415."""


class BodyTooLarge(UsageError):  # noqa: N818  # says what happened
    """A request's body, or a part of it, exceeds a limit: HTTP status 413."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why one place of a request is refused.

    Attributes:
        pointer: the place, as a URI fragment with a JSON pointer (RFC 6901, section 6); empty for
            the request as a whole.
        reason: a stable word for programs, such as `public-suffix`.
        detail: the reason in English.
        advice: what to do about it, as a sentence; may be empty.
    """

    pointer: str
    reason: str
    detail: str
    advice: str = ""


class ItemsRefused(UsageError):  # noqa: N818  # says what happened
    """Some items of a case cannot be registered, so none is: HTTP status 422."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        count = f"{len(faults)} items" if len(faults) != 1 else "1 item"
        super().__init__(
            f"{count} cannot be taken as given",
            "Nothing was changed. Correct or leave out what is listed, and send again.",
        )
        self.faults = tuple(faults)
