"""Accounts on platforms: where their addresses carry the handle, and where they only seem to."""

from __future__ import annotations

from random import Random

from .addresses import mixed_case

FOLDING = {
    "github": (
        "https://github.com/{}",
        "https://github.com/{}/repo",
        "http://www.github.com/{}/repo/blob/main/a.py#L1",
        "https://{}.github.io/page",
        "https://raw.githubusercontent.com/{}/repo/main/picture.png",
    ),
    "gitlab": ("https://gitlab.com/{}", "https://gitlab.com/{}/repo/-/blob/main/a.py"),
    "x": (
        "https://x.com/{}",
        "https://twitter.com/{}/status/1234567890",
        "https://mobile.twitter.com/{}",
        "//www.twitter.com/{}/media",
    ),
    "instagram": ("https://www.instagram.com/{}/", "http://instagram.com/{}?hl=en"),
    "tiktok": ("https://www.tiktok.com/@{}", "https://www.tiktok.com/@{}/video/7123456789"),
    "reddit": ("https://www.reddit.com/user/{}/", "https://old.reddit.com/u/{}/comments"),
    "tumblr": ("https://{}.tumblr.com/post/1/a", "https://www.tumblr.com/{}"),
    "deviantart": ("https://www.deviantart.com/{}/art/a-1", "https://{}.deviantart.com/gallery"),
}
"""Platforms that take a handle in any case."""

PLAIN = {
    "huggingface": ("https://huggingface.co/{}/model", "https://huggingface.co/datasets/{}/set"),
    "facebook": ("https://www.facebook.com/{}/photos", "https://m.facebook.com/{}"),
    "threads": ("https://www.threads.com/@{}", "https://www.threads.net/@{}/post/abc"),
    "youtube": ("https://www.youtube.com/@{}/videos", "https://youtube.com/@{}"),
    "flickr": ("https://www.flickr.com/photos/{}/1234/", "https://flickr.com/people/{}/"),
    "artstation": ("https://www.artstation.com/{}",),
    "behance": ("https://www.behance.net/{}",),
    "500px": ("https://500px.com/p/{}",),
    "pinterest": ("https://www.pinterest.com/{}/board/",),
    "medium": ("https://medium.com/@{}/a-title-1234", "https://{}.medium.com/a-title"),
    "substack": ("https://{}.substack.com/p/a-title",),
    "wordpress": ("https://{}.wordpress.com/2020/01/01/a/",),
    "wattpad": ("https://www.wattpad.com/user/{}",),
    "ao3": ("https://archiveofourown.org/users/{}/works",),
    "soundcloud": ("https://soundcloud.com/{}/a-track",),
    "bandcamp": ("https://{}.bandcamp.com/album/a",),
}
"""Platforms whose handles are planted as they are registered."""

FOREIGN = {
    "bluesky": (".bsky.social", ("https://bsky.app/profile/{}.bsky.social/post/abc",)),
    "mastodon": (
        "@mastodon.social",
        ("https://mastodon.social/@{}/1234", "https://mastodon.social/users/{}"),
    ),
}
"""Platforms whose handles name a server too."""

OF_REPOSITORIES = ("gitlab", "huggingface")
"""Whose columns hold `owner/name`."""

MISSES = (
    "https://github.com/{}x",
    "https://github.com/explore/{}",
    "https://github.com/someone/{}",
    "https://github.com/search?q={}",
    "https://gist.example/{}",
    "https://notgithub.com/{}",
    "https://github.com.other.example/{}",
    "https://x.com/someone/status/{}",
    "https://x.com/search?q={}",
    "https://www.instagram.com/p/{}/",
    "https://www.instagram.com/{}.x/",
    "https://www.reddit.com/r/{}/",
    "https://www.youtube.com/watch?v={}",
    "https://www.flickr.com/groups/{}/",
    "https://{}.example/",
    "https://other.example/github.com/{}",
    "https://{}@other.example/",
)


class Accounts:
    """One account in turn on each platform."""

    kind = "account"

    def __init__(self, many: int) -> None:
        self.platforms = [*FOLDING, *PLAIN, *FOREIGN]
        self.handles: list[tuple[str, str]] = []
        for i in range(max(many, len(self.platforms))):
            platform = self.platforms[i % len(self.platforms)]
            handle = f"annalens{i}"
            self.handles.append((platform, handle.title() if platform in FOLDING else handle))
        self.numbered = {
            "youtube": [f"UCanna{i:017d}Q" for i in range(10)],
            "flickr": [f"{70_000_000 + 31 * i}@N0{i % 10}" for i in range(10)],
        }

    def registered(self) -> list[str]:
        tail = {platform: tail for platform, (tail, _) in FOREIGN.items()}
        named = [*self.handles, *((p, each) for p, all_ in self.numbered.items() for each in all_)]
        return [f"{platform}:{handle}{tail.get(platform, '')}" for platform, handle in named]

    def disguise(self, random: Random) -> str:
        platform, handle = random.choice(self.handles)
        if platform in FOLDING:
            written = random.choice((handle, handle.lower(), mixed_case(handle, random)))
            return random.choice(FOLDING[platform]).format(written)
        patterns = FOREIGN[platform][1] if platform in FOREIGN else PLAIN[platform]
        return random.choice(patterns).format(handle)

    def near_miss(self, random: Random) -> str:
        _, handle = random.choice(self.handles)
        return random.choice(MISSES).format(handle)

    def owner(self, platform: str, random: Random) -> str:
        """What stands in a column of owners or authors on a platform."""
        if platform == "github":
            return self.repository(random)
        if platform in self.numbered:
            handle = random.choice(self.numbered[platform])
            return random.choice((handle, handle, f" {handle}\n"))
        handle = random.choice(self._on(platform))
        if platform in FOLDING:
            handle = random.choice((handle, handle.lower(), mixed_case(handle, random)))
        if platform == "mastodon":
            return f"@{handle}@{random.choice(('mastodon.social', 'Mastodon.Social'))}"
        written = [handle, handle, f" {handle} "]
        if platform in OF_REPOSITORIES:
            written += [f"{handle}/repo-{random.random()}", f"{handle}/b"]
        return random.choice((*written, self._profile(platform, handle, random)))

    def other_owner(self, platform: str, random: Random) -> str:
        """What only looks like such an owner."""
        if platform == "github":
            return self.other_repository(random)
        if platform in self.numbered:
            handle = random.choice(self.numbered[platform])
            wrong = handle.swapcase() if platform == "youtube" else f"1{handle}"
            return random.choice((wrong, handle.replace("0", "1", 1), "somebody"))
        handle = random.choice(self._on(platform))
        if platform == "mastodon":
            return random.choice((f"@{handle}@mastodon.example", f"@x{handle}@mastodon.social"))
        elsewhere = random.choice([h for other, h in self.handles if other != platform])
        return random.choice((f"{handle}x", f"x{handle}", elsewhere, f"by {handle}", "[deleted]"))

    def _on(self, platform: str) -> list[str]:
        return [handle for other, handle in self.handles if other == platform]

    def _profile(self, platform: str, handle: str, random: Random) -> str:
        patterns = FOLDING.get(platform) or PLAIN[platform]
        return random.choice(patterns).format(handle)

    def repository(self, random: Random) -> str:
        """What stands in a column of GitHub's repositories."""
        handle = random.choice([h for platform, h in self.handles if platform == "github"])
        return f"{random.choice((handle, mixed_case(handle, random)))}/repo-{random.random()}"

    def other_repository(self, random: Random) -> str:
        _, handle = random.choice(self.handles)
        elsewhere = random.choice([h for platform, h in self.handles if platform != "github"])
        return random.choice(
            (f"someone/{handle}", f"{handle}-x/repo", f"{elsewhere}/repo", f"x{handle}/repo")
        )
