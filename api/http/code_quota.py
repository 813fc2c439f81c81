"""How many codes to addresses of mail one network may ask for; see `service.contacts`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from optout.api.service import CodeAsker, Rate
from starlette.requests import Request

from .quotas import network_of

if TYPE_CHECKING:
    from optout.api.settings import Settings


def asker_of(settings: Settings | None) -> Callable[[Request], CodeAsker | None]:
    """Whose codes a request is counted with; None where nothing is counted.

    Args:
        settings: how many are too many, and whose X-Forwarded-For is believed.
    """
    if settings is None or not settings.quotas.enabled:
        return lambda _: None
    rate, trusted = Rate.parse(settings.quotas.codes), settings.trusted_proxies
    return lambda request: CodeAsker(network_of(request.scope, trusted), rate)
