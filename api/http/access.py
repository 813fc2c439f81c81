"""Whose key opens what is not for everybody: the check is handed in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request

from .problems import Problem

KeyAccepted = Callable[[str], Awaitable[bool]]
"""Whether an API key, empty where none was sent, opens something."""


async def anybody(_key: str) -> bool:
    """Accepts any key, and none."""
    return True


def key_of(request: Request) -> str:
    """The key of `Authorization: API <key>` or `Bearer <key>`; empty where there is none."""
    scheme, _, key = request.headers.get("authorization", "").strip().partition(" ")
    return key.strip() if scheme.lower() in {"api", "bearer"} else ""


async def refusal(request: Request, accepted: KeyAccepted) -> Problem | None:
    """The answer to a request whose key does not open this; None where it does."""
    if await accepted(key_of(request)):
        return None
    return Problem(
        401,
        "this needs an API key that holds here",
        advice="Send it as Authorization: API <key>.",
        headers={"WWW-Authenticate": 'API realm="optout"'},
    )
