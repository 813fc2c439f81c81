"""What opens what is not for everybody: a case's secret, or an API key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Path
from optout.api.errors import SecretMissing
from optout.api.service import PartnerDesk
from optout.registry.partners import Purpose
from starlette.requests import Request

from .problems import Problem

CaseNumber = Annotated[str, Path(description="The case number.", examples=["K7WQ-2MZD"])]
NoticeNumber = Annotated[str, Path(description="The notice's number.", examples=["H3PX-77QA"])]
SECURED: dict[str, Any] = {"security": [{"secret": []}]}
"""The OpenAPI description of an operation that needs the secret of the case, or of the notice."""

KEYED: dict[str, Any] = {"security": [{"key": []}]}
"""The OpenAPI description of an operation that needs an API key."""

KEY_WELCOME: dict[str, Any] = {"security": [{}, {"key": []}]}
"""Of one that needs an API key where the service's settings say so."""

KeyAccepted = Callable[[str], Awaitable[bool]]
"""Whether an API key, empty where none was sent, opens something.

A key that opens something else raises `KeyMisplaced`.
"""


UNLOCKED = "optout.unlocked"
"""Set in the scope of a request whose secret is the right one, whatever is not found with it."""


def unlocked(request: Request) -> None:
    """Say that a request's secret is the right one: whatever the answer, nobody has guessed."""
    request.scope[UNLOCKED] = True


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
        "this needs an API key of this registry",
        advice="Send it as Authorization: API <key>. Whoever runs the registry gives one.",
        headers={"WWW-Authenticate": 'API realm="optout"'},
    )


def secret_of(request: Request) -> str:
    """The secret of a case or of a notice, from the Authorization header.

    Raises:
        SecretMissing: there is none.
    """
    scheme, _, secret = request.headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise SecretMissing
    return secret.strip()
