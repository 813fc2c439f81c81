"""What can go wrong between a person and the registry.

OptOutError
├── MissingExtra       the service's libraries are not installed
├── CannotListen       the service cannot take the address it was given
├── Busy               more is under way than the service takes on at once
├── WorkerBroken       a process beside the service was ended from outside
├── LetterDelayed      a letter could not be sent now, and may be later
├── LetterRefused      a letter will not be taken, however often it is sent
├── CannotAsk          the name servers gave no answer that can be used
├── CannotFetch        a page could not be fetched, or not in full
│   └── PageForbidden      its address is none that this service connects to
└── UsageError
    ├── Unprovable         control of this subject cannot be proved in this way
    ├── SettingRefused     a setting is unknown, or its value cannot be used
    ├── AddressRefused     a mail address is none that can be written to
    ├── UnreadableBody     a request's body is not what its content type says
    ├── SecretMissing      a request to a case does not bring its secret
    ├── KeyMisplaced       an API key opens something else
    ├── TooOften           a case asks more often than it may
    │   └── TooMuchBelow       a network registers too much below one domain
    ├── ProofOver          a proof has ended, and is looked at no more
    ├── UnsupportedBody    a request's content type is none that is taken here
    ├── BodyTooLarge       a request's body, or a part of it, exceeds a limit
    └── ItemsRefused       some items of a case cannot be registered, so none is
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optout.registry.errors import OptOutError, UsageError

_ITEMS = ("#/items/", "#/item/", "#/lines/", "#/pictures/")
"""Where the items of a request stand."""


class MissingExtra(OptOutError):  # noqa: N818  # says what happened
    """The libraries of `optout[serve]` are not installed."""


class CannotListen(OptOutError):  # noqa: N818  # says what happened
    """The host or port cannot be listened on: taken, forbidden or unknown."""


class Busy(OptOutError):  # noqa: N818  # says what happened
    """More is under way than the service takes on at once: HTTP status 503."""


class WorkerBroken(OptOutError):  # noqa: N818  # says what happened
    """A process beside the service was ended from outside: it crashed, or its memory was needed."""


class LetterDelayed(OptOutError):  # noqa: N818  # says what happened
    """A letter could not be sent now; it is to be tried again later."""


class LetterRefused(OptOutError):  # noqa: N818  # says what happened
    """The mail server will not take a letter, however often it is sent."""


class CannotAsk(OptOutError):  # noqa: N818  # says what happened
    """The name servers gave no answer that can be used: says nothing about who is asked for."""


class CannotFetch(OptOutError):  # noqa: N818  # says what happened
    """A page could not be fetched, or not in full: says nothing about whose it is."""


class PageForbidden(CannotFetch):
    """A page's address is none that this service connects to."""


class Unprovable(UsageError):  # noqa: N818  # says what it is
    """Control of this subject cannot be proved in this way."""


class SettingRefused(UsageError):  # noqa: N818  # says what happened
    """A setting is unknown, or its value cannot be used."""


class AddressRefused(UsageError):  # noqa: N818  # says what happened
    """A mail address is none that can be written to."""

    def __init__(self, message: str, advice: str, reason: str) -> None:
        super().__init__(message, advice)
        self.reason = reason
        """A stable word for programs and for translation, such as `not-ascii`."""


class UnreadableBody(UsageError):  # noqa: N818  # says what happened
    """A request's body is not what its content type says: HTTP status 400."""


class SecretMissing(UsageError):  # noqa: N818  # says what happened
    """A request to a case does not bring its secret: HTTP status 401."""

    def __init__(self) -> None:
        super().__init__(
            "the case's secret is missing",
            "Send it as Authorization: Bearer XXXX-XXXX-XXXX-XXXX.",
        )


class KeyMisplaced(UsageError):  # noqa: N818  # says what happened
    """An API key opens something else than what is asked for: HTTP status 403."""


class TooOften(UsageError):  # noqa: N818  # says what happened
    """Somebody asks more often than is answered: HTTP status 429."""

    def __init__(self, message: str, advice: str, seconds: int) -> None:
        super().__init__(message, advice)
        self.seconds = seconds
        """After how many seconds it may be asked again, at least 1."""


class TooMuchBelow(TooOften):
    """A network registers more below one domain than anybody's list may have."""

    def __init__(self, message: str, advice: str, seconds: int, domain: str, instead: str) -> None:
        super().__init__(message, advice, seconds)
        self.domain = domain
        """The domain, or `accounts on` a platform."""
        self.instead = instead
        """What covers all of it: `site`, `account`, `prefix` or `none`."""


class KeyTaken(UsageError):  # noqa: N818  # says what it is
    """The key of a request that may come again came with another request."""


class ProofOver(UsageError):  # noqa: N818  # says what it is
    """A proof has ended, and is looked at no more: HTTP status 409."""


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
        # Of a case's items, or of any other fields of a request.
        of_items = all(fault.pointer.startswith(_ITEMS) for fault in faults)
        noun = "item" if of_items else "field"
        count = f"{len(faults)} {noun}s" if len(faults) != 1 else f"1 {noun}"
        super().__init__(
            f"{count} cannot be taken as given",
            "Nothing was changed. Correct or leave out what is listed, and send again.",
        )
        self.faults = tuple(faults)
