"""Whose key opens what is not for everybody: the check is handed in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from optout.api.service import PartnerDesk
from optout.registry.partners import Purpose
from starlette.requests import Request

from .problems import Problem

KeyAccepted = Callable[[str], Awaitable[bool]]
"""Whether an API key, empty where none was sent, opens something.

A key that opens something else raises `KeyMisplaced`.
"""


async def anybody(_key: str) -> bool:
    """Accepts any key, and none."""
    return True


def opened_by(partners: PartnerDesk, purpose: Purpose) -> KeyAccepted:
    """Accepts partners' keys for one purpose."""

    async def accepted(key: str) -> bool:
        return await partners.bearer(key, purpose) is not None

    return accepted


def key_of(request: Request) -> str:
    """The key of `Authorization: API <key>` or `Bearer <key>`; empty where there is none."""
    scheme, _, key = request.headers.get("authorization", "").strip().partition(" ")
    return key.strip() if scheme.lower() in {"api", "bearer"} else ""


async def refusal(request: Request, accepted: KeyAccepted) -> Problem | None:
    """The answer to a request without a key that holds; None where its key opens this.

    Raises:
        KeyMisplaced: the key holds, and opens something else.
    """
    return None if await accepted(key_of(request)) else key_missing()


def key_missing() -> Problem:
    """The answer to a request that brings no key, or one that is nobody's."""
    return Problem(
        401,
        "this needs an API key that holds here",
        advice="Send it as Authorization: API <key>.",
        headers={"WWW-Authenticate": 'API realm="optout"'},
    )
