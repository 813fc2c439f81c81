"""/metrics: figures for Prometheus, in a registry of their own, with nobody in their labels."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from fastapi import APIRouter, Request
from optout.api.places import where
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.responses import Response

from .guard import log
from .logs import Seen
from .quotas import is_near

if TYPE_CHECKING:
    from optout.api.settings import Metrics

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


@dataclass(frozen=True, slots=True)
class Figures:
    """What is read anew for every look at the metrics; None is not known, and not shown.

    Attributes:
        log_size: records of the log.
        waiting: requests or tasks that wait, by the name of their queue.
    """

    log_size: int | None = None
    waiting: Mapping[str, int] = field(default_factory=dict)


Reading: TypeAlias = Awaitable[Figures]


class Meters:
    """Everything that is counted.

    Args:
        figures: reads what is not counted by request; without it, none of that is shown.
    """

    def __init__(self, figures: Callable[[], Reading] | None = None) -> None:
        self._figures = figures
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "optout_requests",
            "Requests answered.",
            ("route", "method", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "optout_request_seconds",
            "How long requests took.",
            ("route",),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._registrations = Counter(
            "optout_registrations", "Cases opened.", registry=self._registry
        )
        self._entries = Counter("optout_entries", "Entries registered.", registry=self._registry)
        self._log_size: Gauge | None = None
        self._waiting: Gauge | None = None

    def saw(self, seen: Seen) -> None:
        """Count one request."""
        self._requests.labels(seen.route, seen.method, str(seen.status)).inc()
        self._seconds.labels(seen.route).observe(seen.seconds)

    def registered(self, entries: int) -> None:
        """Count one case that was opened.

        Args:
            entries: how many it brought.
        """
        self._registrations.inc()
        self._entries.inc(entries)

    async def shown(self) -> bytes:
        """Every figure, in the text format of Prometheus."""
        if self._figures is not None:
            try:
                self._take(await self._figures())
            except Exception as error:  # the counters are still worth showing
                log.error("%s", where(error))
        return generate_latest(self._registry)

    def _take(self, figures: Figures) -> None:
        # Made once there is something to show: a zero would be a lie.
        if figures.log_size is not None:
            self._log_size = self._log_size or Gauge(
                "optout_log_size", "Records of the log.", registry=self._registry
            )
            self._log_size.set(figures.log_size)
        for queue, length in figures.waiting.items():
            self._waiting = self._waiting or Gauge(
                "optout_waiting", "Who waits, by queue.", ("queue",), registry=self._registry
            )
            self._waiting.labels(queue).set(length)


def routes(meters: Meters, settings: Metrics) -> APIRouter:
    """The operation that shows the figures to who may see them.

    Args:
        meters: the figures.
        settings: who may see them. For all others there is nothing here.
    """
    router = APIRouter()

    @router.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        """Show the figures."""
        if not _may_see(request, settings):
            raise HTTPException(404)
        return Response(await meters.shown(), media_type=CONTENT_TYPE_LATEST)

    return router


def _may_see(request: Request, settings: Metrics) -> bool:
    if settings.access == "loopback":
        return is_near(request.scope)
    if settings.access != "token" or settings.token is None:
        return False
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    known = settings.token.get_secret_value().encode()
    return scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), known)
