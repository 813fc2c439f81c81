"""What was registered stays found: 10,000 values have the digests that they had."""

from __future__ import annotations

import collections
import json
from pathlib import Path

import pytest
from optout.registry.identifiers import (
    Identifier,
    Kind,
    account_keys,
    canonical,
    close_variants,
    file_key,
    md5_key,
    text_key,
    url_keys,
    work_keys,
)

LINES = (Path(__file__).parent / "frozen.jsonl").read_text(encoding="utf-8").splitlines()
ROWS = [json.loads(line) for line in LINES]


def test_there_are_ten_thousand_of_every_written_kind() -> None:
    counted = collections.Counter(row["kind"] for row in ROWS)
    assert counted.keys() == {str(kind) for kind in Kind} - {"image"}
    assert sum(counted.values()) == 10_000
    assert min(counted.values()) > 1_400


def made(kind: Kind, text: str) -> Identifier:
    if kind is Kind.FILE:
        md5 = text.lower().startswith("md5:")
        return Identifier.file_md5(text[4:]) if md5 else Identifier.file_sha256(text)
    return Identifier.parse(kind, text)


def test_digests_never_change() -> None:
    for row in ROWS:
        kind = Kind(row["kind"])
        assert canonical(kind, row["text"]) == row["canonical"], row
        assert made(kind, row["text"]).digest.hex() == row["digest"], row


def test_a_filter_finds_each_of_them_in_a_corpus() -> None:
    for row in ROWS:
        kind, form = Kind(row["kind"]), row["canonical"]
        if kind in {Kind.URL, Kind.PREFIX, Kind.SITE}:
            keys = url_keys(f"https://{form}") or ()
        elif kind is Kind.ACCOUNT:
            keys = account_keys(*form.split(":", 1))
        elif kind is Kind.WORK:
            keys = work_keys(form)
        elif kind is Kind.TEXT:
            keys = (text_key(row["text"]),)
        else:
            keys = (md5_key(form[4:]) if form.startswith("md5:") else file_key(form),)
        registered = made(kind, row["text"])
        found = [(key.digest, key.probe) for key in keys if key is not None]
        assert (registered.digest, registered.probe) in found, row


@pytest.mark.parametrize(
    ("kind", "text", "variants"),
    [
        (Kind.URL, "anna.example/a", {"www": "www.anna.example/a", "slash": "anna.example/a/"}),
        (
            Kind.URL,
            "www.anna.example/a-300x200.jpg?x=1",
            {
                "www": "anna.example/a-300x200.jpg?x=1",
                "query": "www.anna.example/a-300x200.jpg",
                "size": "www.anna.example/a.jpg?x=1",
            },
        ),
        (
            Kind.URL,
            "a.b.anna.example/a_(1).jpg",
            {"escape": "a.b.anna.example/a_%281%29.jpg"},
        ),
        (Kind.URL, "a.b.anna.example/a_%281%29.jpg", {"escape": "a.b.anna.example/a_(1).jpg"}),
        (Kind.SITE, "www.anna.example", {"www": "anna.example"}),
        (Kind.SITE, "anna.example", {}),
        (Kind.PREFIX, "anna.example/a", {"www": "www.anna.example/a"}),
        (Kind.ACCOUNT, "instagram:anna", {}),
    ],
)
def test_close_variants_are_offered_and_are_others(kind: Kind, text: str, variants: dict) -> None:
    found = {word: canonical(kind, other) for word, other in close_variants(kind, text)}
    assert found == variants
    assert text not in found.values()
