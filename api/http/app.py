"""The application: routes, errors and what stands around them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from optout.api.errors import Fault, TooOften
from optout.api.pages import Pages
from optout.api.places import where
from optout.api.service import (
    Counted,
    CountedNotice,
    Desk,
    Limits,
    Outside,
    Round,
    running,
    uncounted,
    uncounted_notice,
)
from optout.api.settings import Settings
from optout.api.words import says
from optout.registry.errors import OptOutError
from optout.registry.partners import Purpose
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from . import (
    around,
    cases,
    contacts,
    entries,
    files,
    log_pages,
    notices,
    proofs,
    ranges,
    reports,
    reviews,
    spawning,
    stopncii,
    uploads,
)
from .access import anybody, opened_by
from .code_quota import asker_of
from .domain_quota import DomainQuota
from .guard import BodyCeiling, Guard, log
from .notice_quota import NoticeQuota
from .openapi import DESCRIPTION, document_of
from .problems import Problem, problem_of, status_of
from .schemas import pointer
from .sender import SenderKnown
from .world import outside_of

_WATCH_SECONDS = 5.0
_LETTER_SECONDS = 15.0
_PROOF_SECONDS = 3600.0
_ANSWER_SECONDS = 3600.0
_WARM_SECONDS = 2.0
"""After its start, when the first requests are answered."""

_MACHINE_PATHS = (
    "/v1/",
    "/api/",
    "/snapshot/",
    "/checkpoint",
    "/key",
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
)


def build(
    location: str | Path,
    folder: Path | None,
    public_url: str | None,
    limits: Limits,
    settings: Settings | None = None,
    outside: Outside | None = None,
    *,
    beside: bool = False,
) -> FastAPI:
    """Make the application of one registry, which is opened at once.

    Args:
        location: the registry's SQLite file or database URL.
        folder: where snapshots are built; beside a SQLite file by default.
        public_url: how people reach the service, for links; each request's own host by default.
        limits: the service's ceilings.
        settings: what puts logs, quotas and metrics around it; nothing does by default.
        outside: what the service asks of the world; as the settings say by default.
        beside: whether long work has processes of its own, as whoever serves many wants it.

    Raises:
        RegistryError: there is no registry, or it cannot be opened.
    """
    # The defaults, wherever it runs; letters have links, too.
    held = settings or Settings.model_construct(public_url=public_url)
    desk = Desk.open(location, folder, limits, outside or outside_of(held), beside=beside)
    base = _base(public_url)
    lists = desk.partners.uploads(held.uploads, limits)
    counted: Counted = uncounted
    noticed: CountedNotice = uncounted_notice
    if settings is not None and settings.quotas.enabled:
        counted = DomainQuota(settings.quotas, settings.trusted_proxies).counted
        noticed = NoticeQuota(settings.quotas.networks, settings.trusted_proxies).counted
    pages = Pages(desk, base, counted, noticed, asker_of(settings))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        snapshot = Round("snapshot", _WATCH_SECONDS, desk.published.renew)
        erasures = Round("erasures", _WATCH_SECONDS, desk.published.watch)
        letters = Round("letters", _LETTER_SECONDS, desk.letters.send_due)
        rechecks = Round("proofs", _PROOF_SECONDS, desk.rechecks.run)
        answers = Round("answers", _ANSWER_SECONDS, desk.forget_answers)
        desk.when_erased.append(snapshot.wake)
        desk.letters.when_queued.append(letters.wake)
        lists.start()
        # Whoever only tries the service out has no use for it.
        warming = asyncio.create_task(_warm(desk)) if settings is not None else None
        try:
            async with running([snapshot, erasures, letters, rechecks, answers]):
                yield
        finally:
            if warming is not None:
                warming.cancel()
            await desk.contacts.close()
            await asyncio.to_thread(lists.close)
            await asyncio.to_thread(desk.close)

    def failure(request: Request, status: int) -> Response:
        if _is_for_machines(request):
            return Problem(status, _UNFORESEEN.get(status, ""))
        return pages.failure(request, status)

    app = FastAPI(
        title="optout",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        middleware=[
            Middleware(Guard, failure=failure),
            Middleware(SenderKnown, trusted=held.trusted_proxies),
            Middleware(BodyCeiling, limits=limits),
        ],
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.desk = desk
    readers = opened_by(desk.partners, Purpose.READ)
    # In the order in which they are looked through: what is asked most often comes first.
    app.include_router(ranges.routes(desk))
    app.include_router(cases.routes(desk, base, counted))
    app.include_router(contacts.routes(desk, asker_of(settings)))
    app.include_router(proofs.routes(desk))
    app.include_router(notices.routes(desk, noticed))
    app.include_router(reviews.routes(desk))
    app.include_router(files.routes(desk, readers if held.snapshot_key_required else anybody))
    app.include_router(log_pages.routes(desk))
    app.include_router(entries.routes(desk))
    app.include_router(spawning.routes(desk, readers if held.spawning_key_required else anybody))
    app.include_router(stopncii.routes(desk, readers))
    app.include_router(reports.routes(desk))
    app.include_router(uploads.routes(desk, lists))
    app.include_router(pages.router, include_in_schema=False)

    def refusal(request: Request, detail: str, advice: str, seconds: int) -> Response:
        if _is_for_machines(request):
            return Problem(429, detail, advice=advice)
        return pages.failure(request, 429, seconds)

    if settings is not None:
        around.equip(app, desk, settings, refusal, whose=desk.partners.name_of)

    async def ours(request: Request, error: Exception) -> Response:
        if not isinstance(error, OptOutError):  # Starlette's signature says no more
            raise error
        if status_of(error) in {500, 503}:
            log.error("%s", where(error))
        if _is_for_machines(request):
            return problem_of(error)
        seconds = error.seconds if isinstance(error, TooOften) else 0
        return pages.failure(request, status_of(error), seconds)

    async def http(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = dict((error.headers if isinstance(error, HTTPException) else None) or {})
        if status == 405:
            headers["Allow"] = ", ".join(_methods(app, request))
        if _is_for_machines(request):
            return Problem(status, _UNFORESEEN.get(status, ""), headers=headers)
        answer = pages.failure(request, status)
        answer.headers.update(headers)
        return answer

    async def invalid(_request: Request, error: Exception) -> Response:
        told = error.errors() if isinstance(error, RequestValidationError) else []
        if all(fault["loc"][0] == "path" for fault in told):
            return Problem(404, _UNFORESEEN[404])
        places = [
            Fault(pointer(*fault["loc"][1:]), fault["type"], f"{fault['loc'][-1]} {says(fault)}")
            for fault in told
        ]
        return Problem(422, "the request is not what this operation takes", faults=places)

    app.add_exception_handler(OptOutError, ours)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.openapi = lambda: document_of(app)  # type: ignore[method-assign]  # FastAPI's own way
    return app


async def _warm(desk: Desk) -> None:
    await asyncio.sleep(_WARM_SECONDS)
    try:
        await desk.warm()
    except Exception as error:  # whoever sends a hash will have it made
        log.error("%s", where(error))


_UNFORESEEN = {
    400: "the request's host is not a host name",
    403: "a page of another site has sent this; nothing was done",
    404: "there is nothing here",
    405: "this address does not take that method",
    500: "something unforeseen went wrong; it has been noted",
}


def _is_for_machines(request: Request) -> bool:
    path = request.url.path
    return any(path == prefix.rstrip("/") or path.startswith(prefix) for prefix in _MACHINE_PATHS)


def _methods(app: FastAPI, request: Request) -> list[str]:
    """Every method that an address takes: Starlette names those of one route only."""
    scope = dict(request.scope)
    return [
        method
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE")
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in app.routes)
    ]


def _base(public_url: str | None) -> Callable[[Request], str]:
    def base(request: Request) -> str:
        return (public_url or str(request.base_url)).rstrip("/")

    return base
