"""What settings put around the application: its log, its quotas, its figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fastapi import FastAPI
from optout.api.service import Desk
from starlette.middleware import Middleware

from . import health, metrics
from .logs import RequestLog
from .metrics import Figures, Meters
from .quotas import KeyCheck, QuotaGate, Refusal

if TYPE_CHECKING:
    from optout.api.settings import Settings


def equip(
    app: FastAPI,
    desk: Desk,
    settings: Settings,
    refusal: Refusal,
    *,
    whose: KeyCheck | None = None,
) -> None:
    """Put log, quotas, metrics and readiness around an application that has its routes.

    Args:
        app: not yet started.
        desk: what is asked whether it is ready.
        settings: what holds.
        refusal: makes the answer to who asks too often.
        whose: whose API key something is.
    """
    meters = Meters(_figures(desk))
    desk.when_opened.append(meters.registered)
    app.include_router(metrics.routes(meters, settings.metrics))
    app.include_router(health.routes(_ready(desk)))
    if settings.quotas.enabled:
        # Within the guard, which is the first; before anything is read.
        app.user_middleware.insert(
            1,
            Middleware(
                QuotaGate,
                quotas=settings.quotas,
                refusal=refusal,
                trusted=settings.trusted_proxies,
                whose=whose,
            ),
        )
    app.user_middleware.insert(0, Middleware(RequestLog, told=[meters.saw]))


def _ready(desk: Desk) -> dict[str, health.Check]:
    # A registry whose tables are not current is not opened at all.
    async def snapshot() -> bool:
        return desk.published.is_there  # to build one is not for whoever asks

    return {"registry": desk.ping, "vault": desk.can_erase, "snapshot": snapshot}


def _figures(desk: Desk) -> Callable[[], metrics.Reading]:
    async def figures() -> Figures:
        # A checkpoint's second line is the size of the log (C2SP tlog-checkpoint).
        size = int((await desk.checkpoint()).split("\n")[1])
        return Figures(log_size=size, waiting=desk.waiting())

    return figures
