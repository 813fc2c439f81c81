// What the registry's rules ask of text, where JavaScript and Python differ: white space, letters,
// escapes. And which characters both surely treat alike.
"use strict";

/** Thrown where a browser may read something otherwise than the registry does. */
export class Unsure extends Error {
  name = "Unsure";
}

/** White space as Python knows it, for the inside of a character class. */
export const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

const BEFORE = new RegExp(`^[${SPACE}]+`);
const BEHIND = new RegExp(`[${SPACE}]+$`);
const BETWEEN = new RegExp(`[${SPACE}]+`);

/** A text without white space at both ends. */
export const strip = (text) => text.replace(BEFORE, "").replace(BEHIND, "");

/** The words of a text, one space between them. */
export const oneSpaced = (text) => strip(text).split(BETWEEN).join(" ");

/** How many characters a text has. */
export const lengthOf = (text) => [...text].length;

// Scripts that have had their properties for long; a newer character may be unknown to one side.
// Left out are those in which folding makes several characters of one, but for a few told below.
const KNOWN =
  /^[\0-\u024f\u0250-\u036f\u0370-\u0373\u0376\u0377\u037a-\u037d\u0384-\u038a\u038c\u038e-\u03ff\u0400-\u0586\u0591-\u05f4\u0600-\u061c\u061e-\u06ff\u0904-\u0939\u0e01-\u0e5b\u10d0-\u10ff\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u2190-\u21ff\u2500-\u25ff\u2600-\u26ff\u2701-\u27bf\u3000-\u303e\u3041-\u3096\u309b-\u30ff\u4e00-\u9fa5\uac00-\ud7a3\uff01-\uff9f\ufe0f\u200b-\u200f\u{1f300}-\u{1f5ff}\u{1f600}-\u{1f64f}\u{1f680}-\u{1f6c5}\u{1f900}-\u{1f970}]*$/u;

/** Pass what both sides surely treat alike; else throw. */
export const sure = (text) => {
  if (!text.isWellFormed() || !KNOWN.test(text)) throw new Unsure("a character");
  return text;
};

// Python takes these for letters of ASCII where case does not matter; JavaScript does not.
const ODD_LETTERS = /[\u0130\u0131\u017f\u212a]/;

/** Pass a name or number in which nothing but case is folded; else throw. */
export const sureOfCase = (text) => {
  if (ODD_LETTERS.test(text)) throw new Unsure("a letter");
  return sure(text);
};

const ESCAPE = /%([0-9A-Fa-f]{2})/;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

const unquotedPiece = (piece) => {
  const bytes = [];
  for (let place = 0; place < piece.length; place += 1) {
    const found = ESCAPE.exec(piece.slice(place, place + 3));
    bytes.push(found ? parseInt(found[1], 16) : piece.charCodeAt(place));
    if (found) place += 2;
  }
  return decoder.decode(new Uint8Array(bytes));
};

/** A text with its escapes decoded, as UTF-8; what is none becomes U+FFFD. */
export const unquote = (text) =>
  text.includes("%") ? text.replace(/[\0-\x7f]+/g, unquotedPiece) : text;

/** The UTF-8 of a text. */
export const utf8 = (text) => encoder.encode(text);
