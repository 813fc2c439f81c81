"""OUT and its evidence: who they belong to, and what is never touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from optout.filter.errors import OutputConflict
from optout.filter.judge import Policy
from optout.filter.run.inputs import Shard, discover
from optout.filter.run.place import Place
from optout.filter.run.plan import Asked, make_plan
from optout.filter.run.progress import Silence
from optout.filter.run.survey import survey
from optout.registry.errors import UsageError

USUAL = Asked.of(None, None, ())


def apart(out: Path | str, *inputs: str | Path) -> None:
    texts = [str(text) for text in inputs]
    Place.at(Path(out)).keep_apart(texts, discover(texts))


@pytest.fixture
def folder(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(corpus.parent)
    return corpus.parent


@pytest.mark.parametrize(
    ("out", "given"),
    [
        ("out", "corpus"),
        ("corpus2", "corpus"),
        ("out", "corpus/*.parquet"),
        ("corpus/out", "corpus/*.parquet"),
        ("corpus/out", "corpus/laion.parquet"),
        ("corpus/out", "corpus/deep/*.parquet"),
        ("out/deeper", "corpus/**/*.parquet"),
    ],
)
def test_an_output_beside_the_input_is_fine(out: str, given: str, folder: Path) -> None:
    apart(out, given)


@pytest.mark.parametrize(
    ("out", "given"),
    [
        ("corpus", "corpus"),
        ("corpus/out", "corpus"),
        ("corpus/deep/out", "."),
        ("corpus/out", "corpus/**/*.parquet"),
        ("corpus/out", "corpus/*/*.parquet"),
        ("corpus/deeper/out", "corpus/de*"),
        ("corpus", "corpus/*.parquet"),
        ("there/out", "corpus"),
    ],
)
def test_an_output_that_an_input_would_find_is_refused(out: str, given: str, folder: Path) -> None:
    (folder / "there").symlink_to(folder / "corpus")
    with pytest.raises(OutputConflict, match="is inside") as caught:
        apart(out, given)
    assert caught.value.advice


@pytest.mark.parametrize("out", ["corpus", "corpus/deep"])
def test_an_input_inside_the_output_or_its_evidence_is_refused(out: str, folder: Path) -> None:
    with pytest.raises(OutputConflict, match=r"the input .* is inside"):
        apart(out, "corpus/deep/00000.parquet")
    (folder / "x.optout").mkdir()
    (folder / "x.optout" / "a.parquet").touch()
    with pytest.raises(OutputConflict, match=r"the input .* is inside"):
        apart("x", "x.optout/a.parquet")


def test_an_output_with_nothing_beside_it_is_refused() -> None:
    with pytest.raises(UsageError):
        Place.at(Path("/"))


@pytest.fixture
def claimed(world, corpus: Path) -> Callable[..., Place]:
    """OUT with a frozen plan, as a run leaves it that was stopped right after planning."""
    seen = survey(discover([corpus]), Silence())
    place = Place.at(corpus.parent / "out")
    plan = make_plan(seen, USUAL, world.snapshot)
    place.beside.put("plan.json", lambda stream: stream.write(plan.render()))
    return place


def claim(place: Place, world, corpus: Path, asked: Asked = USUAL):
    return place.claim(asked, survey(discover([corpus]), Silence()), world.snapshot)


def test_an_empty_place_is_nobodys(world, corpus: Path) -> None:
    place = Place.at(corpus.parent / "out")
    assert claim(place, world, corpus) is None
    (corpus.parent / "out").mkdir()
    assert claim(place, world, corpus) is None


def test_the_same_question_is_answered_by_the_frozen_plan(
    world, corpus: Path, claimed: Place
) -> None:
    plan = claim(claimed, world, corpus)
    assert plan is not None
    assert plan.render() == claimed.beside.path("plan.json").read_bytes()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Asked.of(Policy(radius=16), None, ()), "another policy"),
        (Asked.of(None, {"url": ["URL"]}, ()), "other columns"),
        (Asked.of(None, None, ["jpg"]), "other columns"),
        (Asked(Policy(), compression_level=9), "another compression level"),
    ],
)
def test_another_question_is_refused(
    asked: Asked, words: str, world, corpus: Path, claimed: Place
) -> None:
    with pytest.raises(OutputConflict, match=f"belongs to another plan: {words}"):
        claim(claimed, world, corpus, asked)


def test_other_inputs_snapshots_and_versions_are_refused(
    world, corpus: Path, claimed: Place, snapshot_of: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OutputConflict, match=r"\w+\.parquet .*among its inputs"):
        claim(claimed, world, corpus / "laion.parquet")
    with monkeypatch.context() as patch:
        patch.setattr("PIL.__version__", "0.1")
        with pytest.raises(OutputConflict, match="another version"):
            claim(claimed, world, corpus)
    monkeypatch.setattr(world, "snapshot", snapshot_of())
    with pytest.raises(OutputConflict, match="another snapshot"):
        claim(claimed, world, corpus)


def test_a_place_that_holds_something_else_is_refused(world, corpus: Path, claimed: Place) -> None:
    claimed.out.put("notes.txt", lambda stream: stream.write(b"mine"))
    with pytest.raises(OutputConflict, match=r"holds notes\.txt, which is not of this run"):
        claim(claimed, world, corpus)


def test_evidence_without_a_plan_is_refused(world, corpus: Path) -> None:
    place = Place.at(corpus.parent / "out")
    place.beside.put("x.json", lambda stream: stream.write(b"{}"))
    with pytest.raises(OutputConflict, match=r"holds x\.json and no plan"):
        claim(place, world, corpus)


def test_a_damaged_plan_is_refused(world, corpus: Path, claimed: Place) -> None:
    claimed.beside.put("plan.json", lambda stream: stream.write(b"{}\n"))
    with pytest.raises(OutputConflict, match="damaged") as caught:
        claim(claimed, world, corpus)
    assert "--overwrite" in caught.value.advice


@pytest.mark.parametrize("stand", [Path.touch, lambda out: out.symlink_to("nowhere")])
def test_what_is_no_folder_in_place_of_out_is_refused(
    stand: Callable[[Path], None], world, corpus: Path
) -> None:
    stand(corpus.parent / "out")
    with pytest.raises(OutputConflict, match="is not a folder"):
        claim(Place.at(corpus.parent / "out"), world, corpus)


def test_only_what_a_run_has_made_is_cleared(world, corpus: Path, claimed: Place) -> None:
    claimed.out.put("laion.parquet", lambda stream: stream.write(b"of the plan"))
    claimed.out.put("mine.parquet", lambda stream: stream.write(b"of somebody"))
    with pytest.raises(OutputConflict, match=r"holds mine\.parquet, which no run has made"):
        claimed.clear()
    assert sorted(claimed.out.list()) == ["laion.parquet", "mine.parquet"]
    claimed.out.delete("mine.parquet")
    claimed.clear()
    assert list(claimed.out.list()) == list(claimed.beside.list()) == []


def test_where_the_plan_is_damaged_records_tell_what_a_run_has_made(
    world, corpus: Path, claimed: Place
) -> None:
    claimed.beside.put("plan.json", lambda stream: stream.write(b"?"))
    claimed.out.put("deep/a.parquet", lambda stream: stream.write(b"recorded"))
    with pytest.raises(OutputConflict, match="which no run has made"):
        claimed.clear()
    claimed.beside.put("deep/a.parquet.dv", lambda stream: stream.write(b"its vector"))
    claimed.clear()
    assert not list(corpus.parent.glob("out*/*"))


def test_a_shard_is_forgotten_with_its_evidence(claimed: Place) -> None:
    for name in claimed.evidence.of_shard("deep/a.parquet"):
        claimed.beside.put(name, lambda stream: stream.write(b"x"))
    claimed.out.put("deep/a.parquet", lambda stream: stream.write(b"x"))
    claimed.forget("deep/a.parquet")
    claimed.forget("never/was.parquet")
    assert list(claimed.out.list()) == []
    assert list(claimed.beside.list()) == ["plan.json"]


def test_names_that_would_share_a_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputConflict, match="would both be"):
        Place.at(tmp_path / "out").keep_apart([], [Shard("plan", tmp_path / "plan")])
