from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from optout.api.proofs import Fetcher, FetchLimits

from .servers import LOOPBACK, Names, Site, Wired


@pytest.fixture(scope="package")
def _site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("site"))
    yield site
    site.close()


@pytest.fixture
def site(_site: Site) -> Site:
    """A server for anna.example and others, empty."""
    _site.pages.clear()
    _site.asked.clear()
    _site.names.clear()
    return _site


@pytest.fixture
def fetching(site: Site) -> Callable[..., Fetcher]:
    """A fetcher that may reach 127.0.0.1 and no other address."""

    def fetching(names: Names | None = None, **limits: float) -> Fetcher:
        told = {"seconds": 3.0, **limits}
        return Fetcher(
            names or Names(),
            rule=lambda address: address == LOOPBACK,
            trust=site.trust,
            backend=Wired(site.port),
            limits=FetchLimits(**told),
        )

    return fetching
