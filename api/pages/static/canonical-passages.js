// The canonical form of a passage of text.
// registry/identifiers/passages.py decides; a test holds this equal to it.
"use strict";

import { oneSpaced, sure } from "./canonical-text.js";

const INVISIBLE =
  /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;

// Where folding is not writing in lower case. Others that fold so are none that `sure` lets pass.
const FOLDED = new Map([
  ["\u00df", "ss"],
  ["\u0149", "\u02bcn"],
  ["\u017f", "s"],
  ["\u01f0", "j\u030c"],
  ["\u0345", "\u03b9"],
  ["\u0390", "\u03b9\u0308\u0301"],
  ["\u03b0", "\u03c5\u0308\u0301"],
  ["\u03c2", "\u03c3"],
  ["\u03d0", "\u03b2"],
  ["\u03d1", "\u03b8"],
  ["\u03d5", "\u03c6"],
  ["\u03d6", "\u03c0"],
  ["\u03f0", "\u03ba"],
  ["\u03f1", "\u03c1"],
  ["\u03f5", "\u03b5"],
  ["\u00b5", "\u03bc"],
]);

// One by one: written in lower case together, a last sigma would depend on its neighbours.
const caseFolded = (text) =>
  Array.from(text, (one) => FOLDED.get(one) ?? one.toLowerCase()).join("");

/**
 * The canonical form of a passage, whatever its length.
 * @throws {Unsure} it holds characters that the registry may fold otherwise.
 */
export const foldText = (text) => {
  let before = sure(text);
  for (;;) {
    // Folding can undo what NFKC composed, and the other way round: until nothing changes.
    const after = caseFolded(before.replace(INVISIBLE, "").normalize("NFKC"));
    if (after === before) return oneSpaced(after);
    before = after;
  }
};
