"""Kernels look at every row, and are not believed: the sample finds out one that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from optout.filter.scan import Kernel, Scanned, State
from optout.filter.scan import kernels_for as true_kernels
from optout.registry.log import SigningKey

from .conftest import Run, detail, failed, told
from .forging import Forger

LINKS, PICTURES = "links.parquet", "deep/pictures.parquet"
MISSED = "links.parquet row 7: URL meets entry 0 (url), which the kernel passes over"
STAYED = "links.parquet row 7: entry 0 (url)"


class Wrong:
    """A kernel that says something else than the true one."""

    def __init__(self, kernel: Kernel, change: Callable[[Scanned], Scanned]) -> None:
        self.distinct = kernel.distinct
        self._kernel = kernel
        self._change = change

    def __call__(self, values: pa.LargeBinaryArray) -> Scanned:
        return self._change(self._kernel(values))


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable], None]:
    """Let the kernel of a role go wrong."""

    def change(role: str, how: Callable[[Scanned], Scanned]) -> None:
        def changed(*arguments: object) -> dict[str, Kernel]:
            kernels = dict(true_kernels(*arguments))
            return kernels | {role: Wrong(kernels[role], how)} if role in kernels else kernels

        monkeypatch.setattr("optout.filter.verify.pointing.kernels_for", changed)

    return change


def missing(scanned: Scanned) -> Scanned:
    return Scanned(scanned.states, {})


@pytest.fixture
def leaky(run: Run, operator: SigningKey) -> Run:
    """A run that never dropped a row."""
    forger = Forger(run, operator)
    forger.shard(LINKS, [m for m in forger.matches(LINKS) if m["row"] != 7])
    return forger.seal()


@pytest.mark.parametrize("options", [{}, {"exhaustive": True}, {"sample": 312}], ids=str)
def test_a_kernel_that_misses_is_found(leaky: Run, wrong: Callable, options: dict) -> None:
    wrong("url", missing)
    report = leaky.verify(inputs=False, **options)
    assert told(report) == [STAYED, MISSED]
    assert failed(report) == {"rows", "kernels"}
    fault = report.faults[1]
    assert (fault.shard, fault.row, fault.entry, fault.leaf) == (LINKS, 7, 0, "URL")


def test_what_no_sample_holds_rests_on_the_kernel_alone(leaky: Run, wrong: Callable) -> None:
    assert told(leaky.verify(inputs=False, sample=0)) == [STAYED]
    wrong("url", missing)
    assert told(leaky.verify(inputs=False, sample=0)) == []


def test_a_kernel_that_points_at_everything_is_not_wrong(leaky: Run, wrong: Callable) -> None:
    def pointing(scanned: Scanned) -> Scanned:
        return replace(scanned, traces=dict.fromkeys(range(len(scanned.states))))

    wrong("url", pointing)
    report = leaky.verify(inputs=False, sample=0)
    assert told(report) == [STAYED]
    assert "312 values" not in detail(report, "kernels")
    assert "313 values" in detail(report, "kernels")


def test_a_kernel_that_calls_sound_values_broken_is_found(clean: Run, wrong: Callable) -> None:
    def breaking(scanned: Scanned) -> Scanned:
        return replace(scanned, states=np.full_like(scanned.states, State.UNJUDGEABLE))

    wrong("image", breaking)
    report = clean.verify(inputs=False, sample=0)
    assert failed(report) == {"kernels"}
    assert told(report)[0] == (
        f"{PICTURES} row 0: jpg can be judged, and the kernel says that it cannot"
    )
    assert len(report.faults) == 15


def test_a_kernel_that_calls_broken_values_sound_is_found(
    run: Run, operator: SigningKey, wrong: Callable
) -> None:
    forger = Forger(run, operator)
    forger.shard(PICTURES, [m for m in forger.matches(PICTURES) if m["row"] != 5])

    def sound(scanned: Scanned) -> Scanned:
        return replace(scanned, states=np.full_like(scanned.states, State.JUDGED))

    wrong("image", sound)
    report = forger.seal().verify(inputs=False)
    assert {"rows", "kernels"} <= failed(report)
    assert f"{PICTURES} row 4: jpg cannot be judged, and the kernel says that it can" in told(
        report
    )
