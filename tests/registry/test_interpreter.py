"""A fresh interpreter imports what this one does, and trusts nothing more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from optout.registry.interpreter import fresh

TOLD = "import json; print(json.dumps([sys.path, sys.argv[2:], sys.flags.isolated]))"


def told(command: list[str], **environment: str) -> list:
    import json

    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | environment
    )
    return json.loads(done.stdout)


def test_it_imports_from_the_same_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, "it's here", str(tmp_path), Path("passed over")])
    path, arguments, _ = told(fresh(TOLD, "a b", "ü"))
    assert path == [place for place in sys.path if isinstance(place, str)]
    assert arguments == ["a b", "ü"]


def test_it_is_isolated_where_this_one_is(tmp_path: Path) -> None:
    for name in ("sitecustomize.py", "json.py"):
        (tmp_path / name).write_text("raise SystemExit('run from where nobody asked')")
    script = (
        f"import sys; sys.path[:] = {sys.path!r}\n"
        "import subprocess\n"
        "from optout.registry.interpreter import fresh\n"
        f"subprocess.run(fresh({TOLD!r}), check=True)"
    )
    found = told([sys.executable, "-I", "-c", script], PYTHONPATH=str(tmp_path))
    assert found[2] == 1


@pytest.mark.parametrize("frozen", [True, False])
def test_inside_of_another_program_there_is_none(
    frozen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if frozen:
        monkeypatch.setattr(sys, "frozen", True, raising=False)
    else:
        monkeypatch.setattr(sys, "executable", None)
    with pytest.raises(OSError, match="another program"):
        fresh("pass")
