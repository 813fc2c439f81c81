"""How much the service carries: look-ups, registrations, a list of a million, memory over time.

    python -m benchmarks.service                 half an hour
    python -m benchmarks.service rates           one part anew; the others stay as they were
    BENCH=quick python -m benchmarks.service     some minutes; only prints

Server and clients share the cores of this machine. Everything goes over loopback to one process of
`optout serve`, which has every safeguard but quotas. Beside it stands a route of FastAPI that does
nothing, on the same server.

Writes docs/service-load.json, and from it the tables of docs/service-load.md.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import platform
import re
import secrets
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .found import markdown
from .load import Requests, Told, drive, request
from .measuring import ROOT, machine
from .standing import DATABASES, Standing, nothing, service

RESULTS = ROOT / "docs" / "service-load.json"
PAGE = ROOT / "docs" / "service-load.md"

PARTS = ("rates", "memory", "list")

QUICK = os.environ.get("BENCH") == "quick"
SECONDS = 5 if QUICK else 10
ROUNDS = 1 if QUICK else 3
HELD = 20_000 if QUICK else 100_000
LIST = 50_000 if QUICK else 1_000_000
MINUTES = 1 if QUICK else 10
CONNECTIONS = 16

LOOK_UPS, REGISTRATIONS = 1000, 200
"""A second: what is promised, and at which rate the waits are counted."""

Result = dict[str, Any]


def look_up() -> Requests:
    """Ranges at random."""
    return lambda: request("GET", f"/v1/ranges/{secrets.token_hex(3)[:5]}")


def register() -> Requests:
    """One address that nobody has named."""
    numbers = itertools.count()
    run = secrets.token_hex(8)

    def made() -> bytes:
        value = f"https://{run}.example/{next(numbers)}.jpg"
        body = json.dumps({"items": [{"kind": "url", "value": value}]}).encode()
        return request("POST", "/v1/cases", body, Content_Type="application/json")

    return made


def do_nothing() -> Requests:
    """The route that does nothing."""
    message = request("GET", "/nothing")
    return lambda: message


def ask(address: str, requests: Requests, rate: float | None = None) -> Told:
    """Clients of one kind, for a while."""
    return asyncio.run(
        drive(address, requests, connections=CONNECTIONS, seconds=SECONDS, rate=rate)
    )


def as_figures(told: Told) -> dict[str, float]:
    """What is kept of it."""
    return {
        "a_second": told.a_second,
        "p50_ms": told.wait(0.5) * 1e3,
        "p99_ms": told.wait(0.99) * 1e3,
        "failed": told.failed,
    }


def rates(standing: Standing, bare: Standing) -> Result:
    """Look-ups and registrations, in turns with the route that does nothing."""
    found: dict[str, list[dict[str, float]]] = {}
    for _ in range(ROUNDS):
        for name, server, requests, rate in (
            ("nothing", bare, do_nothing(), None),
            ("look-ups", standing, look_up(), None),
            ("registrations", standing, register(), None),
            ("nothing at the rate", bare, do_nothing(), LOOK_UPS),
            ("look-ups at the rate", standing, look_up(), LOOK_UPS),
            ("registrations at the rate", standing, register(), REGISTRATIONS),
        ):
            found.setdefault(name, []).append(as_figures(ask(server.address, requests, rate)))
    return {
        name: {key: statistics.median(one[key] for one in told) for key in told[0]}
        for name, told in found.items()
    }


def upload(standing: Standing, rows: int) -> Result:
    """A list of addresses, from the first byte sent until the last one is registered."""
    key = standing.command("keys", "add", "Museum", "--for", "upload").strip()
    path = standing.folder / "list.parquet"
    name = secrets.token_hex(4)
    table = pa.table({"url": [f"https://{name}.example/works/{n}.jpg" for n in range(rows)]})
    pq.write_table(table, path)
    body = path.read_bytes()
    head = {
        "Authorization": f"API {key}",
        "Content-Type": "application/vnd.apache.parquet",
    }
    begun = time.perf_counter()
    identity = json.loads(_talk(standing, request("POST", "/v1/uploads", body, **head)))["id"]
    while True:
        told = json.loads(_talk(standing, request("GET", f"/v1/uploads/{identity}", **head)))
        if told["state"] not in {"waiting", "working"}:
            break
        time.sleep(0.2)
    seconds = time.perf_counter() - begun
    if told["changed"] != rows:
        raise RuntimeError(f"the list was not registered: {told}")
    return {"rows": rows, "bytes": len(body), "seconds": seconds}


def _talk(standing: Standing, message: bytes) -> bytes:
    import http.client
    from urllib.parse import urlsplit

    parts = urlsplit(standing.address)
    head, _, body = message.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=600)
    connection.request(method, path, body or None, headers)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    if answer.status >= 300:
        raise RuntimeError(f"{path} answers {answer.status}: {data[:200]!r}")
    return data


def endurance(standing: Standing) -> Result:
    """Memory, while half of what is promised is asked for and a tenth of it registered."""
    seen: list[tuple[float, int]] = []

    async def watch(end: float, begun: float) -> None:
        while (now := time.perf_counter()) < end:
            seen.append((now - begun, standing.memory()))
            await asyncio.sleep(2)

    async def main() -> tuple[Told, Told]:
        begun, seconds = time.perf_counter(), MINUTES * 60
        told = await asyncio.gather(
            drive(
                standing.address,
                look_up(),
                connections=CONNECTIONS,
                seconds=seconds,
                rate=LOOK_UPS / 2,
            ),
            drive(
                standing.address,
                register(),
                connections=CONNECTIONS,
                seconds=seconds,
                rate=REGISTRATIONS / 10,
            ),
            watch(begun + seconds, begun),
        )
        return told[0], told[1]

    asked, registered = asyncio.run(main())
    parts = [
        statistics.median(size for at, size in seen if low <= at / seen[-1][0] <= high)
        for low, high in ((0.1, 0.3), (0.4, 0.6), (0.8, 1.0))
    ]
    return {
        "minutes": MINUTES,
        "look-ups": as_figures(asked),
        "registrations": as_figures(registered),
        "early": parts[0],
        "middle": parts[1],
        "late": parts[2],
    }


def measure(parts: Sequence[str], before: Result) -> Result:
    """Some parts on either database; the others stay as they were found before."""
    found: Result = {
        "date": datetime.now(UTC).date().isoformat(),
        **machine(),
        "python": platform.python_version(),
        "versions": {n: version(n) for n in ("fastapi", "starlette", "uvicorn", "sqlalchemy")},
        "databases": {},
    }
    for database in DATABASES:
        part = dict(before.get("databases", {}).get(database, {}))
        if {"rates", "memory"} & set(parts):
            with service(database) as standing, nothing() as bare:
                part["held"] = upload(standing, HELD)
                _talk(standing, request("GET", "/snapshot/snapshot.json"))
                if "rates" in parts:
                    part["rates"] = rates(standing, bare)
                    _show(database, part["rates"])
                if "memory" in parts:
                    part["memory"] = endurance(standing)
                    _show(database, part["memory"])
        if "list" in parts:
            with service(database) as standing:
                part["list"] = upload(standing, LIST)
                _show(database, part["list"])
        found["databases"][database] = part
    return found


def _show(database: str, part: Result) -> None:
    print(database, json.dumps(part, indent=1), flush=True)


def bars(result: Result) -> list[tuple[str, ...]]:
    """What is promised, what is found, and whether that is enough."""
    rows = [("", "promised", *result["databases"], "")]
    parts = result["databases"].values()

    def add(what: str, promised: str, form: str, found: list[float], enough: list[bool]) -> None:
        shown = [form.format(each) for each in found]
        rows.append((what, promised, *shown, "met" if all(enough) else "**missed**"))

    for name, least in (("look-ups", LOOK_UPS), ("registrations", REGISTRATIONS)):
        most = [part["rates"][name]["a_second"] for part in parts]
        add(f"{name} a second", f"≥ {least:,}", "{:,.0f}", most, [one >= least for one in most])
        waits = [part["rates"][f"{name} at the rate"]["p99_ms"] for part in parts]
        what = f"99% of the waits, {least:,} {name} a second"
        add(what, "< 100 ms", "{:.0f} ms", waits, [one < 100 for one in waits])
    seconds = [part["list"]["seconds"] for part in parts]
    add(f"a list of {LIST:,}", "< 180 s", "{:.0f} s", seconds, [one < 180 for one in seconds])
    growth = [part["memory"]["late"] / part["memory"]["middle"] for part in parts]
    what = f"memory, last fifth of {MINUTES} minutes by the middle one"
    add(what, "≤ 1.05", "{:.2f}", growth, [one <= 1.05 for one in growth])
    return rows


def table(result: Result) -> list[tuple[str, ...]]:
    """Every rate, beside the route that does nothing."""
    rows = [("", "database", "a second", "half within", "99% within", "errors")]
    for database, part in result["databases"].items():
        for name, one in part["rates"].items():
            rows.append(
                (
                    name,
                    database,
                    f"{one['a_second']:,.0f}",
                    f"{one['p50_ms']:.1f} ms",
                    f"{one['p99_ms']:.1f} ms",
                    f"{one['failed']:,.0f}",
                )
            )
    return rows


def write(result: Result) -> None:
    """The page's tables from the figures."""
    page = PAGE.read_text()
    listed = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    facts = (
        f"Measured {result['date']} on {result['processor']}, {result['cores']} cores; "
        f"Python {result['python']}, {listed}.\n"
    )
    for name, text in (
        ("facts", facts),
        ("bars", markdown(bars(result), right=(2, 3))),
        ("rates", markdown(table(result), right=(2, 3, 4, 5))),
    ):
        page = re.sub(
            rf"(<!-- {name} -->\n).*?(<!-- end -->)",
            lambda found, text=text: found[1] + text + found[2],  # type: ignore[misc]
            page,
            flags=re.DOTALL,
        )
    PAGE.write_text(page)


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", choices=(*PARTS, []), help="all where none is named")
    parts = parser.parse_args().parts or PARTS
    before = json.loads(RESULTS.read_text()) if RESULTS.exists() and not QUICK else {}
    result = measure(parts, before)
    if QUICK and set(parts) != set(PARTS):
        return
    if not QUICK:
        RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    if all(set(PARTS) <= set(part) for part in result["databases"].values()):
        print(markdown(bars(result), right=(2, 3)))
        print(markdown(table(result), right=(2, 3, 4, 5)))
        if not QUICK:
            write(result)


if __name__ == "__main__":
    main()
