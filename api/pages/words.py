"""What the pages say about a problem, a kind of thing, or a state.

The registry's own messages are for programs and in English; whoever fills in a form is told in
their language what happened and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from optout.api.words import visible, visible_prose
from optout.registry.cases import MOST_CHARACTERS

from .languages import N_, Language

LINE_PROBLEMS: Mapping[str, str] = {
    "email": N_(
        "This is an e-mail address. Give the address of a page or a picture, or the name of your "
        "site."
    ),
    "file-name": N_(
        "This is the name of a file. Paste the link under which it can be found on the web, or "
        "add the picture itself."
    ),
    "handle": N_(
        "This is a user name. Say on which platform, such as instagram:anna, or paste the link to "
        "the profile."
    ),
    "local-file": N_(
        "This is a place on your own device. Paste the link under which others see it on the web, "
        "or add the picture itself."
    ),
    "not-a-prefix": N_(
        "This is not a part of a site. Such a part goes on behind the site’s name, such as "
        "anna.example/gallery/*."
    ),
    "not-a-site": N_(
        "We could not read this as the name of a site. Such a name looks like anna.example, "
        "without spaces."
    ),
    "not-a-url": N_(
        "We could not read this as a link. Copy it from your browser’s address bar and paste it "
        "here."
    ),
    "not-a-text": N_(
        "This passage is too short to be told from what others write. It needs at least 24 "
        "characters."
    ),
    "not-a-work": N_(
        "We could not read this as the number of a book or an article. Please compare it: a digit "
        "may be missing or wrong."
    ),
    "not-an-account": N_(
        "We could not read this as an account. Paste the link to the profile, or write the "
        "platform and the name, such as instagram:anna."
    ),
    "platform": N_(
        "Many people publish on this platform, so nobody can refuse for all of them. Give your "
        "account there, such as instagram:anna, or the link to your profile."
    ),
    "public-suffix": N_(
        "Many people’s sites share this address, so nobody can refuse for all of them. Give your "
        "own site’s full name."
    ),
    "scheme": N_("Only links that begin with https:// or http:// can be looked for."),
    "too-long": N_(
        "This is too long for a link. Please check that two lines did not run together."
    ),
    "words": N_(
        "This does not look like a link. A link has a dot in its first part, such as "
        "anna.example/portrait."
    ),
}
PICTURE_PROBLEMS: Mapping[str, str] = {
    "empty": N_("This file is empty. Please choose it again."),
    "flat": N_("Too plain to be told apart from other pictures once it is resized or saved again."),
    "heic": N_(
        "This is a HEIC photograph, which we cannot read yet. Save it as JPEG and add that. On an "
        "iPhone: open it in Photos, tap Share, then Options, then Most Compatible."
    ),
    "not-an-image": N_(
        "The fingerprints of this picture got lost on the way. Please choose it again."
    ),
    "not-a-picture": N_(
        "We could not open this as a picture. Please save it again as JPEG, PNG, WebP or GIF."
    ),
    "unread": N_(
        "Your browser could not open this picture, so we cannot tell copies of it that were "
        "changed."
    ),
    "too-large": N_("This file is larger than we can take. Please save a smaller copy and add it."),
    "too-many": N_("One case has no more room for pictures. Open a second case for this one."),
    "too-many-pixels": N_(
        "This picture has more pixels than we can take. Please save a smaller copy and add it."
    ),
}
KINDS: Mapping[str, str] = {
    "url": N_("Link"),
    "site": N_("Whole site"),
    "prefix": N_("Part of a site"),
    "account": N_("Account"),
    "work": N_("Book or article"),
    "text": N_("Passage of text"),
    "image": N_("Picture"),
    "file": N_("Exact file"),
}
REACHES: Mapping[str, tuple[str, str]] = {
    "url": (
        N_("this exact address, with https or http, wherever a collection lists it."),
        N_("copies of the same thing at other addresses."),
    ),
    "site": (
        N_("every page and picture on the site, and below it, such as on shop.anna.example."),
        N_("copies that others have put on their sites."),
    ),
    "prefix": (
        N_("every page and picture below this address."),
        N_("pictures that the site keeps under other addresses, and copies on other sites."),
    ),
    "account": (
        N_("the account’s pages and posts by their addresses, and works listed under its name."),
        N_("pictures that the platform serves from addresses without the account’s name."),
    ),
    "work": (
        N_("this work wherever a collection lists its number."),
        N_("copies of it that are listed without the number, and quotations."),
    ),
    "text": (
        N_("this passage wherever it stands by itself, however it is spaced or capitalised."),
        N_("longer texts that hold the passage, and versions in other words."),
    ),
    "image": (
        N_("this picture wherever it turns up, also resized, compressed or saved in another form."),
        N_("turned, strongly cropped or redrawn versions of it."),
    ),
    "file": (
        N_("this very file, byte for byte."),
        N_("any changed copy: resized, compressed or saved again."),
    ),
}
"""By kind: what will be found, and what will not."""

STATES: Mapping[str, str] = {
    "in-force": N_("In force: filters leave it out."),
    "disputed": N_("In force. Somebody disputes it, and a person will look at it."),
    "withdrawn": N_("Withdrawn: filters let it pass."),
    "erased": N_("Erased: nothing is known of it any more."),
}
DISPUTES: Mapping[str, str] = {
    "not-theirs": N_("Somebody says that this is not yours."),
    "licensed": N_("Somebody says that this may be used, under a licence."),
    "mistaken-identity": N_("Somebody says that this was taken for something else."),
    "court-order": N_("Somebody says that a court has ordered otherwise."),
    "other": N_("Somebody objects to this."),
}
"""By the reason of a notice, what it says."""
TAKEN_OUT = N_("Taken out by us: filters let it pass.")
TAKEN_OUT_WHY = N_("Taken out by us: filters let it pass. The reason that we gave: “%(why)s”.")
QUARANTINED = N_(
    "Taken out by us: filters let it pass. It resembles %(matches)s of %(pictures)s pictures that "
    "nobody registered, and filters would have dropped those too."
)
_NO_REASONS = ("", "decided by the operator")
"""What the log has where the operator gave none."""
_QUARANTINED = re.compile(r"quarantined: matches ([0-9,]+) of ([0-9,]+) background pictures?")
"""The reason that `optout calibrate` gives."""
UNPROVEN_SITE = N_(
    "Registered. Filters that ask for proof of who owns a site do not follow it yet."
)
SITE_NEEDS_PROOF = N_(
    "many filters ask for proof of who owns a site. You can give it on your case, once this is "
    "sent. Links and pictures need none: add the most important ones too."
)
VARIANTS: Mapping[str, str] = {
    "account": N_("The whole account, with all its posts"),
    "work": N_("The work itself, by its number"),
    "prefix": N_("Everything below these addresses"),
    "spelt": N_("Also when the link is written slightly differently (recommended)"),
    "query": N_("Also without the part after the question mark"),
    "size": N_("Also the picture without the size in its name"),
    "escape": N_("Also with its brackets written the other way"),
}
FAILURES: Mapping[int, tuple[str, str]] = {
    400: (
        N_("We could not read that"),
        N_("Something got lost on the way. Please go back and try again."),
    ),
    403: (
        N_("Another site has sent this"),
        N_("For your safety we have done nothing with it. Please begin at the start page."),
    ),
    404: (
        N_("There is nothing here"),
        N_("The link may be incomplete. From the start page you can reach everything."),
    ),
    405: (
        N_("This page cannot be opened that way"),
        N_("Please begin at the start page."),
    ),
    409: (
        N_("That has already happened"),
        N_("The item is no longer in a state in which this can be done. Open your case to see."),
    ),
    413: (
        N_("That was too much at once"),
        N_(
            "Please go back and send less of it: fewer lines, or fewer or smaller pictures. "
            "Nothing has been registered."
        ),
    ),
    415: (
        N_("We could not read that"),
        N_("Please use the form on the start page."),
    ),
    422: (
        N_("That cannot be registered as it is"),
        N_("Nothing has been registered. Please go back and check what you entered."),
    ),
    429: (
        N_("That was often in a short time"),
        N_(
            "Somebody on your network has asked us many times, and it may not have been you. "
            "Please wait some minutes and try again. Nothing has been registered."
        ),
    ),
    500: (
        N_("Something went wrong on our side"),
        N_("We have noted it. Please try again in a few minutes."),
    ),
    503: (
        N_("Many people are here right now"),
        N_("Nothing has been registered. Please try again in a minute."),
    ),
}


_SO_MANY = N_("These are very many of one place")

TOO_MUCH: Mapping[str, tuple[str, str]] = {
    "site": (
        _SO_MANY,
        N_(
            "Please register the site %(domain)s itself: it covers every address below it. Nothing "
            "has been registered."
        ),
    ),
    "account": (
        _SO_MANY,
        N_(
            "Please register the account instead: it covers every address below it. Nothing has "
            "been registered."
        ),
    ),
    "prefix": (
        _SO_MANY,
        N_(
            "Please register the part of the site that holds them, with /* behind it. Nothing has "
            "been registered."
        ),
    ),
    "none": (
        _SO_MANY,
        N_(
            "From your network no more accounts on this platform can be registered today. Please "
            "ask us for an API key if you look after so many. Nothing has been registered."
        ),
    ),
}


def line_problem(language: Language, reason: str) -> str:
    """What to tell about a line that was not understood."""
    return language.text(LINE_PROBLEMS.get(reason, LINE_PROBLEMS["not-a-url"]))


def picture_problem(language: Language, reason: str) -> str:
    """What to tell about a picture that was not taken."""
    return language.text(PICTURE_PROBLEMS.get(reason, PICTURE_PROBLEMS["not-a-picture"]))


def state(language: Language, kind: str, status: str, grade: str, why: str | None = None) -> str:
    """What has become of an item, in a sentence or two.

    Args:
        language: of the page.
        kind: the item's.
        status: where it stands.
        grade: how the claim is proved.
        why: where the operator withdrew it, the reason that the log has; None of all others.
    """
    if status == "withdrawn" and why is not None:
        return _taken_out(language, why)
    if asks_for_proof(kind, status, grade):
        return language.text(UNPROVEN_SITE)
    return language.text(STATES[status])


def asks_for_proof(kind: str, status: str, grade: str) -> bool:
    """Whether an item is a site that filters which ask for proof do not follow yet."""
    return kind == "site" and status == "in-force" and grade in {"self", "account"}


def _taken_out(language: Language, why: str) -> str:
    found = _QUARANTINED.fullmatch(why)
    if found is None:
        given = why not in _NO_REASONS
        return language.text(TAKEN_OUT_WHY) % {"why": why} if given else language.text(TAKEN_OUT)
    matches, pictures = (language.number(int(part.replace(",", ""))) for part in found.groups())
    return language.text(QUARANTINED) % {"matches": matches, "pictures": pictures}


def too_much(language: Language, domain: str, instead: str) -> tuple[str, str]:
    """A heading and what to do, where a network has registered too much below one domain.

    Args:
        language: of the page.
        domain: the domain, or `accounts on` a platform.
        instead: what covers all of it: `site`, `account`, `prefix` or `none`.
    """
    heading, sentence = TOO_MUCH[instead]
    return language.text(heading), language.text(sentence) % {"domain": domain}


def dispute(language: Language, reason: str) -> str:
    """What a notice says against an item, in a sentence."""
    return language.text(DISPUTES.get(reason, DISPUTES["other"]))


def name(text: str) -> str:
    """What a partner calls itself or a corpus, as it may be shown."""
    return visible(text, 120)


def said(text: str | None) -> str:
    """What somebody said against an item, in one line."""
    return visible_prose(text or "", MOST_CHARACTERS)


def failure(language: Language, status: int) -> tuple[str, str]:
    """A heading and a sentence for a request that could not be answered."""
    heading, sentence = FAILURES.get(status, FAILURES[500 if status >= 500 else 400])
    return language.text(heading), language.text(sentence)
