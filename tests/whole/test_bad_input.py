"""Whatever is put in: a clear word that names the thing, an exit code, and nothing lost."""

from __future__ import annotations

import base64
import io
import json
import os
import resource
import shutil
import struct
import subprocess
import sys
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
import pytest
from optout.filter import SomeShardsFailed, filter_dataset
from optout.filter.run import course
from optout.filter.run.progress import Silence
from PIL import Image

from .conftest import OPTOUT, encoded, photograph
from .schemas.world import Told, command

pytestmark = pytest.mark.usefixtures("own_home")

GONE = "https://anna.example/2024/harbour.jpg"
KEPT = "https://host.example/"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Two sound shards, of which every third row must go."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name in ("a", "b"):
        sound(folder / f"{name}.parquet")
    return folder


def sound(path: Path, rows: int = 30) -> None:
    urls = [f"{KEPT}{path.stem}/{row}" if row % 3 else GONE for row in range(rows)]
    pq.write_table(pa.table({"url": urls, "n": range(rows)}), path, row_group_size=10)


def run(corpus: Path, snapshot: Path, *more: object, expect: int = 0) -> Told:
    out = corpus.parent / "out"
    return command(
        "filter", corpus, "--snapshot", snapshot, "--out", out, "--json", *more, expect=expect
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.parquet"))


def without_footer(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def halved(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def no_parquet(path: Path) -> None:
    path.write_text("<html>404 Not Found</html>")


def nothing(path: Path) -> None:
    path.write_bytes(b"")


class _Vault(pe.KmsClient):
    """Keeps a master key, as a key management service does."""

    def __init__(self, _: object) -> None:
        pe.KmsClient.__init__(self)

    def wrap_key(self, key: bytes, _: str) -> bytes:
        return base64.b64encode(key)

    def unwrap_key(self, key: bytes, _: str) -> bytes:
        return base64.b64decode(key)


def encrypted(path: Path, *, plaintext_footer: bool = False) -> None:
    factory = pe.CryptoFactory(_Vault)
    config = pe.EncryptionConfiguration(
        footer_key="footer", column_keys={"c": ["url"]}, plaintext_footer=plaintext_footer
    )
    properties = factory.file_encryption_properties(pe.KmsConnectionConfig(), config)
    table = pq.read_table(path)
    with pq.ParquetWriter(path, table.schema, encryption_properties=properties) as writer:
        writer.write_table(table)


def encrypted_columns(path: Path) -> None:
    encrypted(path, plaintext_footer=True)


@pytest.mark.parametrize(
    "spoil", [without_footer, halved, no_parquet, nothing, encrypted, encrypted_columns]
)
def test_a_shard_that_cannot_be_read_is_named_and_the_others_are_clean(
    spoil, corpus: Path, proven: Path
) -> None:
    spoil(corpus / "b.parquet")
    before = (corpus / "b.parquet").read_bytes()
    told = run(corpus, proven, expect=3)
    assert "b.parquet" in told.err
    assert "encrypt" in told.err or not spoil.__name__.startswith("encrypted")
    assert names(corpus.parent / "out") == ["a.parquet"]
    assert pq.read_table(corpus.parent / "out" / "a.parquet").num_rows == 20
    assert (corpus / "b.parquet").read_bytes() == before


def test_a_shard_that_is_mended_joins_the_others(corpus: Path, proven: Path) -> None:
    whole = (corpus / "b.parquet").read_bytes()
    halved(corpus / "b.parquet")
    run(corpus, proven, expect=3)
    (corpus / "b.parquet").write_bytes(whole)
    run(corpus, proven, "--overwrite")
    assert names(corpus.parent / "out") == ["a.parquet", "b.parquet"]
    command("verify", corpus.parent / "out", "--snapshot", proven, "--input", corpus)


def test_shards_without_rows_or_row_groups_pass_as_they_are(corpus: Path, proven: Path) -> None:
    empty = pq.read_table(corpus / "a.parquet").slice(0, 0)
    pq.write_table(empty, corpus / "c.parquet")
    pq.ParquetWriter(corpus / "d.parquet", empty.schema).close()
    run(corpus, proven)
    for name in ("c.parquet", "d.parquet"):
        assert (corpus.parent / "out" / name).read_bytes() == (corpus / name).read_bytes()


def test_siblings_of_other_columns_are_judged_by_what_they_have(corpus: Path, proven: Path) -> None:
    pq.write_table(pa.table({"URL": [GONE, KEPT], "x": [1, 2]}), corpus / "c.parquet")
    pq.write_table(pa.table({"url": pa.array([1, 2]), "link": [KEPT, GONE]}), corpus / "d.parquet")
    run(corpus, proven)
    for name, left in (("a", 20), ("c", 1), ("d", 1)):
        assert pq.read_table(corpus.parent / "out" / f"{name}.parquet").num_rows == left


def test_a_corpus_in_which_nothing_can_be_matched_is_refused(tmp_path: Path, proven: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    pq.write_table(pa.table({"n": [1, 2], "word": ["a", "b"]}), corpus / "a.parquet")
    told = run(corpus, proven, expect=2)
    assert "word" in told.err
    assert not (tmp_path / "out").exists()


def bomb() -> bytes:
    """A small file that says it is a picture of 60,000 times 60,000 pixels."""
    data = bytearray(encoded(Image.new("L", (8, 8)), "PNG"))
    data[16:24] = struct.pack(">II", 60000, 60000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


def moving(form: str, first: Image.Image) -> bytes:
    stream = io.BytesIO()
    rest = [photograph(seed, first.size) for seed in (77, 78)]
    first.save(stream, form, save_all=True, append_images=rest, duration=100)
    return stream.getvalue()


def test_hostile_pictures_are_judged_or_put_aside(work, tmp_path: Path, proven: Path) -> None:
    picture = Image.open(io.BytesIO(work.pictures[0])).convert("RGB")
    grey = np.asarray(picture.convert("L"), np.uint16) * 257
    stranger = encoded(photograph(300, (120, 90)))
    planted = {
        "16 bit": encoded(Image.fromarray(grey), "PNG"),
        "cmyk": encoded(picture.convert("CMYK"), quality=80),
        "animated": moving("WEBP", picture),
        "alpha": encoded(picture.convert("RGBA"), "PNG"),
    }
    unjudgeable = {
        "bomb": bomb(),
        "disguised": b"<script>alert(1)</script>" * 9,
        "truncated": work.pictures[0][:5000],
        "a header and no more": b"\xff\xd8\xff\xe0",
    }
    kept = {"a stranger's": stranger, "nothing": b"", "null": None}
    rows = {**planted, **unjudgeable, **kept}
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    table = pa.table({"jpg": pa.array(rows.values(), pa.binary()), "what": list(rows)})
    pq.write_table(table, corpus / "a.parquet")
    report = run(corpus, proven).json()
    out = tmp_path / "out"
    assert pq.read_table(out / "a.parquet")["what"].to_pylist() == list(kept)
    aside = pq.read_table(tmp_path / "out.optout" / "quarantine" / "a.parquet")
    assert aside["what"].to_pylist() == list(unjudgeable)
    assert (report["rows_dropped"], report["rows_quarantined"]) == (len(planted), len(unjudgeable))
    command("verify", out, "--snapshot", proven, "--input", corpus)


def test_odd_addresses_are_judged_kept_or_put_aside(work, tmp_path: Path, proven: Path) -> None:
    picture = base64.b64encode(work.pictures[0]).decode()
    planted = [
        "https://MÜLLER.example/blog/l%c3%b6we",
        "https://an\tna.example/2024/har\nbour.jpg",
        f"data:image/jpeg;base64,{picture}",
        f"https://fotografin.example/{'a' * (1 << 20)}",
        f"https://fotografin.example/?{'%41' * 1000}",
    ]
    kept = [
        f"https://host.example/{'a' * (1 << 20)}",
        "https://" + "a." * (1 << 19) + "example/",
        "https://anna.example\x00/2024/harbour.jpg",
        "\x01\x02\x7f",
        "https://xn--/",
        "https://127.0.0.1/2024/harbour.jpg",
        "https://[::1]:8080/fotografin.example",
        "https://0x7f.1/",
        "data:text/plain,https://anna.example/2024/harbour.jpg",
        "data:,",
        "javascript:alert(1)",
        "https://\ud7ff\uffff.example/",
        "://",
        "%",
    ]
    values = [text.encode() for text in (*planted, *kept)] + [b"https://anna.example/\xff\xfe"]
    offsets = np.cumsum([0, *map(len, values)]).astype(np.int32)
    urls = pa.StringArray.from_buffers(
        len(values), pa.py_buffer(offsets), pa.py_buffer(b"".join(values))
    )
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    table = pa.table({"url": urls, "n": range(len(values))})
    pq.write_table(table, corpus / "a.parquet")
    run(corpus, proven)
    left = pq.read_table(tmp_path / "out" / "a.parquet", columns=["n"])["n"].to_pylist()
    assert left == list(range(len(planted), len(values) - 1))
    aside = pq.read_table(tmp_path / "out.optout" / "quarantine" / "a.parquet", columns=["n"])
    assert aside["n"].to_pylist() == [len(values) - 1]
    command("verify", tmp_path / "out", "--snapshot", proven, "--input", corpus)


def test_a_newer_snapshot_asks_for_a_newer_optout(
    corpus: Path, proven: Path, tmp_path: Path
) -> None:
    newer = tmp_path / "newer"
    shutil.copytree(proven, newer)
    manifest = newer / "snapshot.json"
    manifest.write_bytes(
        manifest.read_bytes().replace(b"optout/v1/snapshot", b"optout/v2/snapshot")
    )
    told = run(corpus, newer, expect=1)
    assert "optout/v2/snapshot" in told.err
    assert "pgrade" in told.err
    assert not (tmp_path / "out").exists()


def test_a_snapshot_for_another_usage_drops_nothing(corpus: Path, tmp_path: Path) -> None:
    registry = ("--registry", tmp_path / "optout.db")
    command("init", *registry)
    command("add", "url", GONE, "--usage", "search", *registry)
    command("snapshot", tmp_path / "snapshot", *registry)
    told = run(corpus, tmp_path / "snapshot")
    assert told.json()["rows_dropped"] == 0
    assert (tmp_path / "out" / "a.parquet").read_bytes() == (corpus / "a.parquet").read_bytes()
    told = run(corpus, tmp_path / "snapshot", "--usage", "search", "--overwrite")
    assert told.json()["rows_dropped"] == 20


def test_an_out_that_holds_something_else_is_left_alone(corpus: Path, proven: Path) -> None:
    out = corpus.parent / "out"
    out.mkdir()
    (out / "thesis.parquet").write_bytes(b"the only copy")
    told = run(corpus, proven, expect=2)
    assert str(out) in told.err
    run(corpus, proven, "--overwrite", expect=2)
    assert (out / "thesis.parquet").read_bytes() == b"the only copy"
    assert names(out) == ["thesis.parquet"]


@pytest.mark.parametrize("where", ["the input", "below the input", "a file"])
def test_an_out_that_would_spoil_something_is_refused(
    where: str, corpus: Path, proven: Path
) -> None:
    out = {
        "the input": corpus,
        "below the input": corpus / "out",
        "a file": corpus / "a.parquet",
    }[where]
    before = {path: path.read_bytes() for path in corpus.iterdir()}
    command("filter", corpus, "--snapshot", proven, "--out", out, expect=2)
    assert {path: path.read_bytes() for path in corpus.iterdir()} == before


class _Meddler(Silence):
    """Does something while a run is at one stage."""

    def __init__(self, stage: str, deed) -> None:
        self.when, self.deed = stage, deed

    def stage(self, name: str, total: int | None = None) -> None:  # noqa: ARG002
        if name == self.when:
            self.deed()


@pytest.mark.parametrize("stage", ["scan", "write"])
def test_an_input_that_changes_while_it_is_filtered_fails_by_name(
    stage: str, corpus: Path, proven: Path
) -> None:
    out = corpus.parent / "out"
    meddler = _Meddler(stage, lambda: sound(corpus / "b.parquet", 60))
    with pytest.raises(SomeShardsFailed, match=r"b\.parquet"):
        filter_dataset(corpus, out, snapshot=str(proven), progress=meddler)
    assert names(out) == ["a.parquet"]


def test_a_clock_that_runs_backwards_harms_nothing(
    corpus: Path, proven: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Backwards(datetime):
        ticks = 0

        @classmethod
        def now(cls, tz=None):
            cls.ticks += 1
            return datetime(2026, 1, 31, tzinfo=tz or UTC) - timedelta(days=cls.ticks)

    later = datetime(2199, 1, 1, tzinfo=UTC).timestamp()
    os.utime(corpus / "a.parquet", (later, later))
    monkeypatch.setattr(course, "datetime", Backwards)
    assert run(corpus, proven).json()["seconds"] >= 0
    first = {path: path.read_bytes() for path in (corpus.parent / "out").iterdir()}
    run(corpus, proven)
    assert {path: path.read_bytes() for path in (corpus.parent / "out").iterdir()} == first
    command("verify", corpus.parent / "out", "--snapshot", proven, "--input", corpus)


def in_a_file_system_of_its_own(
    options: str, script: str, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a script where $OUT lies on a file system that was made for it, with these options."""
    flags = ["-m"] if os.geteuid() == 0 else ["-rm"]
    mount = f'mount -t tmpfs -o {options} tmpfs "$DISK" || exit 77'
    done = subprocess.run(
        ["unshare", *flags, "sh", "-c", f"{mount}\n{script}"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"NOT TESTED: no file system can be mounted here: {done.stderr.strip()}")
    return done


@pytest.fixture
def disk(corpus: Path, proven: Path, environment: dict[str, str]) -> dict[str, str]:
    """What a script needs to filter onto another disk."""
    (corpus.parent / "disk").mkdir()
    return environment | {
        "DISK": str(corpus.parent / "disk"),
        "FILTER": f"{sys.executable} -m optout.api.cli filter {corpus} --snapshot {proven}",
        "SAFE": str(corpus.parent / "safe"),
    }


@pytest.mark.long
def test_a_disk_that_is_full_is_named_and_the_run_goes_on_later(
    corpus: Path, proven: Path, disk: dict[str, str]
) -> None:
    for name in ("a", "b"):
        noise = np.random.default_rng(ord(name)).bytes(150_000).hex()
        urls = [GONE, *(f"{KEPT}{noise[at : at + 100]}" for at in range(0, 300_000, 100))]
        pq.write_table(pa.table({"url": urls}), corpus / f"{name}.parquet")
    script = """
        $FILTER --out "$DISK/out"; echo "code $?"
        echo "shards $(find "$DISK/out" -name '*.parquet' | wc -l)"
        echo "half written $(find "$DISK" -name '.*' -type f | wc -l)"
        mount -o remount,size=64m "$DISK"
        $FILTER --out "$DISK/out" && cp -r "$DISK" "$SAFE"
    """
    done = in_a_file_system_of_its_own("size=300k", script, disk)
    assert "code 1" in done.stdout, done.stdout + done.stderr
    assert "half written 0" in done.stdout
    assert "No space left" in done.stderr
    assert done.returncode == 0, done.stderr
    safe = corpus.parent / "safe" / "out"
    assert [pq.read_table(safe / f"{name}.parquet").num_rows for name in ("a", "b")] == [3000, 3000]
    command("verify", safe, "--snapshot", proven, "--input", corpus)


def test_a_disk_that_must_not_be_written_to_is_named(corpus: Path, disk: dict[str, str]) -> None:
    done = in_a_file_system_of_its_own("ro", '$FILTER --out "$DISK/out"', disk)
    assert done.returncode == 1, done.stdout + done.stderr
    assert disk["DISK"] in done.stderr
    assert "ead-only" in done.stderr
    assert "Traceback" not in done.stderr


def many_inputs(number: int, tmp_path: Path, snapshot: Path, environment: dict[str, str]) -> None:
    """Far more inputs than a process may have files open."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    sound(corpus / "00000.parquet", 3)
    whole = (corpus / "00000.parquet").read_bytes()
    for each in range(1, number):
        (corpus / f"{each:05d}.parquet").write_bytes(whole)
    given = ["filter", corpus, "--snapshot", snapshot, "--out", tmp_path / "out", "--json"]
    done = subprocess.run(
        [*OPTOUT, *map(str, given)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)),
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["shards"] == number
    assert (report["rows_in"], report["rows_dropped"]) == (3 * number, number)
    assert len(names(tmp_path / "out")) == number


@pytest.mark.long
def test_more_inputs_are_filtered_than_may_be_open(
    tmp_path: Path, proven: Path, environment: dict[str, str]
) -> None:
    many_inputs(600, tmp_path, proven, environment)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_sixteen_thousand_inputs_are_filtered(
    tmp_path: Path, proven: Path, environment: dict[str, str]
) -> None:
    many_inputs(16_000, tmp_path, proven, environment)
