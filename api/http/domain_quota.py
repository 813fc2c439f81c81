"""How much one network may register without proof below one registrable domain in a day.

Who has a site or an account names it, once: long lists of addresses below one domain come from
partners, who bring an API key, or from somebody who means harm. It is counted by network and by
domain, so that nobody's list keeps others from theirs.

As with every quota what is counted lives in this process, and it fails open; see `quotas`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from optout.api.errors import TooMuchBelow
from optout.api.service import Item, Rate, TakeBack, Windows, below, instead
from starlette.requests import Request

from .quotas import Networks, in_words, network_of

if TYPE_CHECKING:
    from optout.api.settings import Quotas

_ADVICE = {
    "site": "Register the site {domain} itself: it covers every address below it. ",
    "account": "Register the account instead: it covers every address below it. ",
    "prefix": "Register a prefix instead: it covers every address below it. ",
    "none": "",
}
_LONGER = "Whoever has a longer list gets an API key."


class DomainQuota:
    """Counts what networks register below domains.

    Args:
        quotas: how much is too much.
        trusted: proxies whose X-Forwarded-For is believed.
        clock: seconds since some moment; nobody may set it back or forth.
    """

    def __init__(
        self, quotas: Quotas, trusted: Networks = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = Rate.parse(quotas.domain)
        self._trusted = trusted
        self._windows = Windows(quotas.networks, clock)

    @contextmanager
    def counted(self, request: Request, items: Sequence[Item]) -> Iterator[TakeBack]:
        """Count what a request registers; where that fails, nothing is counted.

        Yields:
            what takes it back, where nothing was registered after all.

        Raises:
            TooMuchBelow: with what to register instead.
        """
        network = network_of(request.scope, self._trusted)
        counts = Counter(filter(None, map(below, items)))
        for domain, count in counts.items():
            if self._windows.left(f"{network} {domain}", self._rate) < count:
                raise self._refusal(network, domain, count)
        for domain, count in counts.items():
            self._windows.hit(f"{network} {domain}", self._rate, count)

        def take_back() -> None:
            for domain, count in counts.items():
                self._windows.take_back(f"{network} {domain}", count)

        try:
            yield take_back
        except Exception:
            take_back()
            raise

    def _refusal(self, network: str, domain: str, count: int) -> TooMuchBelow:
        amount, seconds = self._rate
        other = instead(domain)
        return TooMuchBelow(
            f"your network may register {amount:,} things below {domain} within "
            f"{in_words(seconds)}, and no more",
            _ADVICE[other].format(domain=domain) + _LONGER,
            self._windows.wait(f"{network} {domain}", self._rate, count),
            domain,
            other,
        )
