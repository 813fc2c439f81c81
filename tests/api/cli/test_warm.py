"""`optout warm` compiles ahead, and says where that is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from optout.api.cli import main
from optout.api.cli.exits import Exit
from optout.filter import scan, verify
from optout.registry import images, index
from optout.registry.compiled import cache, loading


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder beside the package, and a single module to be compiled."""
    cache.folder_for.cache_clear()
    monkeypatch.setattr(cache, "_OURS", tmp_path / "beside")
    monkeypatch.setattr(index, "KERNELS", ("optout.registry.index.look_up_kernels",))
    monkeypatch.setattr(images, "KERNELS", ())
    monkeypatch.setattr(scan, "KERNELS", ())
    monkeypatch.setattr(verify, "KERNELS", ())
    yield tmp_path / "beside"
    cache.folder_for.cache_clear()


def test_it_says_where_the_compiled_functions_are_kept(
    beside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["warm"]) == Exit.DONE
    assert f"1 module compiled, kept in {beside}" in capsys.readouterr().out
    assert [path.name for path in beside.glob("*/*.compiled")]


def test_its_document_names_modules_and_folder(
    beside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["warm", "--json"]) == Exit.DONE
    said = json.loads(capsys.readouterr().out)
    assert said.keys() == {"modules", "kept", "seconds"}
    assert said["modules"] == ["optout.registry.index.look_up_kernels"]
    assert said["kept"] == str(beside)


def test_it_says_where_nothing_can_be_kept(
    beside: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    beside.write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(beside))
    assert main(["warm"]) == Exit.DONE
    told = capsys.readouterr()
    assert "there is no folder to keep it in" in told.out
    assert "set XDG_CACHE_HOME" in told.err


def test_there_is_nothing_to_do_where_the_plain_forms_are_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPTOUT_KERNELS", "plain")
    assert main(["warm", "--json"]) == Exit.DONE
    told = capsys.readouterr()
    assert "nothing to compile" in told.err
    assert json.loads(told.out)["kept"] is None


def test_every_module_that_is_compiled_is_in_the_list() -> None:
    """Each is imported by `kernels`, or by one that is; what `warm` leaves out would be late."""
    root = Path(index.__file__).parents[2]
    declared = {
        ".".join(("optout", *path.relative_to(root).with_suffix("").parts))
        for wing in ("registry", "filter")
        for path in (root / wing).rglob("*_kernels.py")
        if "\n@compiled(" in path.read_text()
    }
    assert declared <= {*index.KERNELS, *images.KERNELS, *scan.KERNELS, *verify.KERNELS}


def test_it_is_told_on_stderr_that_something_is_compiled(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["--version"])
    (announce,) = loading._announce
    announce()
    assert capsys.readouterr().err == "optout: compiling, once (some seconds) …\n"
