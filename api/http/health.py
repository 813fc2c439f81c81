"""/readyz: whether this service should be sent requests. /healthz says only that it is alive."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter
from optout.api.places import where
from starlette.responses import Response

from .answers import Json
from .guard import log

SECONDS = 5.0
"""How long one check may take."""

Check = Callable[[], Awaitable[object]]
"""Something that must hold: it does not where this raises, or tells False."""


def routes(checks: Mapping[str, Check]) -> APIRouter:
    """The operation that tells whether all is ready.

    Args:
        checks: what must hold, by its name.
    """
    router = APIRouter(tags=["public files"])

    @router.head("/readyz", include_in_schema=False)
    @router.get("/readyz", include_in_schema=False)
    async def ready() -> Response:
        """Tell whether the registry answers, its vault takes erasures, and a snapshot is there."""
        found = dict(zip(checks, await asyncio.gather(*map(_holds, checks.values())), strict=True))
        whole = all(found.values())
        document = {
            "status": "ready" if whole else "not ready",
            "checks": {name: "ok" if holds else "failed" for name, holds in found.items()},
        }
        return Json(document, 200 if whole else 503, None if whole else {"Retry-After": "5"})

    return router


async def _holds(check: Check) -> bool:
    try:
        async with asyncio.timeout(SECONDS):
            return await check() is not False
    except Exception as error:  # why it fails is for the operator, not for whoever asks
        log.error("%s", where(error))
        return False
