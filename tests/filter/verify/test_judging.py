"""The audit judges by itself, twice over, and comes to what the run's own judge says."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optout.filter.columns import Leaf
from optout.filter.judge import Examiner, Policy
from optout.filter.judge.findings import UNJUDGEABLE
from optout.filter.verify.hits import Hit, Index
from optout.filter.verify.judging import Judge, RowVerdict, draw_rows
from optout.filter.verify.left import rows_in_input
from optout.filter.verify.policy import Eligibility
from optout.filter.verify.reference import Reference
from optout.filter.verify.report import Finding
from optout.filter.verify.traits import UNJUDGEABLE as BROKEN
from optout.filter.verify.traits import traits_of
from optout.registry.identifiers import Grade, Identifier, Kind, file_key, md5_key
from optout.registry.images import corpus_hashes, pdq
from optout.registry.snapshot import Snapshot
from PIL import ImageOps

from .conftest import HARBOUR, SITE, URL

LEAVES = {"url": frozenset({"url"}), "sha256": frozenset({"sha256"}), "jpg": frozenset({"image"})}
ROLES = {
    "url": "url",
    "sha256": "sha256",
    "jpg": "image",
    "md5": "md5",
    "phash": "phash256",
    "image_phash": "phash64",
    "pdq": "pdq256",
    "caption": "text",
    "repo_name": "account:github",
    "flickr_user": "account:flickr",
    "about": "work",
    "isbn": "work:isbn",
}
"""A column each, and beside them JSON: `meta{}[].src` are addresses, `meta{}[].doi` works."""
INSIDE = {"meta{}[].src": "url", "meta{}[].doi": "work:doi", "meta{}[].more{}.url": "url"}
EVERY = {path: frozenset({role}) for path, role in (ROLES | INSIDE).items()}

PASSAGE = "The harbour lay quiet, and nobody was about."
LISTED = 2
"""A picture that is known by its PDQ alone; of the registered one there is such an entry too."""

DOI, ISBN = "10.1000/182", "978-3-16-148410-0"


@pytest.fixture(scope="session")
def wide(
    original: bytes, scan: bytes, photograph: Callable, snapshot_of: Callable[..., Snapshot]
) -> Snapshot:
    """A snapshot with entries of every kind, some of which bind nobody by default."""
    return snapshot_of(
        (Identifier.url(HARBOUR), "self"),
        (Identifier.site(SITE), "domain"),
        Identifier.prefix("https://pages.example/anna"),
        (Identifier.prefix("https://pages.example:8080/a/b/c"), "self", ("search",)),
        (Identifier.account("github:Octocat"), "account"),
        Identifier.account("flickr:anna"),
        Identifier.work(f"doi:{DOI}"),
        (Identifier.work(f"isbn:{ISBN}"), "self"),
        (Identifier.text(PASSAGE), "self"),
        *Identifier.files(scan),
        (Identifier.image(original), "self"),
        (Identifier.site("host3.example"), "self"),
        (Identifier.url("https://host4.example/4.jpg"), "reviewed", ("search",)),
        (Identifier.image_pdq256(pdq(photograph(LISTED)).hash.hex()), "self"),
        Identifier.image_pdq256(corpus_hashes(original, ["pdq256"])["pdq256"].hex()),
    )


class Sorts(dict[str, list]):
    """By column, values of every sort; too many to be shown."""

    def __repr__(self) -> str:
        return "<values of every sort>"


@pytest.fixture(scope="session")
def values(original: bytes, scan: bytes, encoded: Callable, photograph: Callable):
    """Values of every sort, by column."""
    copy = encoded(photograph(1).resize((120, 90)), quality=50)
    other = encoded(photograph(50, (32, 32)))
    listed = encoded(photograph(LISTED), quality=80)
    mirrored = encoded(ImageOps.mirror(photograph(LISTED)), quality=80)
    pictures = [original, scan, copy, other, original[:200], b"", b"\xff\xd8\xff", None]
    pictures += [listed, mirrored]
    inside = base64.b64encode(copy)
    addresses = [
        HARBOUR.encode(),
        HARBOUR.upper().replace("HARBOUR.JPG", "harbour.jpg").encode(),
        b" //anna.example/./harbour.jpg#x\n",
        f"http://a.b.{SITE}:81/?q".encode(),
        b"https://pages.example/anna/",
        b"http://pages.example:443/anna/2/x?y#z",
        b"https://pages.example/annabel",
        b"https://pages.example:8080/a/b/c/d/e",
        b"https://GitHub.com/octocat/hello/issues/1",
        b"https://www.flickr.com/photos/anna/12345",
        b"https://host4.example/4.jpg",
        b"https://host3.example/",
        b"ftp://anna.example/harbour.jpg",
        b"data:image/jpeg;base64," + inside,
        b"DATA:image/jpeg ; base64," + inside[:-3],
        b"data:image/png," + scan[:99],
        b"data:image/png;base64," + base64.b64encode(scan),
        b"data:image/png;base64," + base64.b64encode(mirrored),
        b"data:image/png",
        b"data:text/plain,x",
        b"\xff\xfe",
        b"",
        None,
    ]
    digests = [
        hashlib.sha256(scan).hexdigest().encode(),
        hashlib.sha256(scan).hexdigest().upper().encode() + b"\n",
        hashlib.sha256(scan).digest(),
        hashlib.sha256(original).digest(),
        b"\xff" * 31,
        b"x" * 32,
        b"",
        None,
    ]
    md5 = hashlib.md5(scan)
    sums = [md5.hexdigest().encode(), b"0x" + md5.hexdigest().upper().encode(), md5.digest()]
    hashes = Identifier.image(original).hashes
    near = {
        namespace: [
            *(
                form
                for bits in (0, 2, 4, 28, 30, 32)
                for each in variants.values()
                for form in (flipped(each, bits), flipped(each, bits).hex().encode())
            ),
            *(b"", None, b"x", b"\xff" * len(variants["original"])),
        ]
        for namespace, variants in hashes.items()
    }
    texts = [
        PASSAGE.encode(),
        PASSAGE.upper().replace(" ", " \n\u200b").encode(),
        PASSAGE[:-1].encode(),
        f"{PASSAGE} And so on.".encode(),
        *(b"The harbour", b"\xff" * 30, b"", None),
    ]
    owners = [b"octocat/hello", b"OctoCat", b"https://github.com/octocat", b"anna", b"@anna"]
    works = [DOI.encode(), f"https://doi.org/{DOI}".encode(), f"DOI: {DOI}".encode()]
    works += [ISBN.encode(), f"isbn:{ISBN}".encode(), b"3161484100", b"arXiv:2101.00001"]
    documents = [
        json.dumps([{"src": HARBOUR, "doi": DOI}, {"src": 7}]).encode(),
        json.dumps([{"more": json.dumps({"url": HARBOUR})}, {"more": "{broken"}]).encode(),
        json.dumps([{"more": '{"url": "https://a.example"}', "src": "\ud800"}]).encode(),
        b'[{"src": "http:\\/\\/anna.example/harbour.jpg", "n": ' + b"9" * 5000 + b"}]",
        f'[{{"src": "{HARBOUR}", "src": "https://a.example"}}]'.encode(),
        b'\xef\xbb\xbf[{"src": "https://pages.example/anna"}]',
        *(b"{}", b"[", b" ", b"\xff", b"", b"7", None),
    ]
    hostile = [b"\xff\xfe", b"", None, b"x" * 16, b"\x00" * 8, b"ab" * 32]
    sorts = {
        "url": addresses,
        "sha256": digests,
        "jpg": pictures,
        "md5": [*sums, *hostile],
        "phash": near["phash256"],
        "image_phash": near["phash64"],
        "pdq": near.get("pdq256", [None]),
        "caption": texts,
        "repo_name": [*owners, *hostile],
        "flickr_user": [*owners, *hostile],
        "about": [*works, *hostile],
        "isbn": [*works, *hostile],
        "meta": documents,
    }
    return Sorts(sorts)


def found_by_run(snapshot: Snapshot, policy: Policy, batch: pa.RecordBatch) -> set[tuple]:
    leaves = [Leaf(path, role) for path, role in (ROLES | INSIDE).items()]
    found = Examiner(snapshot, policy, leaves).examine(batch).found
    return {
        (int(f["row"]), None, leaves[f["leaf"]].path)
        if f["kind"] == UNJUDGEABLE
        else (int(f["row"]), int(f["entry"]), int(f["distance"]))
        for f in found
    }


def found_by_audit(snapshot: Snapshot, policy: Policy, batch: pa.RecordBatch) -> set[tuple]:
    eligibility = Eligibility(policy)
    judge = Judge(Index(snapshot, eligibility), eligibility, EVERY)
    looked = list(judge.look(batch, 0))
    verdicts = judge.verdicts(looked)
    finding = Finding("reference")
    reference = Reference(snapshot, eligibility, finding)
    reference.ask("shard", looked, verdicts, None)
    reference.settle()
    assert finding.faults == []
    return {
        (row, hit.entry, -1 if hit.distance is None else hit.distance)
        for row, verdict in verdicts.items()
        for hit, _ in verdict.nearest()
    } | {(row, None, leaf) for row, v in verdicts.items() for leaf, _ in v.unjudgeable}


POLICIES = [
    Policy(),
    Policy(usage="search"),
    Policy(min_grade={"site": "self", "url": "account"}),
    Policy(radius=0),
    Policy(kinds=frozenset({"url", "site"})),
    Policy(kinds=frozenset({"file"})),
    Policy(kinds=frozenset({"prefix", "account", "work", "text"})),
    Policy(min_grade=dict.fromkeys(("account", "work", "text", "image"), "reviewed")),
]


@pytest.mark.parametrize("policy", POLICIES, ids=range(len(POLICIES)))
@settings(max_examples=25)
@given(seed=st.integers(0, 1 << 32))
def test_run_and_audit_and_reference_agree(
    policy: Policy, seed: int, wide: Snapshot, values: dict[str, list]
) -> None:
    draw = random.Random(seed)
    rows = draw.randint(1, 12)
    batch = pa.record_batch(
        {
            name: pa.array(draw.choices([*sorts, draw.randbytes(40)], k=rows), pa.binary())
            for name, sorts in values.items()
        }
    )
    assert found_by_audit(wide, policy, batch) == found_by_run(wide, policy, batch)


def test_every_kind_is_met_by_all_three(wide: Snapshot, values: dict[str, list]) -> None:
    longest = max(map(len, values.values()))
    batch = pa.record_batch(
        {
            name: pa.array([*sorts, *[None] * (longest - len(sorts))], pa.binary())
            for name, sorts in values.items()
        }
    )
    found = found_by_audit(wide, Policy(), batch)
    assert found == found_by_run(wide, Policy(), batch)
    assert {entry for _, entry, _ in found} >= {None, *range(12), 14, 15} - {3}


@pytest.fixture
def asked(snapshot: Snapshot):
    """Three addresses, of which the first is registered, and who judges them."""
    urls = [HARBOUR.encode(), b"https://a.example/", f"https://{SITE}/".encode()]
    batch = pa.record_batch({"url": pa.array(urls)})
    eligibility = Eligibility(Policy())
    judge = Judge(Index(snapshot, eligibility), eligibility, LEAVES)
    looked = list(judge.look(batch, 100))
    return looked, judge.verdicts(looked), Reference(snapshot, eligibility, Finding("reference"))


def test_what_the_index_misses_the_reference_finds(asked) -> None:
    looked, verdicts, reference = asked
    reference.ask("x.parquet", looked, {102: verdicts[102]}, None)
    reference.settle()
    assert [fault.text for fault in reference.finding.faults] == [
        "x.parquet row 100: entry 0 (url), which the snapshot's index does not find"
    ]
    fault = reference.finding.faults[0]
    assert (fault.shard, fault.row, fault.entry, fault.kind, fault.leaf) == (
        *("x.parquet", 100, URL, "url", "url"),
    )


def test_what_the_index_makes_up_the_reference_does_not_believe(asked) -> None:
    looked, verdicts, reference = asked
    made_up = RowVerdict()
    made_up.add(Hit(3, Kind.FILE, Grade.REVIEWED, None, since=False), "url")
    reference.ask("x.parquet", looked, {**verdicts, 101: made_up}, None, of_input=True)
    reference.settle()
    assert [fault.text for fault in reference.finding.faults] == [
        "x.parquet row 101 of the input: entry 3 (file), says the snapshot's index, "
        "and its openings do not"
    ]


def test_the_reference_judges_the_rows_of_the_sample_and_no_other(asked) -> None:
    looked, _, reference = asked
    reference.ask("x.parquet", looked, {}, np.array([101, 102]))
    reference.settle()
    assert [fault.row for fault in reference.finding.faults] == [102]
    reference.conclude(2, 5)
    assert reference.finding.check().detail.endswith(
        "2 rows left (a sample of 2 with the seed 5) held against each of 6 openings"
    )


def test_openings_that_cannot_be_read_are_a_fault(asked, snapshot: Snapshot, log, tmp_path) -> None:
    looked, verdicts, _ = asked
    damaged = log.snapshot(tmp_path / "snapshot")
    openings = damaged.path / "audit" / "openings.jsonl"
    openings.write_bytes(openings.read_bytes()[:500])
    reference = Reference(damaged, Eligibility(Policy()), Finding("reference"))
    reference.ask("x.parquet", looked, verdicts, None)
    reference.settle()
    assert "of audit/openings.jsonl is no opening" in reference.finding.faults[0].text


def flipped(phash: bytes, count: int) -> bytes:
    """As many set as unset bits are turned, from the end: half of all stay set."""
    bits = np.unpackbits(np.frombuffer(phash, np.uint8))
    turned = [np.flatnonzero(bits == bit)[-(count // 2) :] for bit in (0, 1)]
    bits[np.concatenate(turned)] ^= 1
    return np.packbits(bits).tobytes()


def registered(picture: bytes, /, **distances: int) -> Identifier:
    """The picture, as if its variants differed in so many bits from the picture itself."""
    own = corpus_hashes(picture, ["phash256"])["phash256"]
    hashes = {variant: flipped(own, bits).hex() for variant, bits in distances.items()}
    matter = Identifier.image(picture).matter()
    fake = Identifier.image_phash256(hashes["original"]).matter()
    matter |= {"digest": fake["digest"], "probe": fake["probe"]}
    matter["hashes"]["phash256"] = hashes
    return Identifier.from_matter(matter)


def met(snapshot: Snapshot, picture: bytes) -> list[tuple[int, int | None]]:
    """By the index, after the reference has said the same."""
    eligibility = Eligibility(Policy())
    judge = Judge(Index(snapshot, eligibility), eligibility, LEAVES)
    looked = list(judge.look(pa.record_batch({"jpg": [picture]}), 0))
    verdicts = judge.verdicts(looked)
    reference = Reference(snapshot, eligibility, Finding("reference"))
    reference.ask("x.parquet", looked, verdicts, None)
    reference.settle()
    assert reference.finding.faults == []
    return [(hit.entry, hit.distance) for v in verdicts.values() for hit, _ in v.nearest()]


@pytest.mark.parametrize("nearest", ["original", "square", "padded"])
def test_the_nearest_variant_counts(
    nearest: str, original: bytes, snapshot_of: Callable[..., Snapshot]
) -> None:
    distances = dict.fromkeys(("original", "square", "padded"), 12) | {nearest: 4}
    assert met(snapshot_of(registered(original, **distances)), original) == [(0, 4)]


def test_a_mirror_image_is_the_picture(
    original: bytes, snapshot_of: Callable[..., Snapshot], encoded: Callable, photograph: Callable
) -> None:
    mirrored = encoded(ImageOps.mirror(photograph(1)))
    ((entry, distance),) = met(snapshot_of(Identifier.image(original)), mirrored)
    assert (entry, distance <= 8) == (0, True)


@pytest.mark.parametrize(("bits", "hits"), [(16, [(0, 16)]), (18, [])])
def test_an_entry_reaches_no_farther_than_its_own_radius(
    bits: int, hits: list, original: bytes, snapshot_of: Callable[..., Snapshot]
) -> None:
    own = corpus_hashes(original, ["phash256"])["phash256"]
    by_client = Identifier.image_phash256(flipped(own, bits).hex())
    assert met(snapshot_of(by_client), original) == hits


def test_of_two_leaves_the_nearer_is_named() -> None:
    verdict = RowVerdict()
    for leaf, distance in (("a", 9), ("b", 3), ("c", 6)):
        verdict.add(Hit(7, Kind.IMAGE, Grade.SELF, distance, since=False), leaf)
    assert [(hit.distance, leaf) for hit, leaf in verdict.nearest()] == [(3, "b")]
    assert verdict.binding() == verdict.nearest()
    assert verdict.binding(held=[7]) == []


@given(
    st.dictionaries(st.text(), st.integers(0, 50), min_size=1), st.integers(0, 120), st.integers()
)
def test_a_sample_holds_as_many_rows_as_it_should_and_each_once(
    sizes: dict[str, int], size: int, seed: int
) -> None:
    drawn = draw_rows(sizes, size, seed)
    assert drawn.keys() == sizes.keys()
    assert sum(map(len, drawn.values())) == min(size, sum(sizes.values()))
    for name, rows in drawn.items():
        assert rows.tolist() == sorted(set(rows.tolist()))
        assert all(0 <= row < sizes[name] for row in rows)


def test_a_sample_reaches_every_row() -> None:
    seen: dict[str, set[int]] = {"a": set(), "b": set()}
    for seed in range(100):
        for name, rows in draw_rows({"a": 3, "b": 7}, 3, seed).items():
            seen[name] |= set(rows.tolist())
    assert seen == {"a": set(range(3)), "b": set(range(7))}


@given(st.integers(1, 40), st.data())
def test_rows_of_an_output_are_found_in_its_input(length: int, data: st.DataObject) -> None:
    removed = data.draw(st.sets(st.integers(0, length - 1)))
    kept = [row for row in range(length) if row not in removed]
    found = rows_in_input(np.arange(len(kept)), np.array(sorted(removed), np.int64))
    assert found.tolist() == kept


@pytest.mark.parametrize("role", [*ROLES.values()])
@pytest.mark.parametrize("value", [None, b""])
def test_nothing_is_looked_up_by_nothing(role: str, value: bytes | None) -> None:
    traits = traits_of(role, value, perceptual=True)
    assert (traits.keys, traits.hashed, traits.unjudgeable) == ((), None, False)


def test_a_picture_that_cannot_be_read_still_has_its_bytes() -> None:
    traits = traits_of("image", b"\xff\xd8\xff", perceptual=True)
    assert traits.unjudgeable
    sha256, md5 = (hashlib.new(name, b"\xff\xd8\xff").hexdigest() for name in ("sha256", "md5"))
    assert traits.keys == (file_key(sha256), md5_key(md5))
    assert not traits_of("image", b"\xff\xd8\xff", perceptual=False).unjudgeable
    assert traits_of("url", b"\xff", perceptual=False) == BROKEN


def test_many_keys_are_settled_before_they_fill_the_memory(
    asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, _, reference = asked
    monkeypatch.setattr("optout.filter.verify.reference.KEYS_AT_ONCE", 4)
    reference.ask("x.parquet", looked, {}, None)
    assert [fault.row for fault in reference.finding.faults] == [100, 102]
