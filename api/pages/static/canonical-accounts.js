// Accounts: what people write of one, and whose an address is.
// registry/identifiers/accounts.py decides; a test holds this equal to it.
"use strict";

import { hrefOf, readAddress } from "./canonical-address.js";
import { fold } from "./canonical-platforms.js";
import { SPACE, Unsure, strip, sureOfCase } from "./canonical-text.js";

const S = `[${SPACE}]`;
const W = "[\\p{L}\\p{N}_.-]";
const INVISIBLE = /[\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff]/g;
const USER = /^[a-z0-9_](?:[a-z0-9_.-]{0,62}[a-z0-9_])?$/;
const SERVER = new RegExp(`^[^${SPACE}/?#:@\\\\]+\\.[^${SPACE}/?#:@\\\\.]{2,}$`);
const NAME = /^(?=.{4,253}$)(?:[a-z0-9-]{1,63}\.)+[a-z][a-z0-9-]*$/;
const NAMED = new RegExp(`^${S}*([^:/@]{1,40}?)${S}*:(?!//)${S}*([^]+)$`);
const WORD = "[\\p{L}\\p{N}_. -]{1,40}";
const BEHIND = new RegExp(
  `^(?:(.+?)${S}+(?:on|at|auf|bei|sur|@)${S}+(${WORD})|(.+?)${S}*\\(([^()]{1,40})\\))$`,
  "u",
);
const BEFORE = new RegExp(`^(${W}{1,40}(?: face| of our own)?)[${SPACE}/]+([^]+)$`, "iu");
const PORT = /^[0-9]{1,5}(?:[/?#]|$)/;
const GIT = /^(?:(?:ssh|git):\/\/)?(?:git@)?([\p{L}\p{N}_.-]+\.[a-z]+)[:/]([^/][^]*)$/iu;
const LONGEST_PAIR = 300;

const bareOf = (text) => strip(text.replace(INVISIBLE, ""));

const fediverse = (user, host) => {
  const folded = user.toLowerCase();
  if (!USER.test(folded) || !SERVER.test(host)) return null;
  const href = hrefOf(`https://${host}/`);
  const name = href?.slice("https://".length, -1) ?? "";
  return NAME.test(name) ? `mastodon:${folded}@${name}` : null;
};

const fediverseHandle = (text) => {
  const parts = text.split("@");
  return parts.length === 3 && parts[0] === "" ? fediverse(parts[1], parts[2]) : null;
};

const fediverseAccount = ({ host, target }) => {
  const found = /^\/(?:@|users\/)([^/?]*)/.exec(target);
  if (!found) return null;
  const at = found[1].indexOf("@");
  if (at < 0) return fediverse(found[1], host);
  return fediverse(found[1].slice(0, at), found[1].slice(at + 1));
};

/** The canonical forms of the accounts that an address belongs to. */
export const addressAccounts = (address, platforms) => {
  const forms = platforms.accountsAt(address).map(({ platform, handle }) => `${platform.name}:${handle}`);
  if (forms.length || !/^\/(?:@|users\/)/.test(address.target) || platforms.at(address.host)) {
    return forms;
  }
  const form = fediverseAccount(address);
  return form ? [form] : [];
};

const isHost = (platform, handle, platforms) => {
  if (!handle.includes(".") || platform.name === "bluesky") return platform.hosts.has(handle);
  if (platforms.at(handle) === platform) return true;
  const owners = platforms.accountsAt({ host: handle, port: "", target: "/" });
  return owners.some((owner) => owner.platform === platform);
};

const plainHandle = (platform, bare, platforms) => {
  if (bare.includes("://") || bare.startsWith("//") || bare.startsWith("git@")) return null;
  const lower = bare.toLowerCase();
  for (const form of platform.forms) {
    if (form.mark && lower.startsWith(form.mark)) {
      return fold(platform, bare.slice(form.mark.length).split("/", 1)[0], form);
    }
  }
  const said = platform.before.find((each) => lower.startsWith(each)) ?? "";
  const handle = strip(bare.slice(said.length).replace(/^@+/, "").split("/", 1)[0]);
  for (const form of platform.forms.filter((each) => each.keepsCase)) {
    const folded = fold(platform, handle, form);
    if (folded) return folded;
  }
  return isHost(platform, handle.toLowerCase(), platforms) ? null : fold(platform, handle);
};

const accountForm = (platform, value, platforms) => {
  const bare = bareOf(value);
  if (platform.name === "mastodon") {
    const found = fediverseHandle(bare.startsWith("@") ? bare : `@${bare}`);
    const address = found ? null : readAddress(bare);
    return found ?? (address ? fediverseAccount(address) : null);
  }
  const form = plainHandle(platform, bare, platforms);
  if (form !== null) return `${platform.name}:${form}`;
  const address = bare.includes(".") ? readAddress(bare) : null;
  if (!address && GIT.test(bare)) throw new Unsure("an address of git");
  const owner = address
    ? platforms.accountsAt(address).find((each) => each.platform === platform)
    : undefined;
  return owner ? `${platform.name}:${owner.handle}` : null;
};

const pairs = (bare) => {
  if (bare.length > LONGEST_PAIR) return [];
  const behind = BEHIND.exec(bare);
  const before = BEFORE.exec(bare);
  return [
    ...(behind ? [[behind[1] ?? behind[3], behind[2] ?? behind[4]]] : []),
    ...(before ? [[before[2], before[1]]] : []),
  ];
};

/**
 * The canonical form of the account that somebody means, or null.
 * @throws {Unsure} the registry may understand more of it.
 */
export const accountOf = (text, platforms) => {
  const bare = strip(bareOf(text).replace(/^[<>"']+|[<>"']+$/g, ""));
  if (!bare) return null;
  sureOfCase(bare);
  const known = (word) => platforms.named(strip(word).replace(/^www\./, ""));
  const named = NAMED.exec(bare);
  if (named && !(named[1].includes(".") && PORT.test(named[2]))) {
    const platform = known(named[1]);
    if (platform) return accountForm(platform, named[2], platforms);
    if (/^did:/i.test(bare)) throw new Unsure("a decentralised identifier");
    if (!readAddress(bare)) return null;
  }
  const handle = fediverseHandle(bare);
  if (handle) return handle;
  if (bare.startsWith("@") && /\.bsky\.social$/i.test(bare)) {
    return accountForm(platforms.named("bluesky"), bare, platforms);
  }
  const address = readAddress(bare);
  if (address && !bare.startsWith("@")) return addressAccounts(address, platforms)[0] ?? null;
  for (const [one, other] of pairs(bare)) {
    const platform = known(other);
    if (platform) return accountForm(platform, one, platforms);
  }
  return null;
};
