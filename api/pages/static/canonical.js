// What somebody asks about, in canonical forms: the thing itself, and all that would cover it.
// api/service/looking_up.py decides; a test holds this equal to it.
"use strict";

import { accountOf, addressAccounts } from "./canonical-accounts.js";
import { isNumeric, readAddress } from "./canonical-address.js";
import { foldText } from "./canonical-passages.js";
import { SPACE, Unsure, lengthOf, strip, utf8 } from "./canonical-text.js";
import { workForm } from "./canonical-works.js";

export { Platforms } from "./canonical-platforms.js";
export { Unsure };

const LONGEST_HOST = 253;
const MAX_DEPTH = 16;
const LEAST_CHARACTERS = 24;

const S = `[${SPACE}]`;
const SPACED = new RegExp(S);
const LINE_ENDS = /[\n\r\v\f\x85\u2028\u2029]/;
const DIGEST = /^(?:(?:md5:)?[0-9a-f]{32}|[0-9a-f]{64})$/i;
const ZERO_WIDTH = /[\u200b\u2060\ufeff\u200e\u200f]/g;
const BULLET = new RegExp(`^(?:[-*•–—·>]|\\p{Nd}{1,3}[.)])${S}+`, "u");
const BEHIND = new RegExp(`[,;${SPACE}]+$`);
const AROUND = new Set(["<>", '""', "''", "()", "[]", "«»", "“”", "‘’", "``"]);
const HANDLE = new RegExp(`^@[\\p{L}\\p{N}_.-]+(?:@[^${SPACE}/@]+)?$`, "u");
const WORK = new RegExp(
  `^(?:(?:isbn|doi|arxiv|iscc)${S}*:|isbn[${SPACE}-]|(?:doi|arxiv)${S}+[^${SPACE}]|10\\.\\p{Nd}{4,9}/)`,
  "iu",
);
const BELOW = /\/[ \t]*\*{1,2}$/;
const HOST = /^(?:https?:[/\\]*|\/\/)?([^/?#\\]*)(.*)$/i;
const SCHEME = /^([a-z][a-z0-9+.-]*):(.*)$/i;
const LOCAL = /^(?:[a-z]:\\|\\\\|file:|~\/|\/(?!\/))/i;
const MAIL = new RegExp(`^(?:mailto:)?[^${SPACE}/@:]+@[^${SPACE}/@]+$`, "i");
const FILE = /\.(?:avif|bmp|gif|hei[cf]|jpe?g|mov|mp4|pdf|png|psd|raw|svg|tiff?|webp)$/i;
const ODD_LETTERS = /[\u0130\u0131\u017f\u212a]/;

/** A value without what surrounds it in e-mails and lists: bullets, brackets, quotes. */
const unwrapped = (piece) => {
  let value = strip(piece.replace(ZERO_WIDTH, "")).replace(BULLET, "");
  for (let layer = 0; layer < 4; layer += 1) {
    value = value.replace(BEHIND, "");
    const signs = [...value];
    if (signs.length < 2 || !AROUND.has(signs[0] + signs.at(-1))) break;
    value = strip(value.slice(signs[0].length, -signs.at(-1).length));
  }
  return value;
};

// By what stands behind a link; of signs that come in pairs, their first ones.
const ENDS = ".,;:!…。！";
const OPENING = new Map(Object.entries({
  ")": "(", "]": "[", "}": "{", ">": "<", "»": "«", "«": "»", "›": "‹", "‹": "›", "”": "“", "“": "„", "’": "‘",
  "‘": "‚", '"': '"', "'": "'", "`": "`",
}));
const MOST_ENDS = 64;

/** A link without what ends the sentence or the brackets that it stands in. */
const withoutEnding = (link) => {
  const signs = [...link];
  const counts = new Map();
  for (const sign of signs) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  const count = (sign) => counts.get(sign) ?? 0;
  let end = signs.length;
  while (end > Math.max(0, signs.length - MOST_ENDS)) {
    const last = signs[end - 1];
    const first = OPENING.get(last);
    const isBehind = first
      ? first === last || count(first) < count(last)
      : ENDS.includes(last) || ("?？".includes(last) && count(last) === 1);
    if (!isBehind) break;
    counts.set(last, count(last) - 1);
    end -= 1;
  }
  return signs.slice(0, end).join("");
};

const isBareHost = (text) => ["", "/"].includes(HOST.exec(text)?.[2]);

const kindOf = (text, platforms) => {
  const colon = text.indexOf(":");
  const word = strip(colon < 0 ? text : text.slice(0, colon)).toLowerCase();
  const rest = text.slice(colon + 1);
  if (platforms.byName.has(word) && colon >= 0 && !rest.startsWith("//")) return "account";
  if (HANDLE.test(text)) return "account";
  if (WORK.test(text)) return "work";
  if (BELOW.test(text)) return "prefix";
  return isBareHost(text) ? "site" : "url";
};

/** What else a line can be that looks like an address or a site: the reason's word, or nothing. */
const notAnAddress = (text, kind) => {
  const authority = HOST.exec(text)?.[1] ?? "";
  const scheme = SCHEME.exec(text);
  if (MAIL.test(text)) return "email";
  if (LOCAL.test(text)) return "local-file";
  if (scheme && !/^https?$/i.test(scheme[1]) && !/^\p{Nd}+(?:[/?#]|$)/u.test(scheme[2])) {
    return "scheme";
  }
  if (kind === "site" && FILE.test(authority)) return "file-name";
  const dotted = /[.\u3002\uff0e\uff61]/.test(authority) || authority.startsWith("[");
  return SPACED.test(authority) || !dotted ? "words" : "";
};

const sitesAbove = (host) => {
  if (isNumeric(host)) return [host];
  const labels = host.slice(-LONGEST_HOST - 1).split(".");
  if (host.length > LONGEST_HOST) labels.shift();
  const sites = labels.map((label, at) => (label ? labels.slice(at).join(".") : ""));
  return sites.slice(0, -1).filter((site) => site);
};

const pathsAbove = (target) => {
  const [path] = target.split("?", 1);
  const cuts = [];
  let slash = 0;
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    slash = path.indexOf("/", slash + 1);
    if (slash < 0) break;
    if (path[slash - 1] !== "/") cuts.push(path.slice(0, slash));
  }
  if (slash < 0 && !path.endsWith("/")) cuts.push(path);
  return cuts.reverse();
};

const addressForms = (address, platforms) => {
  const place = address.host + address.port;
  return [
    ["url", place + address.target],
    ...sitesAbove(address.host).map((site) => ["site", site]),
    ...pathsAbove(address.target).map((path) => ["prefix", place + path]),
    ...addressAccounts(address, platforms).map((account) => ["account", account]),
  ];
};

const refused = (problem) => ({ problem, asked: [] });

// Where case does not matter, Python takes some letters for those of ASCII.
const checkLetters = (value) => {
  if (ODD_LETTERS.test(value)) throw new Unsure("a letter");
};

/** An address or a site without what ends the sentence that it stands in; else the value. */
const withoutSentence = (value, platforms) => {
  if (SPACED.test(value)) return value;
  checkLetters(value);
  return ["url", "site"].includes(kindOf(value, platforms)) ? withoutEnding(value) : value;
};

const ofLine = (value, written, platforms, mostLine) => {
  if (lengthOf(value) > mostLine) return refused("too-long");
  checkLetters(value);
  const kind = kindOf(value, platforms);
  if (kind === "account") {
    const form = accountOf(value, platforms);
    const isHandle = HANDLE.test(value) && value.split("@").length === 2;
    return form ? { kind, asked: [[kind, form]] } : refused(isHandle ? "handle" : "not-an-account");
  }
  if (kind === "work") {
    const form = workForm(value);
    return form ? { kind, asked: [[kind, form]] } : refused("not-a-work");
  }
  const reason = kind === "prefix" ? "" : notAnAddress(value, kind);
  if (reason) {
    const account = ["words", "scheme"].includes(reason) ? accountOf(value, platforms) : null;
    return account ? { kind: "account", asked: [["account", account]] } : refused(reason);
  }
  const address = readAddress(value.replace(BELOW, "/"));
  if (!address) return refused(`not-a-${kind}`);
  const forms = addressForms(address, platforms);
  if (written !== value) {
    // What ends the sentence may belong to the link, as in `/wiki/Washington,_D.C.`
    const other = readAddress(written);
    const isNew = ([kind, form]) => !forms.some((each) => each[0] === kind && each[1] === form);
    if (other) forms.push(...addressForms(other, platforms).filter(isNew));
  }
  const asked = kind === "prefix" ? forms.filter(([each]) => each !== "url") : forms;
  const work = workForm(value);
  if (work) asked.push(["work", work]);
  // What was named comes first: of a site the site, and then its start page.
  asked.sort(([one], [other]) => (other === kind) - (one === kind));
  return { kind, asked };
};

/**
 * Understand what somebody asks about.
 * @param {string} text one link, site, account, number of a work or digest; else a passage.
 * @param {{platforms: Platforms, mostLine: number, mostPassage: number}} rules
 * @returns {{problem?: string, kind?: string, asked: [string, string][]}} kinds and forms, or the
 *   word for why it is nothing that can be asked about.
 * @throws {Unsure} the registry may understand it otherwise.
 */
export const questionOf = (text, { platforms, mostLine, mostPassage }) => {
  if (lengthOf(text) > mostPassage) return refused("too-long");
  if (!text.isWellFormed()) throw new Unsure("half a character");
  const written = unwrapped(text);
  const value = withoutSentence(written, platforms);
  if (DIGEST.test(value)) {
    const digits = value.toLowerCase().replace(/^md5:/, "");
    if (digits.length === 32) return { kind: "file", asked: [["file", `md5:${digits}`]] };
    return { kind: "file", asked: [["file", digits], ["image", digits]] };
  }
  const understood = LINE_ENDS.test(value) ? refused("not-a-text") : ofLine(value, written, platforms, mostLine);
  if (!understood.problem) return understood;
  const canBeText = ["words", "not-a-text", "too-long"].includes(understood.problem);
  const form = canBeText ? foldText(text) : "";
  if (lengthOf(form) < LEAST_CHARACTERS) return understood;
  return { kind: "text", asked: [["text", form]] };
};

/** The digits by which a thing is looked for: of a picture its hash, of all else the digest. */
export const digitsOf = async (kind, form) => {
  if (kind === "image") return form;
  const digest = await crypto.subtle.digest("SHA-256", utf8(`optout/v1/${kind}\0${form}`));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
};
