"""What the name of a column says of its values. Of a path the last part with a name counts."""

from __future__ import annotations

import re
from collections.abc import Collection

from optout.registry.identifiers import PLATFORMS

from .leaf import SCHEMES

_ADDRESS_WORDS = ("url", "uri", "href", "link", "src")
_PICTURE_NAMES = {
    *("jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"),
    *("image", "img", "picture", "pic", "photo"),
}
_PASSAGE_NAMES = {
    *("text", "txt", "caption", "content", "body", "alt", "title", "description", "abstract"),
    *("summary", "article", "document", "passage", "paragraph", "sentence", "story", "lyric"),
    *("poem", "transcript", "comment", "post", "message", "prompt", "response", "answer"),
    *("question", "completion", "instruction", "output", "input", "code"),
}
_KEY = re.compile(r"(?:^|[^a-z])(?:id|guid)$|uu?id$")
_ACCOUNT_WORDS = {
    *("account", "author", "channel", "handle", "login", "owner", "profile", "screenname"),
    *("user", "username", "creator", "artist", "blog", "repo", "repository"),
}
_BESIDE_THEM = {"name", "full", "id", "screen"}
"""Words of such names that alone say nothing: `github_user_id`, `gitlab_repo_full_name`."""
_REPOSITORY = re.compile(r"(?:^|_)(?:repo|repository)(?:_?(?:full)?_?name)?$|^full_name$", re.I)
_FORMER_NAMES = {"twitter": "x", "hf": "huggingface", "yt": "youtube"}
_OWN_NAMES = {"author", "authorname", "username"}
_PICTURE_HASHES = {"pdq256", "phash256", "phash64"}
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_PART = re.compile(r"[^.\[\]{}]+")


def names_address(path: str) -> bool:
    """Whether a name speaks of addresses."""
    return any(word in path.lower() for word in _ADDRESS_WORDS)


def names_exactly_address(path: str) -> bool:
    """Whether a name says that its values are addresses: `URL`, `page_url`, `imageUrl`."""
    return _one(_last_word(path)) in _ADDRESS_WORDS


def names_digest(path: str) -> str | None:
    """The digest or hash that a name says its values are: a role; None where it says none.

    A hash of pictures whose size is not said is the one of 64 bits. A part that is just called
    `hash` is what it is a part of: `pdq.hash`.
    """
    *above, last = _PART.findall(path) or [path]
    if above and last.lower() == "hash":
        said = names_digest(above[-1])
        return said if said in _PICTURE_HASHES else None
    plain = re.sub(r"[^a-z0-9]", "", _last(path).lower())
    if plain.endswith("sha256"):
        return "sha256"
    if plain.endswith("md5"):
        return "md5"
    if "pdq" in plain and "quality" not in plain:
        return "pdq256"
    if "phash" in plain or plain.endswith("perceptualhash"):
        return "phash256" if "256" in plain else "phash64"
    return None


def names_hash(path: str) -> bool:
    """Whether a name says no more than that its values are hashes, or hashes of pictures."""
    said = _words(_last(path))
    return said[-1:] == ["hash"] and set(said) <= _PICTURE_NAMES | {"hash", "file"}


def names_key(path: str) -> bool:
    """Whether a name says that its values number rows, or are digests of something else."""
    last = _last(path).lower()
    return last == "content_digest" or bool(_KEY.search(last))


def names_picture(path: str) -> bool:
    """Whether a name, or that of what it is a part of, speaks of pictures: `image_bytes`."""
    return not _PICTURE_NAMES.isdisjoint(map(_one, _words(path)))


def names_passage(path: str) -> bool:
    """Whether a name says that its values are passages: `TEXT`, `raw_content`, `caption`."""
    return _one(_last_word(path)) in _PASSAGE_NAMES


def names_repository(path: str) -> bool:
    """Whether a name says that its values are `owner/name`: `repo_name`."""
    return bool(_REPOSITORY.search(_last(path)))


def names_platform(path: str) -> str | None:
    """The platform whose accounts a name says its values are: `flickr_user`."""
    *above, last = _PART.findall(path) or [path]
    said = _words(last)
    before = list(said)
    while before and _one(before[-1]) in _ACCOUNT_WORDS | _BESIDE_THEM:
        before.pop()
    told = [_one(word) for word in said[len(before) :]]
    if before == said or (told != ["name"] and _ACCOUNT_WORDS.isdisjoint(told)):
        return None
    if not before:
        # `gitlab.owner`; the `name` of something of a platform may be anything.
        return _platform("".join(_words(above[-1]))) if above and told != ["name"] else None
    # What stands before the platform may be anything: `max_stars_gitlab_repo_name`.
    found = (_platform("".join(before[start:])) for start in range(len(before)))
    return next((name for name in found if name), None)


def platform_beside(path: str, paths: Collection[str]) -> str | None:
    """The platform whose accounts a name says its values are, given the names beside it.

    Args:
        path: the path of the values.
        paths: of all values of the corpus, in lower case.
    """
    last = _last(path)
    above = path.lower().removesuffix(last.lower())
    if _letters(last) in _OWN_NAMES and f"{above}subreddit" in paths:
        return "reddit"
    return None


def _platform(word: str) -> str | None:
    word = _FORMER_NAMES.get(word, word)
    return next((name for name in PLATFORMS if _letters(name) == word), None)


def names_scheme(path: str) -> str | None:
    """The scheme of works that a name says its values are numbers of: `isbn13`, `arxiv_id`."""
    said = [word for word in _words(_last(path)) if not word.isdigit() and word != "id"]
    return said[-1] if said and said[-1] in SCHEMES else None


def _one(word: str) -> str:
    """A word of several things as the word of one."""
    return word.removesuffix("s")


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _last(path: str) -> str:
    parts = _PART.findall(path)
    return parts[-1] if parts else path


def _last_word(path: str) -> str:
    said = [word for word in _words(_last(path)) if not word.isdigit()]
    return said[-1] if said else ""


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]
