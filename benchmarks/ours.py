"""This project on the same jobs: `optout`, as anybody would run it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from .measuring import Contender

OPTOUT = Path(sys.executable).with_name("optout")
NAME = "optout"
URLS = ("--kind", "url")
RULES = (*URLS, "--kind", "site", "--kind", "prefix", "--kind", "account")


def filter_(
    job: str,
    shards: list[Path],
    snapshot: Path,
    folder: Path,
    *options: str,
    rows: int,
    name: str = NAME,
    expected: int | None = None,
    cores: int = 0,
    rounds: int = 99,
    may_be_more: bool = False,
) -> Contender:
    """One run of `optout filter`, always into a folder that is not there."""
    out = folder / "filtered"
    command = (OPTOUT, "filter", *shards, "--snapshot", snapshot, "--out", out, "--json", *options)
    size = sum(path.stat().st_size for path in shards)
    begin = fresh(out)
    return Contender(
        name, job, command, rows, size, rounds, begin, expected, cores, may_be_more=may_be_more
    )


def fresh(out: Path) -> Callable[[], None]:
    """Removes the output of a run, and what lies beside it."""

    def remove() -> None:
        for path in (out, out.with_name(f"{out.name}.optout")):
            shutil.rmtree(path, ignore_errors=True)

    return remove


def scans(
    shards: list[Path],
    snapshots: dict[str, Path],
    folder: Path,
    *,
    codec: str,
    rows: int,
    expected: int,
) -> Iterator[Contender]:
    """Looking without writing: exact addresses, and all rules for addresses."""
    common = {"rows": rows, "expected": expected}
    for cores in (1, 2):
        cored = {**common, "cores": cores}
        with_ = f"{cores} core{'s' if cores > 1 else ''}"
        yield filter_(
            f"scan {codec}", shards, snapshots["urls"], folder, "--dry-run", *URLS, **cored,
            name=f"{NAME}, exact urls, {with_}",
        )  # fmt: skip
        yield filter_(
            f"scan {codec}", shards, snapshots["rules"], folder, "--dry-run", *RULES, **cored,
            name=f"{NAME}, all url rules, {with_}", may_be_more=True,
        )  # fmt: skip


def verify(
    shards: list[Path], snapshot: Path, folder: Path, *, codec: str, rows: int
) -> Iterator[Contender]:
    """Auditing what a run left, beside a scan of every column; that run is not measured."""
    out = folder / "audited"
    command = (OPTOUT, "filter", *shards, "--snapshot", snapshot, "--out", out)
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"  ! nothing to verify: {done.stderr[-1000:]}", file=sys.stderr)
        return
    size = sum(path.stat().st_size for path in shards)
    audit = (OPTOUT, "verify", out, "--snapshot", snapshot, "--json")
    yield filter_(
        f"verify {codec}", shards, snapshot, folder, "--dry-run", rows=rows, name=f"{NAME}, scan"
    )
    yield Contender(NAME, f"verify {codec}", audit, rows, size)


def warm() -> str:
    """Compile ahead; what was said about it."""
    done = subprocess.run([str(OPTOUT), "warm"], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip()
