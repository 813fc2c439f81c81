// Picture files without what surrounds the picture. A browser that saw the orientation would turn the
// picture, and with a colour profile it would change its colours; collections hash it without either.
// Sources: ITU-T T.81 annex B (JPEG), the PNG specification section 5, RFC 9649 (WebP), GIF89a.
"use strict";

import { orientationOf } from "./pictures-orientation.js";

const EXIF = "Exif\0\0";
const PNG_END = Uint8Array.of(0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82);
const WEBP_PIXELS = new Set(["ALPH", "VP8 ", "VP8L", "ANIM", "ANMF"]);

function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function lettersAt(bytes, at, count) {
  return String.fromCharCode(...bytes.subarray(at, at + count));
}

/** Bytes without the sign that some writers put before them. */
function bare(bytes) {
  return lettersAt(bytes, 0, EXIF.length) === EXIF ? bytes.subarray(EXIF.length) : bytes;
}

function jpeg(bytes) {
  const view = viewOf(bytes);
  const kept = [bytes.subarray(0, 2)];
  let orientation = 1;
  let seen = false;
  let size = null;
  let at = 2;
  for (;;) {
    // As decoders do: whatever stands between two segments is skipped.
    at = bytes.indexOf(0xff, at) + 1;
    if (!at) throw new Error("no picture in it");
    const marker = bytes[at];
    if (marker === 0 || marker === 0xff || (marker >= 0xd0 && marker <= 0xd9)) {
      at += marker === 0xff ? 0 : 1;
      continue;
    }
    if (marker === 0xda) {
      kept.push(bytes.subarray(at - 1));
      return { type: "image/jpeg", parts: kept, orientation, size };
    }
    const end = at + 1 + view.getUint16(at + 1);
    const frame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (frame) size = [view.getUint16(at + 6), view.getUint16(at + 4)];
    const named = marker === 0xe1 && lettersAt(bytes, at + 3, EXIF.length) === EXIF;
    if (named && !seen) {
      seen = true;
      orientation = orientationOf(bytes.subarray(at + 3 + EXIF.length, end));
    }
    // JFIF (APP0) and Adobe (APP14) say which colours the numbers mean.
    const around = (marker >= 0xe1 && marker <= 0xed) || marker === 0xef || marker === 0xfe;
    if (!around) kept.push(bytes.subarray(at - 1, end));
    at = end;
  }
}

function png(bytes) {
  const view = viewOf(bytes);
  const chunks = [];
  let orientation = 1;
  let ended = false;
  for (let at = 8; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at);
    const name = lettersAt(bytes, at + 4, 4);
    if (name === "IEND") break;
    const whole = bytes.subarray(at, at + 12 + length);
    const data = bytes.subarray(at + 8, at + 8 + length);
    if (name === "eXIf" && orientation === 1) orientation = orientationOf(bare(data));
    // The pixels are one run of chunks: what comes after it is no part of them.
    ended ||= chunks.at(-1)?.name === "IDAT" && name !== "IDAT";
    if (["IHDR", "PLTE", "tRNS", "IDAT"].includes(name) && !ended) chunks.push({ name, whole, data });
    at += 12 + length;
  }
  if (chunks[0]?.name !== "IHDR" || chunks[0].data.length < 13) throw new Error("no header");
  const size = [view.getUint32(16), view.getUint32(20)];
  const parts = [bytes.subarray(0, 8), ...chunks.map((chunk) => chunk.whole), PNG_END];
  return { type: "image/png", parts, orientation, size, chunks, alpha: true };
}

function threeBytes(bytes, at) {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
}

function webpChunks(bytes) {
  const view = viewOf(bytes);
  const chunks = [];
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    const end = at + 8 + length + (length % 2);
    const data = bytes.subarray(at + 8, at + 8 + length);
    chunks.push({ name: lettersAt(bytes, at, 4), whole: bytes.subarray(at, end), data });
    at = end;
  }
  return chunks;
}

/** A file of the same pixels that says nothing of profiles, orientation and notes. */
function webpOf(head, chunks) {
  const kept = [head.slice(), ...chunks.map((chunk) => chunk.whole)];
  const length = kept.reduce((sum, part) => sum + part.length, -8);
  viewOf(kept[0]).setUint32(4, length, true);
  return kept;
}

function webp(bytes) {
  const chunks = webpChunks(bytes);
  const { name, data } = chunks[0];
  const view = viewOf(data);
  if (name === "VP8 ") {
    const size = [view.getUint16(6, true) & 0x3fff, view.getUint16(8, true) & 0x3fff];
    return { type: "image/webp", parts: [bytes], orientation: 1, size };
  }
  if (name === "VP8L") {
    const bits = view.getUint32(1, true);
    const size = [(bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1];
    const alpha = ((bits >> 28) & 1) === 1;
    return { type: "image/webp", parts: [bytes], orientation: 1, size, alpha };
  }
  const exif = chunks.find((chunk) => chunk.name === "EXIF");
  const wide = chunks[0].whole.slice();
  const alpha = (data[0] & 0x10) !== 0;
  wide[8] &= 0x12; // what is transparent, and what moves
  const pixels = chunks.filter((chunk) => WEBP_PIXELS.has(chunk.name));
  return {
    type: "image/webp",
    parts: webpOf(bytes.subarray(0, 12), [{ whole: wide }, ...pixels]),
    orientation: exif ? orientationOf(bare(exif.data)) : 1,
    size: [threeBytes(data, 4) + 1, threeBytes(data, 7) + 1],
    alpha,
  };
}

/**
 * Take a picture file apart.
 *
 * @param {Uint8Array} bytes
 * @returns {{type: string, parts: Uint8Array[], orientation: number, size: number[]?,
 *   alpha: boolean?, chunks: object[]?}} The same
 *   picture in parts of a file without metadata; of a format that is not known here, the file as it
 *   is, which a browser may know and turns by itself.
 * @throws {Error} It is damaged.
 */
export function takenApart(bytes) {
  const start = lettersAt(bytes, 0, 12);
  if (start.startsWith("\xff\xd8\xff")) return jpeg(bytes);
  if (start.startsWith("\x89PNG\r\n\x1a\n")) return png(bytes);
  if (start.startsWith("RIFF") && start.endsWith("WEBP")) return webp(bytes);
  if (start.startsWith("GIF8")) {
    return { type: "image/gif", parts: [bytes], orientation: 1, size: null, alpha: true };
  }
  return { type: "", parts: [bytes], orientation: 1, size: null };
}
