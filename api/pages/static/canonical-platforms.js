// Which accounts an address belongs to, by the registry's own table of platforms.
// registry/identifiers/platforms.py decides; a test holds this equal to it.
"use strict";

import { sureOfCase, unquote } from "./canonical-text.js";

const DEEPEST = 8;

// Python's letters and digits: every letter and number of Unicode.
const patternOf = (handle) => {
  let inside = false;
  const told = handle.replace(/\\[\s\S]|[[\]]/g, (part) => {
    if (part === "[") inside = true;
    if (part === "]") inside = false;
    if (part === "\\Z") return "$";
    if (part === "\\w") return inside ? "\\p{L}\\p{N}_" : "[\\p{L}\\p{N}_]";
    return part;
  });
  return new RegExp(`^(?:${told})$`, "u");
};

const formOf = (told) => ({
  mark: told.mark ?? "",
  handle: patternOf(told.handle),
  keepsCase: told.case === "kept",
  dropped: told.dropped ?? "",
  wholeHost: told.whole_host ?? false,
});

/** A name as its platform compares it, with its form's mark; null where it is none. */
export const fold = (platform, written, form = platform.forms[0]) => {
  sureOfCase(written);
  let folded = form.keepsCase ? written : written.toLowerCase();
  for (const sign of form.dropped) folded = folded.replaceAll(sign, "");
  if (!form.handle.test(folded)) return null;
  return !form.mark && platform.reserved.has(folded) ? null : form.mark + folded;
};

/** What a platform is called, without case, spaces and `.com`. */
const plainName = (word) =>
  [".com", ".org", ".net"].reduce(
    (bare, end) => (bare.endsWith(end) ? bare.slice(0, -end.length) : bare),
    word.toLowerCase().replace(/[\s_-]/g, ""),
  );

const fieldOf = (query, name) => {
  for (const each of query.split("&")) {
    const equals = each.indexOf("=");
    if (equals >= 0 && each.slice(0, equals) === name) return unquote(each.slice(equals + 1));
  }
  return null;
};

const writtenAt = (place, segments, query) => {
  const depth = place.literals.length;
  const above = segments.slice(0, depth).map((each) => each.toLowerCase());
  if (above.length !== depth || above.some((each, at) => each !== place.literals[at])) return null;
  if (place.field) return segments.length === depth ? fieldOf(query, place.field) : null;
  if (segments.length <= depth) return null;
  const written = unquote(segments[depth]);
  return written.startsWith(place.before) ? written.slice(place.before.length) : null;
};

/** The platforms, made of `platforms.json`. */
export class Platforms {
  constructor(document) {
    this.byName = new Map();
    this.called = new Map();
    this.byHost = new Map();
    this.byParent = new Map();
    this.shared = new Map();
    for (const [name, told] of Object.entries(document.platforms)) {
      this.#take(name, told, document.reserved);
    }
  }

  #take(name, told, common) {
    const hosts = [...new Set(told.hosts.flatMap((host) => [host, `www.${host}`]))];
    const reserved = new Set([...(told.reserved ?? []), ...common]);
    for (const place of told.forms.flatMap((form) => form.places)) {
      const [word] = place.slice(place.indexOf("/") + 1 || place.length).split(/[/?]/);
      if (!word.includes("{")) reserved.add(word);
    }
    const forms = told.forms.map(formOf);
    const platform = { name, hosts: new Set(hosts), forms, reserved, before: told.before ?? [] };
    this.byName.set(name, platform);
    for (const word of [name, told.title, ...(told.aliases ?? [])]) {
      this.called.set(plainName(word), platform);
    }
    for (const host of [...hosts, ...(told.shared ?? [])]) this.shared.set(host, platform);
    told.forms.forEach((form, at) => {
      for (const place of form.places) this.#place(platform, forms[at], place, hosts);
    });
  }

  #place(platform, form, place, hosts) {
    const slash = place.indexOf("/");
    const host = slash < 0 ? place : place.slice(0, slash);
    if (host.startsWith("{}.")) {
      this.byParent.set(host.slice(3), { platform, form });
      if (!this.shared.has(host.slice(3))) this.shared.set(host.slice(3), platform);
      return;
    }
    const [path, query = ""] = place.slice(slash + 1).split("?");
    const literals = path.split("/");
    const last = query ? "" : literals.pop();
    const [field] = query.split("=");
    const cut = { platform, form, literals, before: last.split("{}")[0], field };
    for (const each of host ? [host] : hosts) {
      this.byHost.set(each, [...(this.byHost.get(each) ?? []), cut]);
      if (!this.shared.has(each)) this.shared.set(each, platform);
    }
  }

  /** The platform that somebody calls so, or undefined. */
  named(word) {
    return this.called.get(plainName(word));
  }

  /** The platform that strangers share this host of, or null. */
  at(host) {
    for (let rest = host; rest; rest = rest.includes(".") ? rest.slice(rest.indexOf(".") + 1) : "") {
      if (this.shared.has(rest)) return this.shared.get(rest);
      if (this.#before(rest)) return null;
    }
    return null;
  }

  /** The accounts that an address belongs to: platforms, and names as they compare them. */
  accountsAt({ host, target }) {
    const found = [];
    const owner = this.#before(host);
    if (owner) found.push(owner);
    const mark = target.indexOf("?");
    const path = mark < 0 ? target : target.slice(0, mark);
    const query = mark < 0 ? "" : target.slice(mark + 1);
    const parts = path.split("/");
    const cut = [...parts.slice(1, DEEPEST), parts.slice(DEEPEST).join("/")];
    const segments = cut.filter((each) => each);
    for (const place of this.byHost.get(host) ?? []) {
      const written = writtenAt(place, segments, query);
      const handle = written ? fold(place.platform, written, place.form) : null;
      if (handle !== null) return [...found, { platform: place.platform, handle }];
    }
    return found;
  }

  #before(host) {
    const dot = host.indexOf(".");
    if (dot < 0) return null;
    const label = host.slice(0, dot);
    const owner = this.byParent.get(host.slice(dot + 1));
    if (!owner) return null;
    const { platform, form } = owner;
    let handle = form.wholeHost ? null : fold(platform, label, form);
    if (form.wholeHost && !platform.reserved.has(label)) handle = fold(platform, host, form);
    return handle === null ? null : { platform, handle };
  }
}
