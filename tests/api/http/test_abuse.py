"""What somebody could do to others is stopped, with a reason that an honest person can act on."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from optout.api.http.app import build
from optout.api.settings import Quotas, Settings

from tests.api.conftest import encoded
from tests.api.http.test_cases import bearer, opened, problem


def registered(client: TestClient, kind: str, **value: str) -> Response:
    return client.post("/v1/cases", json={"items": [{"kind": kind, **value}]})


def half(seed: int) -> str:
    """A hash as a picture may have it: half of its bits set, among them the first."""
    bits = [1] * 127 + [0] * 128
    random.Random(seed).shuffle(bits)
    return f"{int('1' + ''.join(map(str, bits)), 2):064x}"


WIDE = {
    # A name below which strangers have theirs.
    ("site", "uk"): ("public-suffix", "Give a name below it, such as anna.uk."),
    ("site", "co.uk"): ("public-suffix", "Give a name below it, such as anna.co.uk."),
    ("site", "github.io"): ("public-suffix", "Give a name below it, such as anna.github.io."),
    ("site", "s3.amazonaws.com"): ("public-suffix", "Give a name below it"),
    ("site", "*.co.uk"): ("not-a-site", "Give co.uk"),
    # What strangers share.
    ("site", "instagram.com"): ("platform", "Give the account, such as instagram:"),
    ("site", "www.flickr.com"): ("platform", "Give the account, such as flickr:"),
    ("site", "tumblr.com"): ("platform", "Give the account, such as tumblr:"),
    ("prefix", "https://github.com/"): ("platform", "Give the account, such as github:"),
    ("prefix", "https://github.com/features"): ("platform", "Give the account"),
    ("prefix", "https://www.flickr.com/photos/"): ("platform", "Give the account"),
    ("prefix", "https://www.reddit.com/r/"): ("platform", "Give the account"),
    ("prefix", "https://www.youtube.com/watch"): ("platform", "Give the account"),
    ("prefix", "https://i.pinimg.com/originals/ab/"): ("platform", "Give the account"),
    ("prefix", "https://www.reddit.com/r/pics/"): ("platform", "Give the account"),
    # All of a host is no part of it, be it a public suffix or not.
    ("prefix", "https://co.uk/"): ("not-a-prefix", "A prefix goes on behind the host"),
    ("prefix", "https://s3.amazonaws.com/*"): ("not-a-prefix", "A prefix goes on behind the host"),
    ("prefix", "https://anna.example//"): ("not-a-prefix", "A prefix goes on behind the host"),
    ("prefix", "https://anna.example/%2F/.."): ("not-a-prefix", "A prefix goes on behind"),
}


@pytest.mark.parametrize(("kind", "value", "reason", "advice"), [(*k, *v) for k, v in WIDE.items()])
def test_what_belongs_to_many_is_nobodys_to_register(
    kind: str, value: str, reason: str, advice: str, client: TestClient
) -> None:
    (fault,) = problem(registered(client, kind, value=value), 422)["errors"]
    assert (fault["pointer"], fault["reason"]) == ("#/items/0/value", reason)
    assert fault["advice"].startswith(advice)


@pytest.mark.parametrize(
    "value",
    [
        # A prefix reaches no name below its host: that is why a site may not be a public suffix.
        # And here buckets of different people are folders of one host.
        "https://s3.amazonaws.com/anna-photos/",
        "https://storage.googleapis.com/anna-photos/2024/",
        "https://co.uk/a/",
    ],
)
def test_a_folder_on_a_public_suffix_covers_nobody_else(value: str, client: TestClient) -> None:
    assert registered(client, "prefix", value=value).status_code == 201


BLANK = {
    "as other bits": "0" * 64,
    "with one bit": "8" + "0" * 63,
    "with every bit": "f" * 64,
    "with too few bits": "8" + "1" * 63,
    "without brightness": "0" * 32 + "f" * 32,
    "of black": "f" * 32 + "0" * 32,
    "of stripes": "f0" * 32,
    "of a chessboard": "aa55" * 16,
    "that repeats": "c396" * 16,
}


@pytest.mark.parametrize("phash256", BLANK.values(), ids=BLANK.keys())
def test_a_hash_that_fits_many_pictures_is_refused(phash256: str, client: TestClient) -> None:
    (fault,) = problem(registered(client, "image", phash256=phash256), 422)["errors"]
    assert (fault["pointer"], fault["reason"]) == ("#/items/0/phash256", "not-an-image")
    assert "imagehash" in fault["advice"] or "Register the picture itself" in fault["advice"]


def test_a_hash_as_pictures_have_it_is_taken(client: TestClient) -> None:
    assert registered(client, "image", phash256=half(1)).status_code == 201


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_blank_picture_is_taken_as_its_bytes_alone(grey: int, client: TestClient) -> None:
    from PIL import Image

    blank = encoded(Image.new("L", (300, 200), grey), "PNG")
    answer = client.post("/v1/cases", files={"pictures": ("blank.png", blank, "image/png")})
    (fault,) = problem(answer, 422)["errors"]
    assert (fault["pointer"], fault["reason"]) == ("#/pictures/0", "flat")
    assert fault["advice"].startswith("Register its exact bytes as a file, or the address")


@pytest.fixture(scope="module")
def guarded(new_registry: Callable[[], Path]) -> Iterator[TestClient]:
    held = Settings(registry=str(new_registry()), quotas=Quotas(secrets="3/hour"))
    app = build(held.registry, None, None, held.limits, held)
    with TestClient(app, base_url="http://optout.example") as client:
        yield client


def test_who_guesses_secrets_is_soon_told_to_wait(guarded: TestClient) -> None:
    case = opened(guarded, {"kind": "site", "value": "anna.example"})
    address = f"/v1/cases/{case['case']}"
    wrong = bearer("AAAA-AAAA-AAAA-AAAA")
    paths = [address, f"{address}/notices", f"{address}/items/0", address, address]
    methods = ["GET", "GET", "DELETE", "GET", "DELETE"]
    told = [
        guarded.request(method, path, headers=wrong)
        for method, path in zip(methods, paths, strict=True)
    ]
    assert [answer.status_code for answer in told] == [404, 404, 404, 429, 429]
    advice = problem(told[-1], 429)["advice"]
    assert "Compare case number and secret with your receipt" in advice
    assert 3000 < int(told[-1].headers["retry-after"]) <= 3600
    # Not even who has the right one learns that it is right.
    assert guarded.get(address, headers=bearer(case["secret"])).status_code == 429
