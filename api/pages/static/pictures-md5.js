// MD5 (RFC 1321), which browsers do not have: some collections tell their pictures by nothing else.
"use strict";

const SHIFTS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
];
const SINES = Int32Array.from({ length: 64 }, (_, i) =>
  Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32),
);
const TURNS = Uint8Array.from({ length: 64 }, (_, i) => SHIFTS[i >> 4][i & 3]);
const PLACES = Uint8Array.from({ length: 64 }, (_, i) =>
  [i, 5 * i + 1, 3 * i + 5, 7 * i][i >> 4] % 16,
);

const words = new Int32Array(16);

function readBlock(bytes, at) {
  for (let i = 0; i < 16; i += 1, at += 4) {
    words[i] = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  }
}

function mix(state) {
  let [a, b, c, d] = state;
  for (let i = 0; i < 64; i += 1) {
    let mixed;
    if (i < 16) mixed = (b & c) | (~b & d);
    else if (i < 32) mixed = (d & b) | (~d & c);
    else if (i < 48) mixed = b ^ c ^ d;
    else mixed = c ^ (b | ~d);
    const sum = (a + mixed + SINES[i] + words[PLACES[i]]) | 0;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << TURNS[i]) | (sum >>> (32 - TURNS[i])))) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}

/** The bytes after the last whole block, a one, zeros, and the length in bits. */
function ending(bytes) {
  const left = bytes.length % 64;
  const tail = new Uint8Array(left < 56 ? 64 : 128);
  tail.set(bytes.subarray(bytes.length - left));
  tail[left] = 0x80;
  const view = new DataView(tail.buffer);
  view.setUint32(tail.length - 8, bytes.length * 8, true);
  view.setUint32(tail.length - 4, Math.floor(bytes.length / 2 ** 29), true);
  return tail;
}

/** The MD5 of a Uint8Array, as 16 bytes. */
export function md5(bytes) {
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  for (let at = 0; at + 64 <= bytes.length; at += 64) {
    readBlock(bytes, at);
    mix(state);
  }
  const tail = ending(bytes);
  for (let at = 0; at < tail.length; at += 64) {
    readBlock(tail, at);
    mix(state);
  }
  const digest = new DataView(new ArrayBuffer(16));
  state.forEach((word, i) => digest.setInt32(4 * i, word, true));
  return new Uint8Array(digest.buffer);
}
