// The canonical form of a web address, by the browser's own reading of addresses (WHATWG URL).
// registry/identifiers/address.py decides; a test holds this equal to it.
"use strict";

import { labelOf } from "./canonical-punycode.js";
import { Unsure, sure } from "./canonical-text.js";

const SCHEME = /^([a-z][a-z0-9+.-]*):(?![0-9]+(?:[/\\?#]|$))/i;
const SLASHES = /^[/\\]{0,2}/;
const AUTHORITY = /^[^/\\?#]*/;
const ESCAPE =
  /(?<!%)(?<!%[0-9A-Fa-f])%(2[dDeE]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[fF]|7[eE])|%(?:[a-f][0-9A-Fa-f]|[0-9A-F][a-f])/g;
const STRAY = /[[\\\]^`{|}]/g;

/** Whether a host in canonical form is an IP address. */
export const isNumeric = (host) => host[0] === "[" || /^[0-9]+(?:\.[0-9]+){3}$/.test(host);

const normal = (escape, unreserved) =>
  unreserved ? String.fromCharCode(parseInt(unreserved, 16)) : escape.toUpperCase();

const escaped = (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

// What the standard refuses in a host, and browsers may not.
const FORBIDDEN = /[\0- <>^|\x7f]/;

/** The host as it was written, without user and port, and with its escapes decoded. */
const writtenHost = (text) => {
  const [, authority] = /^[^:]*:[/\\]*([^/\\?#]*)/.exec(text.replace(/[\t\n\r]|[\0- ]+$/g, "")) ?? ["", ""];
  const host = authority.slice(authority.lastIndexOf("@") + 1).replace(/:[0-9]*$/, "");
  try {
    return decodeURIComponent(host);
  } catch {
    throw new Unsure("a host with stray escapes");
  }
};

// A name that is known to stand for one that both sides write so.
const isPlainPunycode = (host) =>
  /^[a-z0-9.-]+$/.test(host) &&
  host.split(".").every((label) => {
    if (!label.startsWith("xn--")) return !label.includes("xn--");
    const read = labelOf(label.slice(4));
    if (!read || /^[\0-\x7f]*$/.test(read)) return false;
    try {
      return new URL(`http://${sure(read)}.example/`).hostname === `${label}.example`;
    } catch {
      return false;
    }
  });

/** What a browser makes of an address, or null. Throws where the registry may read the host otherwise. */
export const hrefOf = (text) => {
  const written = writtenHost(text);
  const host = written.normalize("NFKC");
  if (FORBIDDEN.test(host)) return null;
  if (/xn--/i.test(host) && !isPlainPunycode(host.toLowerCase())) {
    throw new Unsure("a host in punycode");
  }
  // Browsers do not agree on signs in names, and tables of letters may be of different years.
  if (!/^(?:\[[0-9A-Fa-f:.]*\]|[^!-,/:-@[-^`{-\x7f]*)$/.test(host)) throw new Unsure("a sign in a host");
  sure(written);
  try {
    return new URL(text).href;
  } catch {
    if (/[^\0-\x7f]/.test(host)) throw new Unsure("a letter that this browser refuses in a host");
    return null;
  }
};

const withoutDots = (host) => {
  const bare = host.replace(/\.+$/, "");
  return bare ? (split(hrefOf(`http://${bare}/`))?.host ?? null) : null;
};

const split = (href) => {
  if (href === null) return null;
  const start = href.indexOf("//") + 2;
  const slash = href.indexOf("/", start);
  let host = href.slice(start, slash);
  let [target] = href.slice(slash).split("#", 1);
  host = host.slice(host.lastIndexOf("@") + 1);
  let port = "";
  if (!host.endsWith("]") && host.includes(":")) {
    const colon = host.lastIndexOf(":");
    const number = host.slice(colon + 1);
    port = number === "80" || number === "443" ? "" : `:${number}`;
    host = host.slice(0, colon);
  }
  if (host.endsWith(".")) host = withoutDots(host);
  if (host === null) return null;
  target = target.replace(ESCAPE, normal).replace(STRAY, escaped);
  if (target.endsWith("?") && target.indexOf("?") === target.length - 1) target = target.slice(0, -1);
  return { host, port, target };
};

const isMeant = (address, text) => {
  if (!address) return false;
  const [authority] = AUTHORITY.exec(text);
  const hasPath = authority.length < text.length;
  if (authority.includes("@") && !hasPath) return false;
  if (isNumeric(address.host)) return authority.includes("[") || authority.includes(address.host);
  return address.host.includes(".") || Boolean(address.port && hasPath);
};

const readLoose = (text) => {
  const scheme = SCHEME.exec(text);
  if (scheme) return /^https?$/i.test(scheme[1]) ? split(hrefOf(text)) : null;
  const slashes = SLASHES.exec(text)[0].length;
  if (slashes > 0) return slashes === 2 ? split(hrefOf(`http:${text}`)) : null;
  const address = split(hrefOf(`http://${text}`));
  return isMeant(address, text) ? address : null;
};

/**
 * Read a text as a web address.
 * @returns {{host: string, port: string, target: string} | null} null where it is none.
 * @throws {Unsure} the registry may read its host otherwise.
 */
export const readAddress = (text) => {
  if (!text.isWellFormed()) return null;
  if (text.startsWith("https://") || text.startsWith("http://")) return split(hrefOf(text));
  return readLoose(text.replace(/[\t\n\r]/g, "").replace(/^[\0- ]+|[\0- ]+$/g, ""));
};
