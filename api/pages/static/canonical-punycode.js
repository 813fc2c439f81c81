// Names beyond ASCII in the form that DNS knows (RFC 3492), read back.
"use strict";

const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;
const FIRST_BIAS = 72;
const FIRST_POINT = 0x80;
const LAST_POINT = 0x10ffff;

const digitOf = (sign) => (/[0-9]/.test(sign) ? sign.charCodeAt(0) - 22 : sign.charCodeAt(0) - 97);

const adapted = (delta, count, isFirst) => {
  let rest = Math.floor(delta / (isFirst ? DAMP : 2));
  rest += Math.floor(rest / count);
  let steps = 0;
  while (rest > ((BASE - T_MIN) * T_MAX) / 2) {
    rest = Math.floor(rest / (BASE - T_MIN));
    steps += BASE;
  }
  return steps + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW));
};

/**
 * What a label stands for.
 * @param {string} encoded of letters, digits and hyphens in lower case, without `xn--`.
 * @returns {string | null} null where it stands for nothing.
 */
export const labelOf = (encoded) => {
  const cut = encoded.lastIndexOf("-");
  const signs = cut > 0 ? [...encoded.slice(0, cut)] : [];
  let point = FIRST_POINT;
  let bias = FIRST_BIAS;
  let place = 0;
  let at = cut > 0 ? cut + 1 : 0;
  while (at < encoded.length) {
    const before = place;
    for (let weight = 1, step = BASE; ; step += BASE) {
      if (at >= encoded.length || encoded[at] === "-") return null;
      const digit = digitOf(encoded[at]);
      at += 1;
      place += digit * weight;
      if (place > Number.MAX_SAFE_INTEGER) return null;
      const threshold = Math.min(Math.max(step - bias, T_MIN), T_MAX);
      if (digit < threshold) break;
      weight *= BASE - threshold;
    }
    const count = signs.length + 1;
    bias = adapted(place - before, count, before === 0);
    point += Math.floor(place / count);
    place %= count;
    if (point > LAST_POINT || (point >= 0xd800 && point <= 0xdfff)) return null;
    signs.splice(place, 0, String.fromCodePoint(point));
    place += 1;
  }
  return signs.join("");
};
