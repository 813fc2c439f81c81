"""`datadiligence`, Spawning's own client, asks a server with nothing but its address replaced."""

from __future__ import annotations

import asyncio
import contextlib
import io
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.api.cli import main
from optout.api.cli.exits import Exit
from optout.api.http import create_app
from optout.api.http.server import address_of, listen, server_of
from optout.registry import Identifier, Registry
from optout.registry.identifiers import Grade
from optout.registry.registry import Claim

OUT = [
    "https://anna.example/2024/harbour.jpg",
    "http://www.bea.example/anything?at=all",
    "https://gallery.example/members/carla/1.png",
    "https://www.instagram.com/dora/",
]
IN = [
    "https://anna.example/2024/other.jpg",
    "https://gallery.example/members/carl/1.png",
    "https://www.instagram.com/doralina/",
    "https://nobody.example/",
    "no address",
    "https://münchen.example/straße?q=%20",
]


@pytest.fixture(scope="module")
def diligence() -> ModuleType:
    """The package, as it comes."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()) as said:
        warnings.filterwarnings("ignore", module=r"datadiligence|requests|pkg_resources")
        import datadiligence
    assert "Spawning API key not found" in said.getvalue() or not said.getvalue()
    return datadiligence


@pytest.fixture(scope="module")
def registry(new_registry: Callable[[], Path]) -> Path:
    """One thing of each kind that an address can be opted out by."""
    database = new_registry()
    with Registry.open(database) as opened:
        opened.add(
            [
                Claim(Identifier.url(OUT[0])),
                Claim(Identifier.site("bea.example"), grade=Grade.DOMAIN),
                Claim(Identifier.prefix("gallery.example/members/carla/")),
                Claim(Identifier.account("instagram:dora")),
            ]
        )
    return database


@pytest.fixture(scope="module")
def served(registry: Path) -> Iterator[str]:
    """Where the service listens: with the limits it has by default."""
    ready = threading.Event()
    with listen("127.0.0.1", 0) as listener:
        server = server_of(create_app(registry), ready.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert ready.wait(30)
            yield address_of(listener)
        finally:
            server.should_exit = True
            thread.join(30)


@pytest.fixture
def spawning(
    served: str, diligence: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., object]:
    """Makes rules that ask the service."""
    from datadiligence.rules import SpawningAPI

    assert diligence.__version__
    monkeypatch.setenv(SpawningAPI.API_KEY_ENV_VAR, "any")
    monkeypatch.setattr(SpawningAPI, "SPAWNING_AI_API_URL", f"{served}/api/v2/query/urls/")
    return SpawningAPI


def filtered(registry: Path, folder: Path, addresses: list[str]) -> list[str]:
    """What `optout filter` keeps."""
    corpus = folder / "corpus"
    corpus.mkdir()
    pq.write_table(pa.table({"url": addresses}), corpus / "a.parquet")
    with Registry.open(registry) as opened:
        opened.snapshot(folder / "snapshot")
    command = ("filter", str(corpus), "--snapshot", str(folder / "snapshot"))
    assert main([*command, "--out", str(folder / "out")]) == Exit.DONE
    kept: list[str] = pq.read_table(folder / "out" / "a.parquet")["url"].to_pylist()
    return kept


def test_the_clients_own_calls_tell_what_is_opted_out(spawning: Callable[..., object]) -> None:
    rule = spawning(chunk_size=64)
    asked = [*OUT, *IN, OUT[0], IN[0]] * 30
    allowed = [address in IN for address in asked]
    kept = [address for address in asked if address in IN]
    assert rule.is_allowed(asked) == allowed
    assert rule.filter_allowed(asked) == kept
    assert rule.is_allowed(url=OUT[1]) == [False]
    assert asyncio.run(rule.filter_allowed_async(asked)) == kept
    assert asyncio.run(rule.is_allowed_async(asked)) == allowed


def test_the_package_filters_by_what_it_loads_by_itself(
    spawning: Callable[..., object], diligence: ModuleType
) -> None:
    diligence.load_defaults()
    assert diligence.filter_allowed(urls=[*OUT, *IN]) == IN
    assert diligence.is_allowed(urls=[OUT[0], IN[0]]) == [False, True]


@pytest.mark.long
def test_a_hundred_thousand_addresses_are_filtered_as_a_corpus_is(
    spawning: Callable[..., object], registry: Path, tmp_path: Path
) -> None:
    made = [f"https://site{number % 977}.example/{number}.jpg" for number in range(99_000)]
    asked = made + (OUT + IN[:4]) * 125
    asked = [asked[place * 7919 % len(asked)] for place in range(len(asked))]
    assert len(asked) == 100_000
    kept = filtered(registry, tmp_path, asked)
    assert len(kept) == 99_500
    assert spawning().filter_allowed(asked) == kept
    assert asyncio.run(spawning().filter_allowed_async(asked)) == kept
