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

    def registered(self) -> list[str]:
        tail = {platform: tail for platform, (tail, _) in FOREIGN.items()}
        return [f"{platform}:{handle}{tail.get(platform, '')}" for platform, handle in self.handles]

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
