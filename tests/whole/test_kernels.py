"""Compiled or plain, a scan finds the same: not a byte of what a run leaves depends on it."""

from __future__ import annotations

from pathlib import Path

import pytest
from optout.filter.scan import are_compiled

from .schemas.forms import FORMS
from .schemas.sowing import Form, OptOuts
from .schemas.world import command, register, shelve
from .weighty import contents, said

pytestmark = pytest.mark.usefixtures("own_home")

MANY = 30


@pytest.fixture(scope="module")
def optouts() -> OptOuts:
    return OptOuts()


@pytest.fixture(scope="module")
def snapshot(optouts: OptOuts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return register(optouts, tmp_path_factory.mktemp("everything"))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_no_byte_depends_on_the_kernels(
    form: Form, optouts: OptOuts, snapshot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelve(form, optouts, MANY, tmp_path / "corpus")
    told = {}
    for kernels in ("compiled", "plain"):
        monkeypatch.setenv("OPTOUT_KERNELS", kernels)
        assert are_compiled() == (kernels == "compiled")
        given = (tmp_path / "corpus", "--snapshot", snapshot, *form.options)
        told[kernels] = command(
            "filter", *given, "--out", tmp_path / kernels / "out", "--json"
        ).json()
        told[kernels].pop("seconds")
    assert told["compiled"]["rows_dropped"] > 0
    assert told["compiled"] == told["plain"]
    assert contents(tmp_path / "compiled" / "out") == contents(tmp_path / "plain" / "out")
    assert said(tmp_path / "compiled" / "out") == said(tmp_path / "plain" / "out")
