"""What `optout filter` takes where nothing is said."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.api.cli import main
from optout.api.cli.exits import Exit
from optout.registry import Registry, Snapshot


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a snapshot and a corpus, and the process in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPTOUT_REGISTRY", raising=False)
    Registry.create("optout.db").close()
    assert main(["add", "url", "https://anna.example/1"]) == Exit.DONE
    assert main(["snapshot", "snapshot"]) == Exit.DONE
    (tmp_path / "corpus").mkdir()
    addresses = [f"https://anna.example/{number}" for number in range(40)]
    pq.write_table(pa.table({"url": addresses}), tmp_path / "corpus" / "a.parquet")
    return tmp_path


@pytest.mark.parametrize(
    ("variants", "said", "radius"),
    [(10, (), 30), (10**9, (), 26), (10**9, ("--radius", "30"), 30), (10, ("--radius", "4"), 4)],
)
def test_the_radius_follows_from_how_much_is_registered_unless_it_is_said(
    variants: int,
    said: tuple[str, ...],
    radius: int,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Snapshot, "variants", property(lambda _: variants))
    command = ("filter", "corpus", "--snapshot", "snapshot", "--out", "out", *said)
    assert main([*command, "--usage", "search"]) == Exit.DONE
    plan = json.loads((place / "out.optout" / "plan.json").read_bytes())
    assert (plan["policy"]["radius"], plan["policy"]["usage"]) == (radius, "search")
    envelope = json.loads((place / "out.optout" / "manifest.json").read_bytes())
    statement = json.loads(base64.b64decode(envelope["payload"]))
    recorded = statement["predicate"]["buildDefinition"]["externalParameters"]["policy"]
    assert recorded == plan["policy"]
