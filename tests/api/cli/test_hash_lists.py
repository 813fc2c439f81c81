"""Lists of hashes on the command line: what is imported, what is taken back, what is written."""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optout.api.cli import hash_lists, main
from optout.api.cli.exits import Exit
from optout.registry import Identifier, Registry
from optout.registry.errors import PictureError
from optout.registry.images import RADIUS, pdq
from optout.registry.registry import Claim
from PIL import Image, ImageOps

MD5 = hashlib.md5(b"novel").hexdigest()
SHA256 = hashlib.sha256(b"novel").hexdigest()
PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
FORMS = ("threatexchange-csv", "threatexchange-json", "stopncii")


def picture(seed: int) -> str:
    """A phash256 as distinct pictures have it."""
    numbers = random.Random(seed)
    while True:
        bits = [1] * 127 + [0] * 128
        numbers.shuffle(bits)
        digits = f"{int('1' + ''.join(map(str, bits)), 2):064x}"
        try:
            Identifier.image_phash256(digits)
        except PictureError:
            continue
        return digits


def listed_pdq(seed: int) -> str:
    """A PDQ as distinct pictures have it."""
    numbers = random.Random(seed)
    bits = [1] * 128 + [0] * 128
    numbers.shuffle(bits)
    return f"{int(''.join(map(str, bits)), 2):064x}"


@pytest.fixture
def place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_registry: Callable[[], Path]
) -> Path:
    """A folder, and the process in it; the registry lies elsewhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPTOUT_REGISTRY", str(new_registry()))
    return tmp_path


@pytest.fixture
def told(place: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., dict]:
    """Run a command and hand back its document."""

    def run(*arguments: str, expect: int = Exit.DONE) -> dict:
        capsys.readouterr()
        assert main([*arguments, "--json"]) == expect
        return json.loads(capsys.readouterr().out)

    return run


def registered() -> set[Identifier]:
    with Registry.open(os.environ["OPTOUT_REGISTRY"]) as registry:
        return {opening.identifier() for opening in registry.openings()}


def feed(path: Path, *records: tuple[str, str, str]) -> str:
    """A page of StopNCII's feed: type, value and status of its records."""
    found = [
        {
            "lastModtimestamp": 1,
            "signalType": signal,
            "hashValue": value,
            "hashStatus": status,
            "caseNumbers": {f"{value[:4]}-{status}": status},
        }
        for signal, value, status in records
    ]
    page = {"count": len(found), "hashRecords": found, "hasMoreRecords": False}
    path.write_text(json.dumps(page))
    return str(path)


def test_a_feed_registers_what_a_registry_can_hold_and_names_the_rest(
    place: Path, told: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    name = feed(
        place / "feed.json",
        ("VideoMD5", MD5.upper(), "Active"),
        ("ImagePhash256", picture(1), "Received"),
        ("URL", "https://anna.example/harbour.jpg", "Active"),
        ("ImagePDQ", PDQ.upper(), "Active"),
        ("ImagePhash64", PDQ[:16], "Active"),
        ("ImagePhash64", PDQ[:16], "Withdrawn"),
        ("Text", "anything", "Active"),
    )
    first = told("import", name)
    assert (first["format"], first["feed"]) == ("stopncii", "feed.json")
    assert (first["values"], first["added"], first["bad"]) == (7, 4, 0)
    assert first["not_held"] == {"Text": 1, "phash64": 2}
    assert registered() == {
        Identifier.image_pdq256(PDQ),
        Identifier.file_md5(MD5),
        Identifier.image_phash256(picture(1)),
        Identifier.url("https://anna.example/harbour.jpg"),
    }
    again = told("import", name)
    assert (again["added"], again["there_already"]) == (0, 4)
    assert (again["size"], again["root"]) == (first["size"], first["root"])
    assert main(["import", name]) == Exit.DONE
    told_words = capsys.readouterr()
    assert "no registry holds such signals: 2 phash64, 1 Text" in told_words.err
    assert "0 added, 4 there already, 0 taken back, 3 not held" in told_words.out


def test_tombstones_end_what_the_same_feed_listed_and_never_somebody_elses(
    place: Path, told: Callable
) -> None:
    (place / "sheet.csv").write_text(f"md5\n{MD5}\n")
    told("import", "sheet.csv", "--kind", "file")
    both = ("VideoMD5", MD5), ("ImagePhash256", picture(1)), ("ImagePDQ", PDQ)
    listed = feed(place / "a.json", *((*one, "Active") for one in both))
    told("import", listed, "--feed", "north")
    size = told("import", listed, "--feed", "south")["size"]
    gone = feed(place / "b.json", *((*one, "Withdrawn") for one in both))
    assert told("import", gone, "--feed", "west")["withdrawn"] == 0
    assert told("import", gone)["size"] == size
    first = told("import", gone, "--feed", "north")
    assert (first["tombstones"], first["withdrawn"], first["added"]) == (3, 3, 0)
    assert told("import", gone, "--feed", "north")["root"] == first["root"]
    assert told("import", gone, "--feed", "south")["withdrawn"] == 3
    assert registered() == {Identifier.file_md5(MD5)}


def test_of_a_history_the_last_word_counts_and_repeating_it_changes_nothing(
    place: Path, told: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hash_lists, "BATCH", 2)
    other = hashlib.md5(b"other").hexdigest()
    texts = []
    for records in (
        [("VideoMD5", MD5, "Active"), ("VideoMD5", other, "Deleted")],
        [("VideoMD5", "0" * 32, "Active"), ("VideoMD5", other, "Active")],
        [("VideoMD5", MD5, "Withdrawn"), ("VideoMD5", "1" * 32, "Active")],
    ):
        feed(place / "page", *records)
        texts.append((place / "page").read_text())
    (place / "history.jsonl").write_text("\n".join(texts))
    first = told("import", "history.jsonl")
    assert first["added"] == 3
    assert registered() == {Identifier.file_md5(one) for one in (other, "0" * 32, "1" * 32)}
    again = told("import", "history.jsonl")
    assert (again["added"], again["withdrawn"], again["root"]) == (0, 0, first["root"])


def test_csv_and_json_of_threatexchange_are_known_by_their_fields(
    place: Path, told: Callable
) -> None:
    (place / "a.csv").write_text(f"signal_type,signal_value\nsha256,{SHA256}\npdq,{PDQ}\n")
    csv = told("import", "a.csv")
    assert (csv["format"], csv["added"], csv["not_held"]) == ("threatexchange-csv", 2, {})
    update = {"id": "1", "indicator": MD5, "type": "HASH_MD5", "should_delete": False}
    update |= {"descriptors": {"data": [{"id": "2", "status": "MALICIOUS"}]}}
    (place / "a.json").write_text(json.dumps({"data": [update]}))
    assert told("import", "a.json")["added"] == 1
    update |= {"should_delete": True, "indicator": ""}
    (place / "b.json").write_text(json.dumps({"data": [update]}))
    assert told("import", "b.json", "--feed", "a.json")["withdrawn"] == 1
    (place / "c.csv").write_text(f"{SHA256},1,2020-07-31T18:47:52+0000,tags\n")
    assert told("import", "c.csv", "--signal", "sha256")["added"] == 1


def test_every_hash_passes_the_gate_for_hashes_of_others(
    place: Path, told: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    name = feed(
        place / "a.json",
        ("ImagePhash256", "f" * 64, "Active"),
        ("ImagePhash256", "12", "Active"),
        ("ImagePDQ", "f" * 64, "Active"),
        ("ImagePDQ", "12", "Active"),
        ("VideoMD5", MD5, "Active"),
    )
    assert main(["import", name]) == Exit.USAGE
    err = capsys.readouterr().err
    assert "record 1: no picture has this hash" in err
    assert "record 2: '12' is not a phash256" in err
    assert "record 3: no picture has this PDQ" in err
    assert "record 4: '12' is not a pdq256" in err
    assert "4 records of 5 in " in err
    assert "cannot be registered" in err
    assert registered() == set()
    found = told("import", name, "--skip-bad")
    assert (found["added"], found["bad"]) == (1, 4)
    assert [one["place"] for one in found["faults"]] == [f"record {n}" for n in range(1, 5)]


def test_what_a_list_takes_back_does_not_wait_for_records_that_are_refused(
    place: Path, told: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    told("import", feed(place / "a.json", ("VideoMD5", MD5, "Active")), "--feed", "n")
    name = feed(
        place / "b.json",
        ("VideoMD5", MD5, "Withdrawn"),
        ("ImagePDQ", "12", "Active"),
        ("VideoMD5", "0" * 32, "Active"),
    )
    assert main(["import", name, "--feed", "n"]) == Exit.USAGE
    err = capsys.readouterr().err
    assert "1 record of 3 in " in err
    assert "Nothing was added, 1 entry taken back: mend the records" in err
    assert registered() == set()
    assert main(["import", name, "--feed", "n"]) == Exit.USAGE
    assert "Nothing was added, 0 entries taken back" in capsys.readouterr().err
    assert told("import", name, "--feed", "n", "--skip-bad")["added"] == 1


def test_tombstones_that_fit_nothing_are_told(
    place: Path, told: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    told("import", feed(place / "monday.json", ("VideoMD5", MD5, "Active")))
    gone = feed(place / "tuesday.json", *((t, MD5, "Deleted") for t in ("VideoMD5", "ImagePDQ")))
    assert main(["import", gone, "--feed", "south"]) == Exit.DONE
    err = capsys.readouterr().err
    assert "2 tombstones fit no entry of the feed south: never listed there" in err
    assert "called after the file" not in err
    assert main(["import", gone]) == Exit.DONE
    err = capsys.readouterr().err
    assert "2 tombstones fit no entry of the feed tuesday.json" in err
    assert "called after the file: --feed gives the name that it had before" in err
    assert main(["import", gone, "--feed", "monday.json"]) == Exit.DONE
    told_words = capsys.readouterr()
    assert "1 tombstone fits no entry of the feed monday.json" in told_words.err
    assert "1 taken back" in told_words.out


def test_of_many_bad_records_and_types_only_some_are_named(place: Path, told: Callable) -> None:
    bad = [("VideoMD5", str(number), "Active") for number in range(30)]
    many = [(f"type {number}", "x", "Active") for number in range(60)]
    found = told("import", feed(place / "a.json", *bad, *many), "--skip-bad")
    assert (found["bad"], len(found["faults"])) == (30, 20)
    assert len(found["not_held"]) == 51
    assert found["not_held"]["of other types"] == 10


def test_what_the_operator_has_ended_is_not_added_again(
    place: Path, told: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    name = feed(place / "a.json", ("VideoMD5", MD5, "Active"))
    told("import", name)
    told("withdraw", "0", "--why", "asked by mail")
    found = told("import", name)
    assert (found["added"], found["there_already"], found["ended_here"]) == (0, 1, 1)
    main(["import", name])
    assert "1 record of entries that were withdrawn here stay so" in capsys.readouterr().err


def test_what_was_added_stays_when_a_run_is_stopped(
    place: Path,
    told: Callable,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    values = [f"{number:032x}" for number in range(10)]
    name = feed(place / "a.json", *(("VideoMD5", value, "Active") for value in values))
    monkeypatch.setattr(hash_lists, "BATCH", 3)
    follow = Registry.follow
    calls: list[int] = []

    def stopped(registry: Registry, *arguments: object) -> object:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return follow(registry, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Registry, "follow", stopped)
        assert main(["import", name]) == Exit.INTERRUPTED
    assert "6 entries added so far: run it again, and it adds the rest" in capsys.readouterr().err
    found = told("import", name)
    assert (found["added"], found["there_already"]) == (4, 6)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("list.csv", "--kind", "url", "--feed", "a"), "says itself what its values are"),
        (("list.csv", "--feed", "a"), "list.csv is no list of hashes that is known here"),
        (("list.csv", "--format", "csv"), "'csv' is no form of hash list"),
        (("other.json",), "other.json is JSON, and no hash list that is known here"),
    ],
)
def test_what_is_asked_for_as_a_list_of_hashes_must_be_one(
    arguments: tuple[str, ...], words: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "list.csv").write_text("url\nhttps://anna.example/\n")
    (place / "other.json").write_text("{}")
    assert main(["import", *arguments]) == Exit.USAGE
    assert words in capsys.readouterr().err


def test_a_kind_that_is_given_makes_it_a_plain_list(place: Path, told: Callable) -> None:
    (place / "a.csv").write_text(f"signal_type,md5\nx,{MD5}\n")
    assert "feed" not in told("import", "a.csv", "--kind", "file", "--column", "md5")


@pytest.mark.parametrize("form", FORMS)
def test_what_is_exported_can_be_followed_with_its_tombstones(
    form: str, place: Path, told: Callable, new_registry: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = str(new_registry()), str(new_registry())
    hashes = [picture(number) for number in range(3)]
    with Registry.open(source) as registry:
        registry.add([Claim(Identifier.image_phash256(one)) for one in hashes])
        registry.add([Claim(Identifier.image_pdq256(listed_pdq(number))) for number in range(3)])
        registry.add([Claim(Identifier.url("https://anna.example/"))])
        numbers = {o.index: o.identifier() for o in registry.openings()}
        pictures = [number for number, one in numbers.items() if one.kind == "image"]
    out = ("export", "list.json", "--format", form, "--registry", source, "--overwrite")
    follow = ("import", "list.json", "--format", form, "--feed", "n", "--registry", target)
    written = told(*out)
    assert written["signals"] == {"phash256": 3, "pdq": 3}
    assert written["left_out"] == {"url": 1}
    assert told(*follow)["added"] == 6
    assert told(*follow)["added"] == 0
    with Registry.open(source) as registry:
        registry.withdraw([pictures[1], pictures[3]])
        registry.erase(pictures[2:3])
    written = told(*out)
    assert (written["records"], written["withdrawn"], written["deleted"]) == (6, 2, 1)
    found = told(*follow)
    assert (found["withdrawn"], found["added"], found["there_already"]) == (3, 0, 3)
    again = told(*follow)
    assert (again["withdrawn"], again["added"], again["root"]) == (0, 0, found["root"])
    monkeypatch.setenv("OPTOUT_REGISTRY", target)
    assert registered() == {numbers[pictures[place]] for place in (0, 4, 5)}


@pytest.mark.parametrize("form", FORMS)
def test_a_snapshot_is_exported_without_its_registry(
    form: str, place: Path, told: Callable, new_registry: Callable
) -> None:
    with Registry.open(new_registry()) as registry:
        registry.add([Claim(Identifier.image_phash256(picture(one))) for one in range(4)])
        registry.withdraw([0])
        registry.erase([1])
        registry.snapshot(place / "snapshot")
    written = told("export", "list.json", "--format", form, "--snapshot", "snapshot")
    assert written["signals"] == {"phash256": 2}
    assert (written["withdrawn"], written["deleted"]) == (1, 1)
    assert told("import", "list.json", "--format", form)["added"] == 2


def test_the_ending_says_the_form_and_nothing_is_replaced_unasked(
    place: Path, told: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told("export", "a.csv")["format"] == "threatexchange-csv"
    assert told("export", "a.json")["format"] == "threatexchange-json"
    before = (place / "a.csv").read_bytes()
    for arguments, words in (
        (("a.csv",), "a.csv exists already"),
        (("a.txt",), ".txt is no form of hash list"),
        (("a",), "a file without an ending is no form of hash list"),
        (("b.csv", "--format", "xml"), "xml is no form of hash list"),
        (("nowhere/b.csv",), "nowhere/b.csv cannot be written: No such file"),
        (("x" * 5000 + ".csv",), "cannot be written: File name too long"),
    ):
        assert main(["export", *arguments]) == Exit.USAGE
        assert words in capsys.readouterr().err
    assert (place / "a.csv").read_bytes() == before
    assert main(["export", "a.csv", "--overwrite"]) == Exit.DONE
    assert "a.csv: no hashes; 0 tombstones" in capsys.readouterr().out
    assert sorted(path.name for path in place.iterdir()) == ["a.csv", "a.json"]


STEPS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(["add", "add for search", "withdraw", "erase"])),
    max_size=8,
)
PICTURES = [
    *(Identifier.image_phash256(picture(seed)) for seed in range(2)),
    Identifier.image_pdq256(PDQ),
]


@pytest.mark.parametrize("form", FORMS)
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rounds=st.lists(STEPS, min_size=1, max_size=3))
def test_who_follows_a_registry_ends_with_the_pictures_that_it_has(
    form: str,
    rounds: list[list[tuple[int, str]]],
    place: Path,
    told: Callable,
    new_registry: Callable,
) -> None:
    source, target = new_registry(), new_registry()
    for steps in rounds:
        with Registry.open(source) as registry:
            for number, step in steps:
                identifier = PICTURES[number]
                held = [o.index for o in registry.openings() if o.identifier() == identifier]
                if step.startswith("add"):
                    usage = ("train-ai",) if step == "add" else ("search",)
                    registry.add([Claim(identifier, usage)])
                elif held:
                    getattr(registry, step)(held[:1])
            wanted = {opening.identifier() for opening in registry.openings()}
        told("export", "l", "--format", form, "--registry", str(source), "--overwrite")
        follow = ("import", "l", "--format", form, "--feed", "n", "--registry", str(target))
        found = told(*follow)
        with Registry.open(target) as registry:
            assert {opening.identifier() for opening in registry.openings()} == wanted
        assert told(*follow)["root"] == found["root"]


def test_a_picture_of_a_list_is_found_by_its_looks_as_long_as_it_is_listed(
    place: Path, told: Callable
) -> None:
    picture = drawn(1)
    for name, shown in (("copy", picture), ("other", drawn(2)), ("seen", ImageOps.mirror(picture))):
        shown.resize((300, 200)).save(place / f"{name}.jpg", quality=70)
    digits = pdq(picture).hash.hex()
    told("import", feed(place / "monday.json", ("ImagePDQ", digits, "Active")), "--feed", "n")
    told("snapshot", "snapshot")
    for name in ("copy", "seen"):
        found = told("check", "image", f"{name}.jpg", "--snapshot", "snapshot", expect=Exit.FOUND)
        assert (found["entry"], found["kind"]) == (0, "image")
        assert found["distance"] <= RADIUS["pdq256"]
    assert not told("check", "image", "other.jpg", "--snapshot", "snapshot")["match"]
    told("import", feed(place / "tuesday.json", ("ImagePDQ", digits, "Withdrawn")), "--feed", "n")
    told("snapshot", "snapshot")
    assert not told("check", "image", "copy.jpg", "--snapshot", "snapshot")["match"]


def test_a_plain_picture_of_a_list_is_found_though_it_could_not_be_registered(
    place: Path, told: Callable
) -> None:
    # A little of texture in the middle of a white sheet: too flat for one hash, and not for PDQ.
    sheet = Image.new("RGB", (640, 480), "white")
    sheet.paste(drawn(1).resize((170, 130)), (235, 175))
    sheet.save(place / "plain.png")
    told("add", "image", "plain.png", expect=Exit.USAGE)
    digits = pdq(sheet).hash.hex()
    told("import", feed(place / "monday.json", ("ImagePDQ", digits, "Active")), "--feed", "n")
    told("snapshot", "snapshot")
    found = told("check", "image", "plain.png", "--snapshot", "snapshot", expect=Exit.FOUND)
    assert (found["kind"], found["distance"]) == ("image", 0)


def test_of_a_picture_that_was_seen_the_pdq_alone_says_nothing(place: Path, told: Callable) -> None:
    drawn(1).save(place / "a.png")
    told("add", "image", "a.png")
    told("import", feed(place / "f.json", ("ImagePDQ", pdq(drawn(2)).hash.hex(), "Active")))
    told("snapshot", "snapshot")
    found = told("check", "image", "a.png", "--snapshot", "snapshot", expect=Exit.FOUND)
    assert [one["entry"] for one in found["matches"]] == [0]


def drawn(seed: int) -> Image.Image:
    """A picture with texture everywhere."""
    coarse = np.random.default_rng(seed).integers(0, 256, (24, 32, 3), np.uint8)
    return Image.fromarray(coarse, "RGB").resize((320, 240), Image.Resampling.BICUBIC)
