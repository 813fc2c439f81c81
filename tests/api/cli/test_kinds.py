"""Every kind on the command line: added, and found again by whatever covers it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from optout.api.cli import main
from optout.api.cli.exits import Exit
from optout.registry import Registry
from PIL import Image, ImageOps

PASSAGE = "The harbour lay still, and nobody had told the gulls."
ADDED: dict[str, tuple[str, str]] = {
    "prefix": ("https://Gallery.example/members/anna/?page=2", "gallery.example/members/anna"),
    "account": ("https://www.instagram.com/Anna/", "instagram:anna"),
    "work": ("ISBN 0-306-40615-2", "isbn:9780306406157"),
    "text": (PASSAGE, PASSAGE.lower()),
    "site": ("fotografin.example", "fotografin.example"),
}
COVERED: list[tuple[str, str, str | None]] = [
    ("prefix", "gallery.example/members/anna", "prefix"),
    ("prefix", "gallery.example/members/anna/2024", "prefix"),
    ("prefix", "gallery.example/members/annabel", None),
    ("prefix", "shop.fotografin.example/prints", "site"),
    ("url", "http://gallery.example/members/anna/1.jpg?s=2", "prefix"),
    ("url", "https://instagram.com/anna/p/abc", "account"),
    ("url", "https://shop.fotografin.example/a", "site"),
    ("url", "https://instagram.com/annabel", None),
    ("account", "instagram:@ANNA", "account"),
    ("account", "x:anna", None),
    ("work", "isbn:978-0-306-40615-7", "work"),
    ("work", "doi:10.1000/abc", None),
    ("text", f"  {PASSAGE.upper()}  ", "text"),
    ("text", f"{PASSAGE} And then?", None),
]

Run = Callable[..., dict]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command and hand back its document."""

    def run(*arguments: str, expect: int = Exit.DONE) -> dict:
        capsys.readouterr()
        assert main([*arguments, "--json"]) == expect
        return json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPTOUT_REGISTRY", raising=False)
    Registry.create("optout.db").close()
    return tmp_path


def test_every_kind_is_added_and_found_by_what_covers_it(place: Path, run: Run) -> None:
    for kind, (value, understood) in ADDED.items():
        (entry,) = run("add", kind, value)["entries"]
        assert (entry["kind"], entry["understood"], entry["new"]) == (kind, understood, True)
        (entry,) = run("add", kind, understood)["entries"]
        assert not entry["new"]
    assert run("snapshot", "snapshot")["size"] == len(ADDED)
    for kind, value, covering in COVERED:
        expect = Exit.FOUND if covering else Exit.DONE
        told = run("check", kind, value, "--snapshot", "snapshot", expect=expect)
        assert told["kind"] == covering, (kind, value)


def test_a_file_is_two_digests_told_as_one(
    place: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "novel.epub").write_bytes(b"novel")
    assert main(["add", "file", "novel.epub"]) == Exit.DONE
    assert "1 added, 0 there already" in capsys.readouterr().out
    told = run("add", "file", "novel.epub")
    (entry,) = told["entries"]
    assert (sorted(entry["entries"]), entry["new"], told["size"]) == ([0, 1], False, 2)
    run("snapshot", "snapshot")
    found = run("check", "file", "novel.epub", "--snapshot", "snapshot", expect=Exit.FOUND)
    assert {match["entry"] for match in found["matches"]} == {0, 1}


def test_a_picture_is_found_mirrored(
    place: Path, run: Run, photograph: Callable[..., bytes]
) -> None:
    (place / "harbour.png").write_bytes(photograph(1, "PNG"))
    with Image.open("harbour.png") as picture:
        ImageOps.mirror(picture).save("mirrored.jpg")
        picture.transpose(Image.Transpose.ROTATE_90).save("turned.jpg")
    run("add", "image", "harbour.png")
    run("snapshot", "snapshot")
    found = run("check", "image", "mirrored.jpg", "--snapshot", "snapshot", expect=Exit.FOUND)
    assert found["kind"] == "image"
    assert found["distance"] <= 8
    assert not run("check", "image", "turned.jpg", "--snapshot", "snapshot")["match"]


def test_a_picture_too_plain_to_be_registered_is_looked_for_as_a_filter_does(
    place: Path, run: Run, photograph: Callable[..., bytes], plain_picture: bytes
) -> None:
    (place / "harbour.png").write_bytes(photograph(1, "PNG"))
    (place / "logo.png").write_bytes(plain_picture)
    (place / "novel.epub").write_bytes(b"novel")
    run("add", "image", "harbour.png")
    run("snapshot", "snapshot")
    assert not run("check", "image", "logo.png", "--snapshot", "snapshot")["match"]
    run("add", "file", "logo.png")
    run("snapshot", "snapshot")
    found = run("check", "image", "logo.png", "--snapshot", "snapshot", expect=Exit.FOUND)
    assert (found["kind"], found["distance"]) == ("file", None)
    for name, words in (("novel.epub", "'novel.epub': this is not a picture"), ("no", "not exist")):
        refused = run("check", "image", name, "--snapshot", "snapshot", expect=Exit.USAGE)
        assert words in refused["error"]["message"]


def test_a_handle_alone_is_answered_by_the_question(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["add", "account", "@@anna"]) == Exit.USAGE
    err = capsys.readouterr().err
    assert "'@anna' does not say on which platform" in err
    assert "instagram:anna" in err


def test_nobody_opts_out_a_whole_platform(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["add", "site", "instagram.com"]) == Exit.USAGE
    assert "belongs to the platform Instagram" in capsys.readouterr().err
