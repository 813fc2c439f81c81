"""Works: books, articles, preprints and media by the number that their publisher gave them.

isbn:9780306406157            ISBN-13 (ISO 2108), an ISBN-10 turned into one
doi:10.1000/182               DOI (ISO 26324), which has no case; resolver and `doi:` dropped
arxiv:math/0309136            arXiv's identifier without version and subject class
iscc:KACYPXW445FTYNJ3...      ISCC (ISO 24138), in upper case as the standard writes it
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from optout.registry.errors import IdentifierError

from .address import quoted

_DASHES = "[-\u00ad\u2010-\u2015\u2212\\s]"
# Of ASCII letters alone: where case does not matter, `ı` and `ſ` would stand for `i` and `s`.
_LABEL = re.compile(r"\s*(?:urn:|info:)?((?a:isbn|doi|arxiv|iscc))(?![a-z])", re.IGNORECASE)

_ISBN_LABEL = re.compile(r"(?:urn:)?(?:isbn(?:\s?1[03]\s*:|-1[03][\s:])?)?[\s:]*", re.IGNORECASE)
_ISBN = re.compile(r"97[89][0-9]{10}|[0-9]{9}[0-9Xx]", re.ASCII)
_UPPER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")

_DOI_RESOLVER = re.compile(
    r"(?:https?:)?(?://)?(?:(?:www\.)?(?:dx\.)?doi\.org)/(?:doi:)?", re.IGNORECASE
)
_DOI_LABEL = re.compile(r"(?:info:|urn:)?doi(?::\s*/?|/|\s+)", re.IGNORECASE)
_DOI = re.compile(r"10\.[1-9][0-9]{3,8}(?:\.[0-9]+)*/[^\s\x00-\x1f]+", re.ASCII)
_DOI_OF_ARXIV = "10.48550/arxiv."

_ARXIV_RESOLVER = re.compile(
    r"(?:https?:)?(?://)?(?:[a-z]{1,10}\.)?(?:arxiv\.org|ar5iv\.org|xxx\.lanl\.gov)"
    r"/(?:abs|pdf|format|html|ps|src|e-print|list)/",
    re.IGNORECASE,
)
_ARXIV_LABEL = re.compile(r"arxiv(?:\.org)?(?::\s*|/|\s+)", re.IGNORECASE)
# From the first white space on, or a value of white space would be searched at each of it.
_ARXIV_TAIL = re.compile(r"(\S*)(?:\s+\[[a-z-]+(?:\.[a-z-]+)?\].*)?", re.IGNORECASE)
_ARXIV_NEW = re.compile(r"([0-9]{2})(0[1-9]|1[0-2])\.([0-9]{4,5})(?:v[1-9][0-9]*)?", re.ASCII)
_ARXIV_OLD = re.compile(
    r"("
    r"acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|"
    r"comp-gas|cond-mat|cs|dg-ga|funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math|math-ph|"
    r"mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph|q-alg|q-bio|quant-ph|"
    r"solv-int|supr-con|stat"
    r")(?:\.[a-z]{2}|\.[a-z]+-[a-z]+)?/([0-9]{2}(?:0[1-9]|1[0-2])[0-9]{3})"
    r"(?:v[1-9][0-9]*)?",
    re.ASCII,
)
_ISCC = re.compile(r"[A-Z2-7]{16,128}")
_LAST_MAIN_TYPE = 7


def isbn_of(text: str) -> str | None:
    """The thirteen digits of an ISBN, or None where it is none or its check digit is wrong."""
    bare = _ISBN_LABEL.sub("", text.strip(), count=1)
    digits = re.sub(_DASHES, "", bare)
    if not _ISBN.fullmatch(digits):
        return None
    if len(digits) == 13:
        return digits if _check_digit(digits[:12]) == digits[12] else None
    weighed = sum((10 - place) * int(digit) for place, digit in enumerate(digits[:9]))
    if "0123456789X"[-weighed % 11] != digits[9].upper():
        return None
    return f"978{digits[:9]}{_check_digit('978' + digits[:9])}"


def _check_digit(twelve: str) -> str:
    weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(twelve))
    return str(-weighed % 10)


def doi_of(text: str) -> str | None:
    """A DOI in lower case (of ASCII only, as its handbook says), or None where it is none."""
    bare = text.strip()
    resolver = _DOI_RESOLVER.match(bare)
    if resolver is not None:
        bare = unquote(bare[resolver.end() :].partition("#")[0].partition("?")[0])
    elif label := _DOI_LABEL.match(bare):
        bare = bare[label.end() :]
    bare = bare.translate(_UPPER)
    return bare if _DOI.fullmatch(bare) else None


def arxiv_of(text: str) -> str | None:
    """An arXiv identifier without its version, or None where it is none."""
    bare = text.strip()
    resolver = _ARXIV_RESOLVER.match(bare)
    if resolver is not None:
        bare = unquote(bare[resolver.end() :].partition("#")[0].partition("?")[0]).rstrip("/")
        bare = re.sub(r"\.(?:pdf|ps|ps\.gz|tar\.gz)$", "", bare, flags=re.IGNORECASE)
    else:
        if label := _ARXIV_LABEL.match(bare):
            bare = bare[label.end() :]
        if cut := _ARXIV_TAIL.fullmatch(bare):
            bare = cut[1]
    lower = bare.lower()
    if new := _ARXIV_NEW.fullmatch(lower):
        # Five digits since January 2015, four before; the first are of April 2007.
        month = new[1] + new[2]
        fits = "0704" <= month <= "1412" if len(new[3]) == 4 else month >= "1501"
        return f"{month}.{new[3]}" if fits else None
    if old := _ARXIV_OLD.fullmatch(lower):
        return f"{old[1]}/{old[2]}"
    return None


def iscc_of(text: str) -> str | None:
    """An ISCC in upper case, or None where it is none."""
    bare = re.sub(r"(?i)^iscc:\s*", "", text.strip()).replace("-", "").upper()
    if not _ISCC.fullmatch(bare):
        return None
    try:
        data = base64.b32decode(bare + "=" * (-len(bare) % 8))
    except (binascii.Error, ValueError):
        return None
    plain = base64.b32encode(data).decode().rstrip("=") == bare
    return bare if plain and data[0] >> 4 <= _LAST_MAIN_TYPE else None


SCHEMES: Mapping[str, Callable[[str], str | None]] = {
    "isbn": isbn_of,
    "doi": doi_of,
    "arxiv": arxiv_of,
    "iscc": iscc_of,
}
"""The schemes of works, and what reads a number of each."""


def work_form(value: str, scheme: str | None = None) -> str | None:
    """The canonical form of a value of a corpus, or None where it names no work.

    Args:
        value: the value as the corpus has it.
        scheme: what it must be; None where the value itself says so.
    """
    if scheme is None:
        found = _LABEL.match(value)
        schemes = (found[1].lower(),) if found else ("doi", "arxiv")
        if not found and not _DOI_RESOLVER.match(value.strip()):
            bare = value.strip()
            if not bare.startswith("10.") and not _ARXIV_RESOLVER.match(bare):
                return None
    else:
        schemes = (scheme,)
    for name in schemes:
        number = SCHEMES[name](value)
        if number is not None:
            return _unified(name, number)
    return None


def _unified(scheme: str, number: str) -> str:
    # arXiv gives each preprint a DOI too: both name one work.
    if scheme == "doi" and number.startswith(_DOI_OF_ARXIV):
        preprint = arxiv_of(number[len(_DOI_OF_ARXIV) :])
        if preprint is not None:
            return f"arxiv:{preprint}"
    return f"{scheme}:{number}"


def work_of(text: str) -> str:
    """The canonical form of a work that somebody wants to register.

    Args:
        text: its number with the scheme before it, or the address of a resolver.

    Raises:
        IdentifierError: it is no such number, or its check digit is wrong.
    """
    form = work_form(text)
    if form is not None:
        return form
    shown = quoted(text.strip())
    label = _LABEL.match(text)
    if label and label[1].lower() == "isbn":
        raise IdentifierError(
            f"{shown} is no ISBN", "Compare it with the book: a digit is missing or wrong."
        )
    if label:
        raise IdentifierError(f"{shown} is no {_TITLES[label[1].lower()]}", _EXAMPLES)
    meant = [f"{name}:{number}" for name, read in SCHEMES.items() if (number := read(text))]
    if meant:
        raise IdentifierError(
            f"{shown} does not say what kind of number it is", f"Is it {' or '.join(meant)}?"
        )
    raise IdentifierError(f"{shown} is no number of a work", _EXAMPLES)


_TITLES = {"doi": "DOI", "arxiv": "arXiv identifier", "iscc": "ISCC"}
_EXAMPLES = "A work looks like isbn:9780306406157, doi:10.1000/182 or arxiv:2101.00001."
