"""Questions as people and nobody would ask them, and what the registry makes of each."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from optout.api.service import Limits, Question, read_question

from tests.filter.scan.hostile_addresses import Hostile

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "registry" / "identifiers" / "vectors.json").read_text()
)
LIMITS = Limits()

PLATFORMS = [
    *("instagram", "x", "twitter", "github", "youtube", "Flickr", "deviant art", "mastodon"),
    *("bluesky", "AO3", "reddit", "tumblr", "linkedin", "substack", "Facebook", "nowhere"),
]
NAMES = [
    *("anna", "Anna_Holm", "@anna", "anna.holm", "u/anna", "user/anna", "channel/UC", "ANNA-1"),
    *("anna@mastodon.social", "@anna@pixelfed.example", "anna.bsky.social", "élan", "安娜", "a b"),
    *("UCBR8-60-B28hp2BmDPdntcQ", "channel/UCBR8-60-B28hp2BmDPdntcQ", "settings", "", "anna/x"),
    *("https://instagram.com/anna/", "x.com/anna", "@anna:example.org", "did:plc:abc", "١٢٣"),
]
PATTERNS = [
    *("{p}:{n}", "{p}: {n}", "{n} on {p}", "{n} ({p})", "{p} {n}", "{n}", "@{n}", "<{p}:{n}>"),
    *("{p}/{n}", "{p}.com/{n}", "www.{p}.com/@{n}", "- {p}:{n},", "“{n}”", "https://{n}.{p}.com/"),
    *("{p}.com/profile.php?id={n}", "{p}.com/users/{n}/1", "{n}.example/users/{n}", "{p} : {n}"),
]
WORKS = [
    *("isbn:9780306406157", "ISBN 0-306-40615-2", "isbn:0306406153", "ISBN-13: 978-0-306-40615-7"),
    *(
        "doi:10.1000/182",
        "10.1000/ABC",
        "https://doi.org/10.1000/a%20b?x",
        "DOI 10.48550/arXiv.2101.00001",
    ),
    *(
        "arxiv:2101.00001v2",
        "arXiv:math/0309136",
        "https://arxiv.org/pdf/2101.00001v3.pdf",
        "arxiv 0704.0001",
    ),
    *(
        "arxiv:1501.0001",
        "hep-th/9901001",
        "arxiv: cs.DL/0309136 [cs.DL]",
        "urn:isbn:9780306406157",
    ),
    *("iscc:KACYPXW445FTYNJ3CYSXHAFJMA2HUWULUNRFE3BLHRSCXYH2M5AEGQY", "ISCC:KACYPXW445FTYNJ3"),
    *("doi:10.1/x", "doi:10.1000/Ä", "info:doi/10.1000/182", "isbn:978 0 306 40615 7", "isbn:"),
]
PASSAGES = [
    *(
        "The harbour in the morning, before the first boats leave.",
        "short",
        "Straße über den Fluß am Morgen",
    ),
    *(
        "ΟΔΥΣΣΕΥΣ ΚΑΙ ΤΟ ΤΕΛΟΣ ΤΟΥ ΤΑΞΙΔΙΟΥ ΤΟΥ",
        "ﬁne ﬂowers on the ﬁeld, half a year later",
        "安娜的照片在早晨的港口旁边等待着第一艘船离开之前的时间里",
    ),
    *(
        "line one of a poem\nline two of a poem",
        "  spaced \t out   words  of  a  passage  ",
        "İstanbul'un sabahı ve limanın ışıkları",
    ),
    *(
        "e\u0301te\u0301 a\u0300 la mer, un matin d\u2019aou\u0302t",
        "zero\u200bwidth\u200dcharacters are taken out",
        "①②③ Ⅷ ½ ㌔ ｆｕｌｌ ｗｉｄｔｈ ｌｅｔｔｅｒｓ",
    ),
    *(
        "emoji 😀😀😀 in a passage of some length",
        "المرفأ في الصباح قبل أن تغادر القوارب",
        "नदी के किनारे सुबह की धूप और नाव",
        "한국어 문장은 아침의 항구에서 시작됩니다 그리고",
    ),
]
DIGESTS = [
    "d41d8cd98f00b204e9800998ecf8427e",
    "md5:D41D8CD98F00B204E9800998ECF8427E",
    "a" * 64,
    "A" * 64,
    "b" * 63,
]
WRAPPERS = [
    "{}",
    " {} ",
    "<{}>",
    "({}),",
    "- {}",
    "1. {}",
    "“{}”",
    "{};",
    "\u200b{}",
    "* {}\n",
    "{}/*",
    "{} **",
    *("{}.", "{}?).", "{}…»!", "«{} »:", "{}”.", "›{}‹", "„{}“,", "‚{}‘;"),
]
ENDS = ".,;:!…。！?？)]}>»«›‹”“’‘\"'`"
LETTERS = [*"abc-09éßøİςωйאبあ中한😀", *"ﬁ１۱\u0301\u200d"]
SIGNS = [
    *(
        "%",
        "2",
        "e",
        ".",
        "..",
        "/",
        "//",
        "\\",
        "?",
        "#",
        ":",
        "@",
        "[",
        "]",
        "*",
        "(",
        ")",
        ",",
        " ",
    ),
    *(
        "https://",
        "http:",
        "www.",
        "anna",
        ".example",
        ":8080",
        "é",
        "ß",
        "ﬁ",
        "。",
        "中",
        "😀",
        "\u0301",
    ),
    *(
        "isbn",
        "doi:",
        "10.1000/",
        "instagram",
        "x.com",
        "\t",
        "\n",
        "\0",
        "xn--",
        "0x7f",
        "1",
        "İ",
        "ſ",
    ),
]


def questions(seed: int, count: int) -> Iterator[str]:
    """So many texts, from the plain to the hostile, the same ones for a seed."""
    drawn = random.Random(seed)
    addresses = [value.decode("utf-8", "replace") for value in Hostile(seed).values(count)]

    def punycode() -> str:
        label = "".join(drawn.choices(LETTERS, k=drawn.randrange(1, 8))).encode("punycode").decode()
        place = drawn.randrange(len(label))
        wrong = label[:place] + drawn.choice("ab9-Z") + label[place + 1 :]
        return f"xn--{drawn.choice([label, label, wrong])}"

    def one() -> str:
        roll = drawn.random()
        if roll < 0.45:
            return drawn.choice(addresses)
        if roll < 0.55:
            return drawn.choice(VECTORS["url"])["text"]
        if roll < 0.75:
            names = {"p": drawn.choice(PLATFORMS), "n": drawn.choice(NAMES)}
            return drawn.choice(PATTERNS).format(**names)
        if roll < 0.85:
            return drawn.choice(WORKS)
        if roll < 0.92:
            return drawn.choice(PASSAGES + DIGESTS)
        if roll < 0.96:
            return f"https://{punycode()}.example/a"
        return "".join(drawn.choices(SIGNS, k=drawn.randrange(1, 14)))

    for _ in range(count):
        text = one()
        if drawn.random() < 0.3:
            text = drawn.choice(WRAPPERS).format(text)
        if drawn.random() < 0.1:
            text += "".join(drawn.choices(ENDS, k=drawn.randrange(1, 5)))
        if drawn.random() < 0.1 and text:
            place = drawn.randrange(len(text))
            text = text[:place] + drawn.choice(SIGNS) + text[place + 1 :]
        # What stands in a field of a page has no halves of characters.
        yield "".join(sign for sign in text if not "\ud800" <= sign <= "\udfff")


def reference(text: str) -> dict[str, Any]:
    """What the registry makes of a question, in the form of the script's answers."""
    question = read_question(text, LIMITS)
    if isinstance(question, Question):
        return {"asked": [[one.kind, one.form, one.digits] for one in question.asked]}
    return {"problem": question.reason}
