"""The columns of published data sets, and rows as they hold them."""

from __future__ import annotations

import base64
import hashlib
import json
from random import Random
from typing import Any

import pyarrow as pa

from .passages import passage
from .sowing import Form, OptOuts
from .works import iscc

TEXT, LONG, REAL, BYTES = pa.string(), pa.int64(), pa.float64(), pa.binary()


def columns(**types: pa.DataType) -> pa.Schema:
    return pa.schema(list(types.items()))


def link(random: Random, folder: str = "p") -> str:
    return f"https://host{random.randrange(97)}.example/{folder}/{random.randrange(10**9)}.jpg"


def digest(name: str, random: Random) -> str:
    return hashlib.new(name, random.randbytes(8), usedforsecurity=False).hexdigest()


def a_picture(random: Random, optouts: OptOuts) -> bytes:
    return random.choice(optouts.pictures.others)


def file_digest(name: str) -> Any:
    """The digest of a file that was opted out, where no digest of files stands."""

    def decoy(random: Random, optouts: OptOuts) -> str:
        data = random.choice(optouts.files.files)
        return hashlib.new(name, data, usedforsecurity=False).hexdigest()

    return decoy


def a_link(random: Random, optouts: OptOuts) -> str:
    return str(random.choice(optouts.addresses.links))


LAION = Form(
    "laion",
    columns(URL=TEXT, TEXT=TEXT, HEIGHT=LONG, WIDTH=LONG, LICENSE=TEXT, NSFW=TEXT)
    .append(pa.field("similarity", REAL))
    .append(pa.field("hash", LONG)),
    lambda _n, random, _: {
        "URL": link(random),
        "TEXT": random.choice((passage(random), "IMG_2034", None)),
        "HEIGHT": random.randrange(64, 4000),
        "WIDTH": random.randrange(64, 4000),
        "LICENSE": "?",
        "NSFW": "UNLIKELY",
        "similarity": random.random(),
        "hash": random.randrange(-(2**63), 2**63),
    },
    {"URL": "url", "TEXT": "text"},
)
RE_LAION = Form(
    "re-laion",
    columns(url=TEXT, caption=TEXT, similarity=REAL, hash=LONG, punsafe=REAL, key=TEXT),
    lambda n, random, _: {
        "url": link(random),
        "caption": passage(random, 7),
        "similarity": random.random(),
        "hash": random.randrange(-(2**63), 2**63),
        "punsafe": random.random(),
        "key": f"{n:09d}",
    },
    {"url": "url", "caption": "text"},
)
COYO = Form(
    "coyo",
    columns(id=LONG, url=TEXT, text=TEXT, width=LONG, height=LONG, image_phash=TEXT)
    .append(pa.field("text_length", LONG))
    .append(pa.field("aesthetic_score_laion_v2", REAL)),
    lambda n, random, _: {
        "id": n,
        "url": link(random),
        "text": passage(random, 6),
        "width": 640,
        "height": 480,
        "image_phash": f"{random.getrandbits(64) | 1 << 63:016x}",
        "text_length": 40,
        "aesthetic_score_laion_v2": random.random(),
    },
    {"url": "url", "text": "text", "image_phash": "phash64"},
)
DATACOMP = Form(
    "datacomp",
    columns(uid=TEXT, url=TEXT, text=TEXT, original_width=LONG, original_height=LONG)
    .append(pa.field("clip_b32_similarity_score", pa.float32()))
    .append(pa.field("face_bboxes", pa.list_(pa.list_(REAL))))
    .append(pa.field("sha256", TEXT)),
    lambda n, random, _: {
        "uid": digest("md5", random),
        "url": link(random),
        "text": passage(random, 8),
        "original_width": 640,
        "original_height": 480,
        "clip_b32_similarity_score": random.random(),
        "face_bboxes": [[0.1, 0.2, 0.3, 0.4]] if n % 3 else [],
        "sha256": digest("sha256", random),
    },
    {"url": "url", "text": "text", "sha256": "sha256"},
    decoys={"uid": file_digest("md5")},
)
PD12M = Form(
    "pd12m",
    columns(id=TEXT, url=TEXT, s3_key=TEXT, caption=TEXT, hash=TEXT, width=LONG, height=LONG)
    .append(pa.field("mime_type", TEXT))
    .append(pa.field("license", TEXT))
    .append(pa.field("source", TEXT)),
    lambda _n, random, _: {
        "id": f"{random.getrandbits(120):030x}",
        "url": link(random),
        "s3_key": f"images/{digest('md5', random)}.jpeg",
        "caption": passage(random, 14),
        "hash": digest("md5", random),
        "width": 640,
        "height": 480,
        "mime_type": "image/jpeg",
        "license": "https://creativecommons.org/publicdomain/zero/1.0/",
        "source": "Wikimedia",
    },
    {"url": "url", "caption": "text", "hash": "md5"},
    decoys={"id": file_digest("md5")},
)
WAON = Form(
    "waon",
    columns(url=TEXT, caption=TEXT, page_title=TEXT, page_url=TEXT, sha256=TEXT, phash=TEXT),
    lambda _n, random, _: {
        "url": link(random),
        "caption": passage(random, 8),
        "page_title": passage(random, 6),
        "page_url": link(random, "page"),
        "sha256": digest("sha256", random),
        "phash": f"{random.getrandbits(64) | 1 << 63:016x}",
    },
    {
        "url": "url",
        "caption": "text",
        "page_title": "text",
        "page_url": "url",
        "sha256": "sha256",
        "phash": "phash64",
    },
)
HASHES = Form(
    "hashes",
    columns(url=TEXT, phash256=TEXT, pdq256=TEXT),
    lambda _n, random, _: {
        "url": link(random),
        "phash256": f"{random.getrandbits(256) | 1 << 255:064x}",
        "pdq256": f"{random.getrandbits(256):064x}",
    },
    {"url": "url", "phash256": "phash256", "pdq256": "pdq256"},
    options=("--column=phash256=phash256", "--column=pdq256=pdq256", "--column=url=url"),
)
IMG2DATASET = Form(
    "img2dataset",
    columns(url=TEXT, caption=TEXT, key=TEXT, status=TEXT, error_message=TEXT, width=LONG)
    .append(pa.field("exif", TEXT))
    .append(pa.field("md5", TEXT))
    .append(pa.field("sha256", TEXT))
    .append(pa.field("sha512", TEXT))
    .append(pa.field("jpg", BYTES)),
    lambda n, random, optouts: {
        "url": link(random),
        "caption": passage(random, 8),
        "key": f"{n:09d}",
        "status": "success",
        "error_message": None,
        "width": 96,
        "exif": json.dumps({"Image Make": "Canon", "EXIF ISOSpeedRatings": "100"}),
        "md5": digest("md5", random),
        "sha256": digest("sha256", random),
        "sha512": digest("sha512", random),
        "jpg": a_picture(random, optouts),
    },
    {"url": "url", "caption": "text", "md5": "md5", "sha256": "sha256", "jpg": "image"},
)
IMAGE = pa.struct([("bytes", BYTES), ("path", TEXT)])
HF_IMAGE = Form(
    "hf-image",
    columns(image=IMAGE, text=TEXT, label=LONG).with_metadata(
        {"huggingface": json.dumps({"info": {"features": {"image": {"_type": "Image"}}}})}
    ),
    lambda n, random, optouts: {
        "image": {"bytes": a_picture(random, optouts), "path": f"{n}.jpg"},
        "text": passage(random, 8),
        "label": n % 10,
    },
    {"image.bytes": "image", "text": "text"},
)
HF_IMAGES = Form(
    "hf-images",
    columns(images=pa.list_(IMAGE), texts=pa.list_(TEXT), source_url=TEXT),
    lambda n, random, optouts: {
        "images": [{"bytes": a_picture(random, optouts), "path": None} for _ in range(1 + n % 3)],
        "texts": [passage(random, 5) for _ in range(1 + n % 3)],
        "source_url": link(random),
    },
    {"images[].bytes": "image", "texts[]": "text", "source_url": "url"},
)
OBELICS = Form(
    "obelics",
    columns(images=pa.list_(TEXT), metadata=TEXT, general_metadata=TEXT, texts=pa.list_(TEXT)),
    lambda _n, random, _: {
        "images": [link(random), None, link(random)],
        "metadata": [
            {"document_url": "d", "src": link(random), "alt_text": "a fish", "rendered_width": 9},
            None,
            {"src": link(random), "original_width": 640},
        ],
        "general_metadata": {"url": link(random, "page"), "warc_filename": "crawl/1.warc.gz"},
        "texts": [None, passage(random, 9), None],
    },
    {
        "images[]": "url",
        "metadata{}[].src": "url",
        "general_metadata{}.url": "url",
        "texts[]": "text",
    },
    json=("metadata", "general_metadata"),
)
NEMO = Form(
    "nemo",
    columns(sample_id=TEXT, position=pa.int32(), modality=TEXT, content_type=TEXT)
    .append(pa.field("text_content", pa.large_string()))
    .append(pa.field("binary_content", pa.large_binary()))
    .append(pa.field("source_ref", TEXT)),
    lambda n, random, optouts: {
        "sample_id": f"s{n // 2}",
        "position": n % 2,
        "modality": "image" if n % 2 else "text",
        "content_type": "image/jpeg" if n % 2 else "text/plain",
        "text_content": None if n % 2 else passage(random, 20),
        "binary_content": a_picture(random, optouts) if n % 2 else None,
        "source_ref": link(random),
    },
    {"text_content": "text", "binary_content": "image", "source_ref": "url"},
)
FINEWEB = Form(
    "fineweb",
    columns(text=TEXT, id=TEXT, dump=TEXT, url=TEXT, date=TEXT, file_path=TEXT, language=TEXT)
    .append(pa.field("language_score", REAL))
    .append(pa.field("token_count", LONG)),
    lambda _n, random, _: {
        "text": passage(random, 60),
        "id": f"<urn:uuid:{digest('md5', random)}>",
        "dump": "CC-MAIN-2024-10",
        "url": link(random, "page"),
        "date": "2024-02-23T08:00:00Z",
        "file_path": "s3://commoncrawl/crawl-data/1.warc.gz",
        "language": "en",
        "language_score": random.random(),
        "token_count": 70,
    },
    {"text": "text", "url": "url"},
)
C4 = Form(
    "c4",
    columns(text=TEXT, timestamp=pa.timestamp("us"), url=TEXT),
    lambda n, random, _: {
        "text": passage(random, 60),
        "timestamp": n,
        "url": link(random, "page"),
    },
    {"text": "text", "url": "url"},
)
SLIMPAJAMA = Form(
    "slimpajama",
    columns(text=TEXT, meta=pa.struct([("redpajama_set_name", TEXT), ("url", TEXT)])),
    lambda _n, random, _: {
        "text": passage(random, 60),
        "meta": {"redpajama_set_name": "RedPajamaC4", "url": link(random, "page")},
    },
    {"text": "text", "meta.url": "url"},
)
REDPAJAMA = Form(
    "redpajama-v2",
    columns(raw_content=TEXT, doc_id=TEXT, meta=TEXT, quality_signals=TEXT),
    lambda n, random, _: {
        "raw_content": passage(random, 60),
        "doc_id": f"2023-06/0000/en_head.json.gz/{n}",
        "meta": {
            "url": link(random, "page"),
            "partition": "head_middle",
            "language": "en",
            "digest": "sha1:" + base64.b32encode(random.randbytes(20)).decode(),
        },
        "quality_signals": json.dumps({"ccnet_length": [[0, 1000, 7033.0]]}),
    },
    {"raw_content": "text", "meta{}.url": "url"},
    json=("meta",),
)
THE_STACK = Form(
    "the-stack-v1",
    columns(hexsha=TEXT, size=LONG, ext=TEXT, lang=TEXT, max_stars_repo_path=TEXT)
    .append(pa.field("max_stars_repo_name", TEXT))
    .append(pa.field("max_stars_repo_licenses", pa.list_(TEXT)))
    .append(pa.field("content", TEXT)),
    lambda _n, random, _: {
        "hexsha": digest("sha1", random),
        "size": 100,
        "ext": "py",
        "lang": "Python",
        "max_stars_repo_path": f"src/{random.random()}/main.py",
        "max_stars_repo_name": f"owner{random.randrange(500)}/repo",
        "max_stars_repo_licenses": ["MIT"],
        "content": f"def f():\n    return {random.random()}\n# {passage(random)}",
    },
    {"max_stars_repo_name": "account:github", "content": "text"},
    decoys={"max_stars_repo_path": lambda random, optouts: optouts.accounts.repository(random)},
)
THE_STACK_2 = Form(
    "the-stack-v2",
    columns(blob_id=TEXT, directory_id=TEXT, path=TEXT, content_id=TEXT, repo_name=TEXT)
    .append(pa.field("snapshot_id", TEXT))
    .append(pa.field("github_id", LONG))
    .append(pa.field("src_encoding", TEXT)),
    lambda _n, random, _: {
        "blob_id": digest("sha1", random),
        "directory_id": digest("sha1", random),
        "path": "/src/main.py",
        "content_id": digest("sha1", random),
        "repo_name": f"owner{random.randrange(500)}/repo",
        "snapshot_id": digest("sha1", random),
        "github_id": random.randrange(10**8),
        "src_encoding": "UTF-8",
    },
    {"repo_name": "account:github"},
    decoys={"path": lambda random, optouts: optouts.accounts.repository(random)},
)
CRAWL_INDEX = Form(
    "common-crawl-index",
    columns(url_surtkey=TEXT, url=TEXT, url_host_name=TEXT, url_host_registered_domain=TEXT)
    .append(pa.field("url_path", TEXT))
    .append(pa.field("fetch_status", pa.int16()))
    .append(pa.field("content_digest", TEXT))
    .append(pa.field("warc_filename", TEXT)),
    lambda n, random, _: {
        "url_surtkey": f"example,host{n})/page",
        "url": link(random, "page"),
        "url_host_name": f"host{n}.example",
        "url_host_registered_domain": f"host{n}.example",
        "url_path": "/page",
        "fetch_status": 200,
        "content_digest": base64.b32encode(random.randbytes(20)).decode(),
        "warc_filename": "crawl-data/CC-MAIN-2024-10/1.warc.gz",
    },
    {"url": "url"},
)
PAPERS = Form(
    "papers",
    columns(doi=TEXT, arxiv_id=TEXT, isbn=TEXT, iscc=TEXT, abstract=TEXT, year=LONG),
    lambda n, random, _: {
        "doi": f"10.7777/other.{n}",
        "arxiv_id": f"1901.{n:05d}",
        "isbn": None,
        "iscc": iscc(10**8 + n),
        "abstract": passage(random, 40),
        "year": 2019,
    },
    {
        "doi": "work:doi",
        "arxiv_id": "work:arxiv",
        "isbn": "work:isbn",
        "iscc": "work:iscc",
        "abstract": "text",
    },
)

REDDIT = Form(
    "reddit",
    columns(id=TEXT, author=TEXT, subreddit=TEXT, selftext=TEXT, permalink=TEXT, url=TEXT),
    lambda n, random, _: {
        "id": f"t3_{n:x}",
        "author": random.choice(("[deleted]", f"reader_{random.randrange(999)}", "someone-else")),
        "subreddit": random.choice(("pics", "AskScience")),
        "selftext": random.choice((passage(random, 12), "", None)),
        "permalink": f"/r/pics/comments/{n:x}/a_title/",
        "url": link(random),
    },
    {"author": "account:reddit", "selftext": "text", "url": "url"},
    decoys={"subreddit": lambda random, optouts: optouts.accounts.owner("reddit", random).strip()},
)
PLATFORMS = Form(
    "platforms",
    columns(gitlab_repo_name=TEXT, deviantart_username=TEXT, channel_id=TEXT, user_nsid=TEXT)
    .append(pa.field("huggingface", pa.struct([("owner", TEXT), ("likes", LONG)])))
    .append(pa.field("posts", pa.list_(pa.struct([("account", TEXT), ("lang", TEXT)]))))
    .append(pa.field("video_id", TEXT))
    .append(pa.field("license", TEXT)),
    lambda n, random, _: {
        "gitlab_repo_name": f"group{random.randrange(99)}/project",
        "deviantart_username": f"artist-{n}",
        "channel_id": f"UC{random.randrange(10**20):021d}A",
        "user_nsid": f"{random.randrange(10**7, 10**8)}@N0{n % 10}",
        "huggingface": {"owner": f"team-{random.randrange(99)}", "likes": n},
        "posts": [{"account": f"@reader{n}@server.example", "lang": "en"}],
        "video_id": f"v{random.randrange(10**9):010d}",
        "license": "cc-by-4.0",
    },
    {
        "gitlab_repo_name": "account:gitlab",
        "deviantart_username": "account:deviantart",
        "channel_id": "account:youtube",
        "user_nsid": "account:flickr",
        "huggingface.owner": "account:huggingface",
        "posts[].account": "account:mastodon",
    },
    decoys={"license": lambda random, optouts: optouts.accounts.owner("deviantart", random)},
)

FORMS = (
    *(LAION, RE_LAION, COYO, DATACOMP, PD12M, WAON, HASHES),
    *(IMG2DATASET, HF_IMAGE, HF_IMAGES, OBELICS, NEMO),
    *(FINEWEB, C4, SLIMPAJAMA, REDPAJAMA),
    *(THE_STACK, THE_STACK_2, CRAWL_INDEX, PAPERS, REDDIT, PLATFORMS),
)
