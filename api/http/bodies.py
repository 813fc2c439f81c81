"""Bodies that are needed whole: in memory, and not too many large ones at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request
from optout.api.service import Desk


@asynccontextmanager
async def whole_body(request: Request, desk: Desk) -> AsyncIterator[bytes]:
    """A request's body, which holds a place for as long as it is needed where it is large.

    Raises:
        Busy: it is large, and too many are waiting already.
    """
    async with desk.uploads.hold_beyond(desk.limits.words, request.stream()) as body:
        yield b"".join([chunk async for chunk in body])
