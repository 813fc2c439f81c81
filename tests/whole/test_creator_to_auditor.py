"""From a creator's form to a dropped row to an auditor's check: real HTTP, real commands."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.registry import Registry


@dataclass
class Life:
    """What the creator holds in the hand, and where the world stands."""

    base: str
    database: Path
    cases: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By how it was sent: the case number and the secret."""

    @property
    def snapshot(self) -> str:
        return f"{self.base}/snapshot"


def assert_kept(out: Path, shards: list, *, spared: tuple[str, ...]) -> None:
    """Row by row: every planted record is gone and no other."""
    for shard in shards:
        found = pq.read_table(out / shard.name)
        assert found.equals(shard.expected(spared=spared), check_metadata=True), shard.name


@pytest.fixture(scope="module")
def life(served: tuple[str, Path], client: httpx2.Client, work, optout: Callable) -> Life:
    """The creator says no: two links, a file and a picture over the API, the rest by the form."""
    base, database = served
    life = Life(base, database)
    items = [{"kind": "url", "value": link} for link in work.links[:2]]
    items.append({"kind": "file", "sha256": hashlib.sha256(work.original_file).hexdigest()})
    answer = client.post("/v1/cases", json={"items": items})
    assert answer.status_code == 201, answer.text
    life.cases["api"] = (answer.json()["case"], answer.json()["secret"])

    answer = client.post(
        "/v1/cases",
        files=[
            ("lines", (None, work.links[2].encode())),
            ("pictures", ("harbour.jpg", work.pictures[0])),
        ],
    )
    assert answer.status_code == 201, answer.text
    life.cases["upload"] = (answer.json()["case"], answer.json()["secret"])
    optout("add", "site", work.proven_site, "--registry", database)
    return life


@pytest.fixture(scope="module")
def receipt(life: Life, work, visitor) -> str:
    """The words of the page that the form ends on."""
    page = visitor.get("/")
    form = next(form for form in page.forms if form.files)
    checked = visitor.submit(
        page,
        form,
        write={form.boxes[0]: work.site},
        attach=[("winter.jpg", work.pictures[1])],
    )
    assert work.site in checked.text
    assert "winter.jpg" in checked.text
    send = next(form for form in checked.forms if form.fields and not form.files)
    return visitor.submit(checked, send, press=next(iter(send.buttons), None)).text


def numbers_in(receipt: str) -> tuple[str, str]:
    secret = re.search(r"\b([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})\b", receipt)
    assert secret, receipt
    rest = receipt.replace(secret.group(), "")
    number = re.search(r"\b([A-Z2-7]{4}-[A-Z2-7]{4})\b", rest)
    assert number, receipt
    return number.group(1), secret.group(1)


def test_what_was_registered_is_dropped_and_nothing_else(
    life: Life, receipt: str, optout: Callable, corpus: Path, shards: list, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    told = optout("filter", corpus, "--snapshot", life.snapshot, "--out", out, "--json").json()
    # The site sent by the form is nobody's word but the sender's: that grade is not obeyed.
    assert_kept(out, shards, spared=("unproven site",))
    dropped = [r for s in shards for r in s.planted if r not in {None, "unproven site"}]
    assert told["rows_dropped"] == len(dropped)
    assert told["rows_in"] == sum(shard.table.num_rows for shard in shards)

    checked = optout("verify", out, "--snapshot", life.snapshot, "--input", corpus, "--json").json()
    assert checked["ok"], checked


def test_an_operator_may_obey_a_claim_that_nobody_proved(
    life: Life, receipt: str, optout: Callable, corpus: Path, shards: list, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    optout(
        *("filter", corpus, "--snapshot", life.snapshot, "--out", out),
        *("--min-grade", "site=self"),
    )
    assert_kept(out, shards, spared=())
    optout("verify", out, "--snapshot", life.snapshot, "--input", corpus)


def test_a_withdrawn_item_passes_and_an_erased_one_leaves_nothing(
    life: Life,
    client: httpx2.Client,
    receipt: str,
    optout: Callable,
    corpus: Path,
    shards: list,
    tmp_path: Path,
) -> None:
    registered = openings(life.database)
    case, secret = life.cases["upload"]
    owner = {"Authorization": f"Bearer {secret}"}
    shown = client.get(f"/v1/cases/{case}", headers=owner).json()
    picture = next(item["index"] for item in shown["items"] if item["kind"] == "image")
    answer = client.post(f"/v1/cases/{case}/withdrawals", headers=owner, json={"items": [picture]})
    assert answer.status_code < 300, answer.text

    out = tmp_path / "after withdrawal"
    optout("filter", corpus, "--snapshot", life.snapshot, "--out", out)
    assert_kept(out, shards, spared=("unproven site", "picture 0"))
    optout("verify", out, "--snapshot", life.snapshot, "--input", corpus)

    for number, word in (life.cases["api"], life.cases["upload"], numbers_in(receipt)):
        answer = client.delete(f"/v1/cases/{number}", headers={"Authorization": f"Bearer {word}"})
        assert answer.status_code < 300, answer.text
    left = openings(life.database)
    gone = [opening for index, opening in registered.items() if index not in left]
    assert len(gone) == 7

    out = tmp_path / "after erasure"
    optout("filter", corpus, "--snapshot", life.snapshot, "--out", out)
    assert_kept(
        out,
        shards,
        spared=tuple({r for s in shards for r in s.planted if r} - {"proven site"}),
    )
    for path in life.database.parent.rglob("*"):
        if path.is_file():
            held = path.read_bytes()
            for opening in gone:
                for trace in traces(opening):
                    assert trace not in held, f"{path} still holds {trace!r}"


def openings(database: Path) -> dict[int, object]:
    with Registry.open(database) as registry:
        return {opening.index: opening for opening in registry.openings()}


def traces(opening) -> list[bytes]:
    """Every form in which an item's matter could have stayed behind."""
    identifier = opening.identifier()
    secrets = [opening.salt, identifier.digest, identifier.probe.to_bytes(8, "little")]
    secrets += [packed for variants in identifier.hashes.values() for packed in variants.values()]
    found = [opening.matter]
    for secret in secrets:
        found += [secret, secret.hex().encode(), secret.hex().upper().encode()]
    return found


def test_the_schema_of_a_shard_without_a_hit_is_untouched(
    life: Life, receipt: str, optout: Callable, tmp_path: Path
) -> None:
    quiet = tmp_path / "quiet.parquet"
    pq.write_table(pa.table({"url": ["https://nobody.example/1"], "caption": ["x"]}), quiet)
    optout("filter", quiet, "--snapshot", life.snapshot, "--out", tmp_path / "out")
    assert (tmp_path / "out" / "quiet.parquet").read_bytes() == quiet.read_bytes()
