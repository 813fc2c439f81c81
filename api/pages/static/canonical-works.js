// The numbers of works: ISBN, DOI, arXiv, ISCC.
// registry/identifiers/works.py decides; a test holds this equal to it.
"use strict";

import { SPACE, strip, unquote } from "./canonical-text.js";

const S = `[${SPACE}]`;
const NOT_S = `[^${SPACE}]`;
const DASHES = new RegExp(`[-\\u00ad\\u2010-\\u2015\\u2212${SPACE}]`, "g");
const LABEL = new RegExp(`^${S}*(?:urn:|info:)?(isbn|doi|arxiv|iscc)(?![a-z])`, "i");

const ISBN_LABEL = new RegExp(
  `^(?:urn:)?(?:isbn(?:${S}?1[03]${S}*:|-1[03][${SPACE}:])?)?[${SPACE}:]*`,
  "i",
);
const ISBN = /^(?:97[89][0-9]{10}|[0-9]{9}[0-9Xx])$/;

const DOI_RESOLVER = /^(?:https?:)?(?:\/\/)?(?:(?:www\.)?(?:dx\.)?doi\.org)\/(?:doi:)?/i;
const DOI_LABEL = new RegExp(`^(?:info:|urn:)?doi(?::${S}*/?|/|${S}+)`, "i");
// The registry lets white space beyond ASCII through here, and so does this.
const DOI = /^10\.[1-9][0-9]{3,8}(?:\.[0-9]+)*\/[^\0-\x20]+$/;
const DOI_OF_ARXIV = "10.48550/arxiv.";

const ARXIV_RESOLVER =
  /^(?:https?:)?(?:\/\/)?(?:[a-z]{1,10}\.)?(?:arxiv\.org|ar5iv\.org|xxx\.lanl\.gov)\/(?:abs|pdf|format|html|ps|src|e-print|list)\//i;
const ARXIV_LABEL = new RegExp(`^arxiv(?:\\.org)?(?::${S}*|/|${S}+)`, "i");
const ARXIV_TAIL = new RegExp(`^(${NOT_S}*)(?:${S}+\\[[a-z-]+(?:\\.[a-z-]+)?\\][^\\n]*)?$`, "i");
const ARXIV_NEW = /^([0-9]{2})(0[1-9]|1[0-2])\.([0-9]{4,5})(?:v[1-9][0-9]*)?$/;
const ARXIV_OLD = new RegExp(
  "^(acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|" +
    "comp-gas|cond-mat|cs|dg-ga|funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math|math-ph|" +
    "mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph|q-alg|q-bio|quant-ph|" +
    "solv-int|supr-con|stat)(?:\\.[a-z]{2}|\\.[a-z]+-[a-z]+)?/([0-9]{2}(?:0[1-9]|1[0-2])[0-9]{3})" +
    "(?:v[1-9][0-9]*)?$",
);

const asciiLower = (text) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
const beforeQuery = (text) => text.split("#", 1)[0].split("?", 1)[0];

const checkDigit = (twelve) => {
  const weighed = [...twelve].reduce((sum, digit, at) => sum + Number(digit) * (at % 2 ? 3 : 1), 0);
  return String((10 - (weighed % 10)) % 10);
};

const isbnOf = (text) => {
  const digits = strip(text).replace(ISBN_LABEL, "").replace(DASHES, "");
  if (!ISBN.test(digits)) return null;
  if (digits.length === 13) return checkDigit(digits.slice(0, 12)) === digits[12] ? digits : null;
  const nine = digits.slice(0, 9);
  const weighed = [...nine].reduce((sum, digit, at) => sum + (10 - at) * Number(digit), 0);
  if ("0123456789X"[(11 - (weighed % 11)) % 11] !== digits[9].toUpperCase()) return null;
  return `978${nine}${checkDigit(`978${nine}`)}`;
};

const doiOf = (text) => {
  let bare = strip(text);
  const resolver = DOI_RESOLVER.exec(bare);
  if (resolver) bare = unquote(beforeQuery(bare.slice(resolver[0].length)));
  else bare = bare.replace(DOI_LABEL, "");
  bare = asciiLower(bare);
  return DOI.test(bare) ? bare : null;
};

const arxivOf = (text) => {
  let bare = strip(text);
  const resolver = ARXIV_RESOLVER.exec(bare);
  if (resolver) {
    bare = unquote(beforeQuery(bare.slice(resolver[0].length))).replace(/\/+$/, "");
    bare = bare.replace(/\.(?:pdf|ps|ps\.gz|tar\.gz)$/i, "");
  } else {
    bare = bare.replace(ARXIV_LABEL, "");
    bare = ARXIV_TAIL.exec(bare)?.[1] ?? bare;
  }
  const lower = bare.toLowerCase();
  const fresh = ARXIV_NEW.exec(lower);
  if (fresh) {
    const month = fresh[1] + fresh[2];
    const fits = fresh[3].length === 4 ? month >= "0704" && month <= "1412" : month >= "1501";
    return fits ? `${month}.${fresh[3]}` : null;
  }
  const old = ARXIV_OLD.exec(lower);
  return old ? `${old[1]}/${old[2]}` : null;
};

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

const isccOf = (text) => {
  const bare = strip(text).replace(new RegExp(`^iscc:${S}*`, "i"), "").replaceAll("-", "").toUpperCase();
  if (!/^[A-Z2-7]{16,128}$/.test(bare)) return null;
  // Letters of a last group that stand for no whole byte, and bits that must be none.
  const spare = (bare.length * 5) % 8;
  if (![0, 2, 4, 5, 7].includes(bare.length % 8)) return null;
  if (BASE32.indexOf(bare.at(-1)) & ((1 << spare) - 1)) return null;
  return BASE32.indexOf(bare[0]) >> 1 <= 7 ? bare : null;
};

const SCHEMES = { isbn: isbnOf, doi: doiOf, arxiv: arxivOf, iscc: isccOf };

/** The canonical form of a value, or null where it names no work. */
export const workForm = (value) => {
  const label = LABEL.exec(value);
  const bare = strip(value);
  if (!label && !DOI_RESOLVER.test(bare) && !bare.startsWith("10.") && !ARXIV_RESOLVER.test(bare)) {
    return null;
  }
  for (const scheme of label ? [label[1].toLowerCase()] : ["doi", "arxiv"]) {
    const number = SCHEMES[scheme](value);
    if (number === null) continue;
    // arXiv gives each preprint a DOI too: both name one work.
    const preprint =
      scheme === "doi" && number.startsWith(DOI_OF_ARXIV)
        ? arxivOf(number.slice(DOI_OF_ARXIV.length))
        : null;
    return preprint === null ? `${scheme}:${number}` : `arxiv:${preprint}`;
  }
  return null;
};
