// The perceptual hash of small greys, as imagehash.phash makes it: the lowest waves of the discrete
// cosine transform (scipy's type 2, not normalised), and which of them are above the median.
"use strict";

const tables = new Map();

/** The lowest waves, one after another: `2 cos(pi k (2 n + 1) / (2 side))`. */
function cosines(side, waves) {
  const key = `${side} ${waves}`;
  if (!tables.has(key)) {
    const table = new Float64Array(waves * side);
    for (let wave = 0; wave < waves; wave += 1) {
      for (let place = 0; place < side; place += 1) {
        const turn = (wave * (2 * place + 1)) % (4 * side);
        table[wave * side + place] = 2 * Math.cos((Math.PI * turn) / (2 * side));
      }
    }
    tables.set(key, table);
  }
  return tables.get(key);
}

function lowestWaves(greys, side, waves) {
  const table = cosines(side, waves);
  const down = new Float64Array(waves * side);
  for (let wave = 0; wave < waves; wave += 1) {
    for (let y = 0; y < side; y += 1) {
      const weight = table[wave * side + y];
      for (let x = 0; x < side; x += 1) down[wave * side + x] += weight * greys[y * side + x];
    }
  }
  const found = new Float64Array(waves * waves);
  for (let row = 0; row < waves; row += 1) {
    for (let wave = 0; wave < waves; wave += 1) {
      let sum = 0;
      for (let x = 0; x < side; x += 1) sum += down[row * side + x] * table[wave * side + x];
      found[row * waves + wave] = sum;
    }
  }
  return found;
}

function median(numbers) {
  const sorted = Float64Array.from(numbers).sort();
  const middle = sorted.length / 2;
  return (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The hash as hexadecimal digits.
 *
 * @param {Uint8Array} greys A square of four times as many greys a side as the hash has bits.
 * @param {number} size Bits a side: 16 for phash256, 8 for phash64.
 */
export function phash(greys, size) {
  const waves = lowestWaves(greys, 4 * size, size);
  const middle = median(waves);
  let digits = "";
  for (let at = 0; at < waves.length; at += 4) {
    let digit = 0;
    for (let bit = 0; bit < 4; bit += 1) digit = 2 * digit + (waves[at + bit] > middle ? 1 : 0);
    digits += digit.toString(16);
  }
  return digits;
}
