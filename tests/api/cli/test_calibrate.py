"""`optout calibrate`: entries that match what is not theirs are found, named and quarantined."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.api.cli import background, main
from optout.api.cli.exits import Exit
from optout.filter import Filter
from optout.registry import Identifier, Registry
from optout.registry.images import sighted_pdq
from optout.registry.log import ByOperator, Restore, Withdraw, parse_leaf
from optout.registry.registry import Claim
from PIL import Image, ImageOps

Run = Callable[..., dict]
MEMES = 5
"""Pictures of one template: each within its radius, none within 16 bits of another."""


def encoded(picture: Image.Image, form: str = "PNG") -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form)
    return stream.getvalue()


def memes(template: bytes) -> Iterator[bytes]:
    """The template with something laid over it, each time elsewhere."""
    grey = np.asarray(Image.open(io.BytesIO(template)).convert("L")).astype(int)
    for number in range(MEMES):
        laid = grey.copy()
        laid[20 + 30 * number : 50 + 30 * number, 20 + 40 * number : 60 + 40 * number] += 40
        yield encoded(Image.fromarray(laid.clip(0, 255).astype(np.uint8)))


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory,
    photograph: Callable[..., bytes],
) -> Path:
    """Three pictures to register, and pictures to hold them against; to be read only."""
    place = tmp_path_factory.mktemp("calibrate")
    template, own, other = photograph(100, "PNG"), photograph(7), photograph(999)
    for name, data in {"template.png": template, "own.jpg": own, "other.jpg": other}.items():
        (place / name).write_bytes(data)
    crowd = place / "background"
    (crowd / "deeper" / ".hidden").mkdir(parents=True)
    for number in range(8):
        (crowd / f"{number}.JPG").write_bytes(photograph(number))
    for number, meme in enumerate(memes(template)):
        (crowd / "deeper" / f"meme {number}.png").write_bytes(meme)
    (crowd / "deeper" / ".hidden" / "7.jpg").write_bytes(own)
    (crowd / "notes.txt").write_text("no picture")
    shown = Image.open(io.BytesIO(own))
    (crowd / "small.webp").write_bytes(encoded(shown.resize((160, 120)), "WEBP"))
    (crowd / "mirrored.png").write_bytes(encoded(ImageOps.mirror(shown)))
    return place


@pytest.fixture
def place(
    made: Path,
    new_registry: Callable[[], Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Path:
    """The process's own folder, with a registry in which entries 0, 1, 2 are the pictures."""
    folder = new_registry().parent
    monkeypatch.chdir(folder)
    monkeypatch.delenv("OPTOUT_REGISTRY", raising=False)
    for name in ("template.png", "own.jpg", "other.jpg"):
        assert main(["add", "image", str(made / name)]) == Exit.DONE
    (folder / "background").symlink_to(made / "background")
    capsys.readouterr()
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command and hand back its document."""

    def run(*arguments: str, expect: int = Exit.DONE) -> dict:
        capsys.readouterr()
        assert main([*arguments, "--json"]) == expect
        return json.loads(capsys.readouterr().out)

    return run


def shard(path: Path, pictures: list[bytes | None]) -> None:
    held = [None if data is None else {"bytes": data, "path": None} for data in pictures]
    pq.write_table(pa.table({"image": held, "n": range(len(held))}), path, row_group_size=3)


def test_an_entry_that_matches_many_is_quarantined_in_the_open(place: Path, run: Run) -> None:
    told = run("calibrate", "background")
    assert (told["entries"], told["pictures"], told["unreadable"]) == (3, 15, 0)
    # Three files of one picture are one: as it is, smaller, and mirrored.
    assert told["distinct"] == 8 + MEMES
    template, own = told["matching"]
    assert (template["entry"], template["matches"], template["too_many"]) == (0, MEMES, True)
    assert len(template["nearest"]) == 3
    assert all("meme" in name for name in template["nearest"])
    assert (own["entry"], own["matches"], own["too_many"]) == (1, 1, False)
    assert told["quarantined"] == [0]
    with Registry.open("optout.db") as registry:
        (record,) = map(parse_leaf, registry.leaves(3))
        assert (told["size"], told["root"]) == (4, registry.root().hex())
        assert [opening.index for opening in registry.openings()] == [1, 2]
    assert isinstance(record, Withdraw)
    assert record.entry == 0
    assert record.proof == ByOperator("quarantined: matches 5 of 13 background pictures")
    assert run("calibrate", "background")["quarantined"] == []


def test_a_dry_run_changes_nothing(
    place: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    told = run("calibrate", "background", "--dry-run")
    assert told["matching"][0]["too_many"]
    assert (told["quarantined"], told["size"]) == ([], 3)
    assert main(["calibrate", "background", "--dry-run"]) == Exit.DONE
    out, err = capsys.readouterr()
    assert "would be quarantined" in out
    assert "next: the same command without --dry-run" in err
    assert "15 pictures read, 2 of them copies of others; 0 cannot be read, 0 empty" in err
    assert "0 entries quarantined; 1 entry of 3 of the kind image matches more than 1" in out


@pytest.mark.parametrize(("most", "quarantined"), [(0, [0, 1]), (4, [0]), (5, [])])
def test_how_many_an_entry_may_match_can_be_said(
    place: Path, run: Run, most: int, quarantined: list[int]
) -> None:
    assert run("calibrate", "background", "--most", str(most))["quarantined"] == quarantined


def test_what_was_restored_after_a_review_stays(
    place: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", "background"]) == Exit.DONE
    assert "right all the same: optout restore ENTRY --why" in capsys.readouterr().err
    told = run("restore", "0", "--why", "the template is her own")
    assert (told["restored"], told["size"]) == ([0], 5)
    with Registry.open("optout.db") as registry:
        (record,) = map(parse_leaf, registry.leaves(4))
    assert isinstance(record, Restore)
    assert record.proof == ByOperator("the template is her own")
    again = run("calibrate", "background")
    assert (again["quarantined"], again["size"]) == ([], 5)
    assert again["matching"][0]["reviewed"]
    assert main(["calibrate", "background"]) == Exit.DONE
    assert "restored after a review: left in force" in capsys.readouterr().out


def test_only_what_was_withdrawn_is_restored(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["withdraw", "1"]) == Exit.DONE
    assert main(["restore", "1", "2"]) == Exit.USAGE
    assert "entry 2 is in force: there is nothing to restore" in capsys.readouterr().err
    assert main(["withdraw", "1"]) == Exit.USAGE
    told = capsys.readouterr().err
    assert "entry 1 is withdrawn: withdraw is not possible" in told
    assert "`optout restore` puts it in force again" in told
    assert main(["restore", "1"]) == Exit.DONE
    assert "restored: entry 1" in capsys.readouterr().out


def test_pictures_stand_in_shards_too(place: Path, made: Path, run: Run) -> None:
    files = sorted((made / "background" / "deeper").glob("*.png"))
    own = (made / "own.jpg").read_bytes()
    shard(place / "crawl.parquet", [None, own, own, b"", *(path.read_bytes() for path in files)])
    told = run("calibrate", "crawl.parquet")
    assert (told["pictures"], told["distinct"], told["empty"]) == (2 + MEMES, 1 + MEMES, 2)
    assert [(each["entry"], each["matches"]) for each in told["matching"]] == [(0, 5), (1, 1)]
    assert told["matching"][1]["nearest"] == ["crawl.parquet row 1"]


def test_what_is_counted_is_what_a_filter_drops(place: Path, made: Path, run: Run) -> None:
    files = sorted((made / "background").glob("[!.]*.[!t]*"))
    files += sorted((made / "background" / "deeper").glob("*.png"))
    shard(place / "crawl.parquet", [path.read_bytes() for path in files])
    run("snapshot", "snapshot")
    batch = pq.read_table("crawl.parquet").combine_chunks().to_batches()[0]
    verdicts = Filter("snapshot", columns={"image": ["image.bytes"]}).judge(batch)
    dropped = [v["entry"] for v in verdicts.to_pylist() if v["verdict"] == "drop"]
    told = run("calibrate", "crawl.parquet", "--dry-run")
    assert {each["entry"] for each in told["matching"]} == set(dropped)
    assert dropped.count(0) == told["matching"][0]["matches"] == MEMES


def test_processes_tell_the_same_as_one(
    place: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    shard(place / "crawl.parquet", [path.read_bytes() for path in Path("background").glob("*.JPG")])
    alone = run("calibrate", "background", "crawl.parquet", "--dry-run", "--workers", "1")
    monkeypatch.setattr(background, "MANY", 1)
    monkeypatch.setattr(background, "FILES_TOGETHER", 4)
    together = run("calibrate", "background", "crawl.parquet", "--dry-run", "--workers", "2")
    assert together == alone


def test_a_list_and_a_glob_name_pictures(place: Path, run: Run) -> None:
    Path("list.txt").write_text("background/1.JPG\n\nbackground/deeper\n")
    assert run("calibrate", "@list.txt", "--dry-run")["pictures"] == 1 + MEMES
    assert run("calibrate", "background/d*", "--dry-run")["pictures"] == MEMES
    assert run("calibrate", "background/*.JPG", "--dry-run")["pictures"] == 8
    Path("unnamed").write_bytes(Path("background/1.JPG").read_bytes())
    assert run("calibrate", "unnamed", "--dry-run")["pictures"] == 1


def test_what_cannot_be_read_is_counted_and_passed_over(
    place: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    crowd = place / "crowd"
    crowd.mkdir()
    (crowd / "1.jpg").write_bytes(Path("background/1.JPG").read_bytes())
    (crowd / "cut off.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (crowd / "gone.png").symlink_to("nowhere")
    (crowd / "empty.png").touch()
    (crowd / "broken.parquet").write_bytes(b"PAR1")
    pq.write_table(pa.table({"n": [1]}), crowd / "numbers.parquet")
    told = run("calibrate", "crowd", "--dry-run")
    assert (told["pictures"], told["unreadable"], told["empty"]) == (1, 4, 1)
    assert main(["calibrate", "crowd", "--dry-run"]) == Exit.DONE
    err = capsys.readouterr().err
    assert "crowd/cut off.png: the PNG picture is damaged or cut off" in err
    assert "1 picture read, 0 of them copies of others; 4 cannot be read, 1 empty" in err
    assert "crowd/gone.png: No such file or directory" in err
    assert "crowd/numbers.parquet: no column holds the bytes of pictures" in err


def test_a_row_group_that_cannot_be_read_is_counted_by_its_rows(place: Path, run: Run) -> None:
    shard(place / "crawl.parquet", [path.read_bytes() for path in Path("background").glob("*.JPG")])
    data = bytearray(Path("crawl.parquet").read_bytes())
    data[4:400] = bytes(396)
    Path("crawl.parquet").write_bytes(data)
    told = run("calibrate", "crawl.parquet", "background/1.JPG", "--dry-run", "--workers", "1")
    assert (told["pictures"], told["unreadable"]) == (6, 3)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (["nowhere"], "nowhere does not exist"),
        (["empty"], "no picture was found at empty"),
        (["background/*.tiff"], "no picture was found at background/*.tiff"),
        (["@list.txt"], "list.txt line 2: no picture was found at empty"),
        (["bad.jpg"], "no picture can be read: bad.jpg: this is not a picture"),
        (["nothing.parquet"], "no picture can be read: nothing.parquet: it holds none"),
    ],
)
def test_what_is_no_background_is_refused(
    place: Path, capsys: pytest.CaptureFixture[str], inputs: list[str], said: str
) -> None:
    Path("empty").mkdir()
    Path("bad.jpg").write_bytes(b"no picture")
    Path("list.txt").write_text("background\nempty\n")
    # Only the metadata of the data set says that pictures would stand here.
    features = {"info": {"features": {"image": {"_type": "Image"}}}}
    nothing = pa.table({"image": pa.array([None], pa.struct({"bytes": pa.binary()}))})
    pq.write_table(
        nothing.replace_schema_metadata({"huggingface": json.dumps(features)}), "nothing.parquet"
    )
    assert main(["calibrate", *inputs]) == Exit.USAGE
    assert f"optout: {said}" in capsys.readouterr().err
    with Registry.open("optout.db") as registry:
        assert registry.size == 3


def test_an_interrupt_changes_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: bytes) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(background, "sighted_hashes", interrupted)
    assert main(["calibrate", "background"]) == Exit.INTERRUPTED
    with Registry.open("optout.db") as registry:
        assert registry.size == 3


def test_what_ended_meanwhile_has_ended(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hash_all = background.hash_all

    def slow(*arguments: object) -> background.Pictures:
        with Registry.open("optout.db") as registry:
            registry.erase([0])
        return hash_all(*arguments)

    monkeypatch.setattr(background, "hash_all", slow)
    assert main(["calibrate", "background"]) == Exit.DONE
    out = capsys.readouterr().out
    assert "ended meanwhile" in out
    assert "0 entries quarantined" in out


def test_a_registry_without_pictures_needs_no_background(
    new_registry: Callable[[], Path], run: Run
) -> None:
    told = run("calibrate", sys.prefix, "--registry", str(new_registry()))
    assert (told["entries"], told["pictures"], told["quarantined"]) == (0, 0, [])


def test_entries_that_are_known_by_their_pdq_alone_are_held_against_the_pdq_of_pictures(
    place: Path, made: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with Registry.open("optout.db") as registry:
        for name in ("own.jpg", "template.png"):
            made_of = sighted_pdq((made / name).read_bytes()).pdq256
            assert made_of
            registry.add([Claim(Identifier.image_pdq256(made_of.hex()))])
    told = run("calibrate", "background", "--dry-run")
    assert (told["entries"], told["pdq_alone"]) == (5, 2)
    matching = {each["entry"]: each for each in told["matching"]}
    # Of its own picture there are three files, one of them mirrored.
    assert (matching[3]["matches"], matching[3]["too_many"]) == (1, False)
    assert matching[4]["too_many"]
    assert all("meme" in name for name in matching[4]["nearest"])
    assert main(["calibrate", "background", "--dry-run"]) == Exit.DONE
    err = capsys.readouterr().err
    assert "2 entries are known by their PDQ alone and looked at by that" in err
    assert run("calibrate", "background")["quarantined"] == [0, 4]


def test_what_does_not_exist_is_told_of_where_no_picture_is_registered_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    assert main(["calibrate", "nothere"]) == 2
    assert "nothere does not exist" in capsys.readouterr().err
