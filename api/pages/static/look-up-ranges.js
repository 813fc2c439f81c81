// Asks for ranges: all entries whose first five signs are those of what is looked for, among
// made-up ones. The rest is compared here, and the server learns neither what was meant nor found.
"use strict";

const DIGITS = 5;
const RANKS = ["self", "account", "domain", "reviewed"];

const rangeOf = async (address) => {
  const answer = await fetch(address, { headers: { Accept: "text/plain" }, credentials: "omit" });
  if (!answer.ok) throw new Error(`the list answered ${answer.status}`);
  const lines = (await answer.text()).trimEnd().split("\n");
  return { lines, built: new Date(answer.headers.get("Last-Modified")) };
};

const entriesIn = (lines, { digits, covers }) =>
  lines
    .map((line) => line.split(":").map((part) => part.trim()))
    .filter(([rest, , , , count]) => count !== "0" && rest === digits.slice(DIGITS))
    .map(([, , grade, status]) => ({ grade, status, covers }));

const strongest = (entries) =>
  entries.toSorted((one, other) => RANKS.indexOf(other.grade) - RANKS.indexOf(one.grade))[0];

/**
 * Look for several things.
 * @returns {{found: object[], rest: object[], built: Date}} what is on the list, each thing once,
 *   by the claim that is proved best; what is not; and when the list was made.
 */
export const find = async (asked) => {
  const ranges = new Map();
  for (const { space, digits } of asked) {
    const address = `/v1/ranges/${space}${digits.slice(0, DIGITS)}`;
    if (!ranges.has(address)) ranges.set(address, rangeOf(address));
  }
  const named = new Map();
  let built;
  for (const one of asked) {
    const range = await ranges.get(`/v1/ranges/${one.space}${one.digits.slice(0, DIGITS)}`);
    built = range.built;
    // A picture is found by up to three fingerprints, a file by two digests: each is one thing.
    const key = `${one.kind}:${one.name}`;
    const before = named.get(key) ?? { ...one, entries: [] };
    named.set(key, { ...before, entries: [...before.entries, ...entriesIn(range.lines, one)] });
  }
  const things = [...named.values()];
  return {
    found: things
      .filter(({ entries }) => entries.length)
      .map(({ kind, name, entries }) => ({ kind, name, ...strongest(entries) })),
    rest: things.filter(({ entries }) => !entries.length),
    built,
  };
};
