"""An audit passes an output exactly where it is what the truth leaves of the input.

The truth is made here from the registry's reference keys alone. The output is a real run's, and
then a forger's, who re-makes every paper so that it fits what they did, and signs.
"""

from __future__ import annotations

import io
import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from optout.filter import filter_dataset, verify_dataset
from optout.filter.evidence import Evidence, FileDigest
from optout.filter.parquet import rewrite
from optout.registry.identifiers import Identifier, Key, Kind, file_key, url_keys
from optout.registry.log import SigningKey
from optout.registry.snapshot import Snapshot

from .conftest import HARBOUR, SITE, Log, Run, told
from .forging import Forger

DIGEST, OTHER_DIGEST = "ab" * 32, "cd" * 32
COLUMNS = {"url": ["URL"], "sha256": ["sha256"]}
ENTRIES = (
    (Identifier.url(HARBOUR), "self", ("train-ai",), True),
    (Identifier.site(SITE), "domain", ("train-ai",), True),
    (Identifier.file_sha256(DIGEST), "reviewed", ("search", "train-ai"), True),
    (Identifier.site("weak.example"), "self", ("train-ai",), False),
    (Identifier.url("https://search.example/a"), "reviewed", ("search",), False),
)
"""What is registered: with its grade, what it is about, and whether a usual run obeys it."""

STAYS = (
    "https://host.example/a",
    "https://anna.example/harbour.jpg/",
    "https://weak.example/a",
    "https://search.example/a",
    f"https://not{SITE}/a",
    "not a link",
    "",
    None,
)
GOES = (HARBOUR, "//ANNA.example:80/harbour.jpg#top", f"http://www.{SITE}/b", f"https://{SITE}")
BROKEN = b"https://broken.example/\xff"


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    log = Log()
    for identifier, grade, usage, _ in ENTRIES:
        log.add(identifier, grade, usage=usage)
    return log.snapshot(tmp_path_factory.mktemp("registered") / "snapshot")


@dataclass(frozen=True)
class Row:
    """A row of a corpus, and what the truth says of it."""

    url: bytes | None
    sha256: str | None
    text: str

    @property
    def reasons(self) -> list[tuple[int, Kind, str]]:
        """By reference keys: which entries that are obeyed meet it, and where."""
        return sorted(
            {
                (entry, key.kind, leaf)
                for leaf, key in self._keys()
                if key is not None
                for entry, (identifier, _, _, obeyed) in enumerate(ENTRIES)
                if obeyed and (key.kind, key.digest) == (identifier.kind, identifier.digest)
            }
        )

    def _keys(self) -> list[tuple[str, Key]]:
        found = []
        if self.url and not self.broken:
            found += [("URL", key) for key in url_keys(self.url.decode()) or ()]
        if self.sha256:
            found.append(("sha256", file_key(self.sha256)))
        return found

    @property
    def broken(self) -> bool:
        try:
            (self.url or b"").decode()
        except UnicodeDecodeError:
            return True
        return False

    @property
    def verdict(self) -> str:
        if self.reasons:
            return "drop"
        return "quarantine" if self.broken else "keep"


Rows = tuple[Row, ...]

# Mostly what stays, so that what goes is few among many; the texts tell rows apart, or do not.
_STAYS = st.sampled_from(STAYS)
_URLS = st.one_of(_STAYS, _STAYS, _STAYS, st.sampled_from(GOES), st.just(BROKEN)).map(
    lambda url: url.encode() if isinstance(url, str) else url
)
_DIGESTS = st.sampled_from([None, None, OTHER_DIGEST, OTHER_DIGEST, OTHER_DIGEST, DIGEST])
_ROWS = st.lists(
    st.builds(Row, _URLS, _DIGESTS, st.sampled_from(["a", "b", "c"])), min_size=1, max_size=20
).map(tuple)
CORPUS = st.lists(_ROWS, min_size=1, max_size=3)


def table_of(rows: Rows) -> pa.Table:
    return pa.table(
        {
            "URL": pa.array([row.url for row in rows], pa.binary()).view(pa.string()),
            "sha256": pa.array([row.sha256 for row in rows], pa.string()),
            "TEXT": pa.array([row.text for row in rows], pa.string()),
        }
    )


def rows_of(table: pa.Table) -> Rows:
    urls = table["URL"].combine_chunks().view(pa.binary()).to_pylist()
    others = (table[name].to_pylist() for name in ("sha256", "TEXT"))
    return tuple(Row(*row) for row in zip(urls, *others, strict=True))


def left(rows: Rows, verdict: str) -> Rows:
    return tuple(row for row in rows if row.verdict == verdict)


@dataclass
class Forged:
    """What a forger makes of one shard, before it is written.

    Attributes:
        rows: of the input.
        verdicts: what is done with each.
        output: what is left, to be changed further.
    """

    rows: Rows
    verdicts: list[str]
    output: list[Row] = field(default_factory=list)

    def done(self, verdict: str) -> Rows:
        pairs = zip(self.rows, self.verdicts, strict=True)
        return tuple(row for row, word in pairs if word == verdict)

    def matches(self, said: list[dict]) -> list[dict]:
        """Reasons for what goes: what the run said of it, invented ones where it said nothing."""
        found = []
        for number, (row, verdict) in enumerate(zip(self.rows, self.verdicts, strict=True)):
            if verdict == row.verdict:
                found += [match for match in said if match["row"] == number]
            elif verdict == "drop":
                found.append(_match(number, verdict, "url", 0, "URL"))
            elif verdict == "quarantine":
                found.append(_match(number, verdict, None, None, "URL"))
        return found


def _match(row: int, verdict: str, kind: str | None, entry: int | None, leaf: str) -> dict:
    named = {"kind": kind, "entry": entry, "leaf": leaf, "distance": None}
    return {"row": row, "verdict": verdict, **named}


CHANGES = ((), (), (), ("swap",), ("value",), ("twice",), ("swap", "value"), ("swap", "swap"))


def forge(data: st.DataObject, rows: Rows) -> Forged:
    """A few changes to what a run should have done; now and then they come to nothing."""
    forged = Forged(rows, [row.verdict for row in rows])
    numbers = st.integers(0, len(rows) - 1)
    for row, verdict in data.draw(
        st.lists(st.tuples(numbers, st.sampled_from(["keep", "drop", "quarantine"])), max_size=2)
    ):
        forged.verdicts[row] = verdict
    output = list(forged.done("keep"))
    if output:
        places = st.integers(0, len(output) - 1)
        for change in data.draw(st.sampled_from(CHANGES)):
            place = data.draw(places)
            if change == "swap":
                other = data.draw(places)
                output[place], output[other] = output[other], output[place]
            elif change == "value":
                output[place] = replace(output[place], text=data.draw(st.sampled_from("ab")))
            else:
                output[place] = output[data.draw(places)]
    forged.output = output
    return forged


def write(run: Run, forger: Forger, name: str, forged: Forged) -> None:
    """Put a forged shard there, and papers that fit it."""
    matches = forged.matches(forger.matches(name))
    forger.shard(name, matches)
    report = rewrite(run.corpus / name, io.BytesIO(), _numbers(forged, "keep", other=True))
    output = run.out / name
    if tuple(forged.output) != forged.done("keep"):
        pq.write_table(table_of(tuple(forged.output)), output)
    names, aside = Evidence(run.out), None
    quarantine = names.path(names.quarantine(name))
    if forged.done("quarantine"):
        quarantine.parent.mkdir(parents=True, exist_ok=True)
        with quarantine.open("wb") as stream:
            rewrite(run.corpus / name, stream, _numbers(forged, "quarantine", other=True))
        aside = FileDigest.of(quarantine.read_bytes())
    else:
        quarantine.unlink(missing_ok=True)
    forger.put_record(
        replace(
            forger.record(name),
            how=report.how,
            why=report.why,
            output=FileDigest.of(output.read_bytes()),
            quarantine=aside,
            dropped_by_kind=_by_kind(matches),
        )
    )


def _by_kind(matches: list[dict]) -> dict[str, int]:
    """How many rows went for each kind: where several met a row, the weightiest counts."""
    codes: dict[int, int] = {}
    for match in matches:
        if match["verdict"] == "drop":
            code = Kind(match["kind"]).code
            codes[match["row"]] = min(code, codes.get(match["row"], code))
    return dict(Counter(str(Kind.from_code(code)) for code in codes.values()))


def _numbers(forged: Forged, verdict: str, *, other: bool) -> np.ndarray:
    chosen = [n for n, word in enumerate(forged.verdicts) if (word == verdict) != other]
    return np.array(chosen, np.int64)


def read(run: Run, name: str) -> tuple[Rows, Rows]:
    """What is there now: left, and put aside."""
    names = Evidence(run.out)
    aside = names.path(names.quarantine(name))
    there = rows_of(pq.read_table(aside)) if aside.exists() else ()
    return rows_of(pq.read_table(run.out / name)), there


def assert_an_audit_says_the_truth(data: st.DataObject, registered: Snapshot) -> None:
    corpus = {f"{n}.parquet": rows for n, rows in enumerate(data.draw(CORPUS))}
    truth = {name: (left(rows, "keep"), left(rows, "quarantine")) for name, rows in corpus.items()}
    key = SigningKey("forger.example", bytes(range(32, 64)))
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder, "out"), registered, Path(folder, "in"))
        run.corpus.mkdir()
        for name, rows in corpus.items():
            pq.write_table(table_of(rows), run.corpus / name, row_group_size=5)
        filter_dataset(
            run.corpus, run.out, snapshot=registered, columns=COLUMNS, workers=1, key=key
        )

        def audit() -> list[str]:
            return told(
                verify_dataset(run.out, snapshot=registered, inputs=run.corpus, exhaustive=True)
            )

        assert {name: read(run, name) for name in corpus} == truth
        assert audit() == []
        forger = Forger(run, key)
        for name in data.draw(st.sets(st.sampled_from(sorted(corpus)), min_size=1)):
            write(run, forger, name, forge(data, corpus[name]))
        forger.seal()
        true = {name: read(run, name) for name in corpus} == truth
        event("what was forged is the truth" if true else "what was forged is not the truth")
        assert (audit() == []) == true, audit()


@given(data=st.data())
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_what_an_audit_passes_is_what_the_truth_says(
    data: st.DataObject, registered: Snapshot
) -> None:
    assert_an_audit_says_the_truth(data, registered)


@pytest.mark.long
@given(data=st.data())
@settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow])
def test_an_audit_passes_nothing_but_the_truth(data: st.DataObject, registered: Snapshot) -> None:
    assert_an_audit_says_the_truth(data, registered)
