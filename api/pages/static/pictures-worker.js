// Makes the fingerprints of pictures, one after another, away from the page. Nothing is sent anywhere.
"use strict";

import { takenApart } from "./pictures-containers.js";
import { TooManyPixels, isCanvasTrue, readGreys } from "./pictures-decoding.js";
import { md5 } from "./pictures-md5.js";
import { phash } from "./pictures-phash.js";
import { Shapes } from "./pictures-shapes.js";

const NAMES = { 64: "phash256", 32: "phash64" };
const PREVIEW_SIDE = 320;

// What is longer has next to nothing of itself on its white square.
const MOST_PADDED_RATIO = 4;

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function digestsOf(bytes) {
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return { sha256: hex(sha256), md5: hex(md5(bytes)) };
}

/** The hashes of each shape of a picture, by their names. */
async function hashesOf(held, mostPixels) {
  let shapes;
  let ratio;
  await readGreys(held, mostPixels, (width, height) => {
    shapes = new Shapes(width, height, [64, 32]);
    ratio = Math.max(width, height) / Math.min(width, height);
    return (row) => shapes.add(row);
  });
  const hashes = { phash256: {}, phash64: {} };
  for (const { name, side, greys } of shapes.finish()) {
    if (name === "padded" && ratio > MOST_PADDED_RATIO) continue;
    hashes[NAMES[side]][name] = phash(greys, side / 4);
  }
  return hashes;
}

function known(bytes) {
  try {
    return takenApart(bytes);
  } catch {
    return null;
  }
}

function isHeif(bytes) {
  return String.fromCharCode(...bytes.subarray(4, 8)) === "ftyp";
}

/** Everything that is told of one picture: `hashed`, or the `problem` with it. */
export async function hash(file, mostPixels) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const held = known(bytes);
  try {
    const hashes = await hashesOf(held ?? { parts: [bytes], orientation: 1 }, mostPixels);
    return { hashed: { ...hashes, ...(await digestsOf(bytes)) } };
  } catch (fault) {
    if (fault instanceof TooManyPixels) return { problem: "too-many-pixels" };
    if (!held?.type && !isHeif(bytes)) return { problem: "not-a-picture" };
    // Its exact bytes can be told apart even so.
    return { hashed: await digestsOf(bytes) };
  }
}

async function previewOf(file) {
  try {
    return await createImageBitmap(file, { resizeWidth: PREVIEW_SIDE, resizeQuality: "medium" });
  } catch {
    return null;
  }
}

self.addEventListener("message", async ({ data }) => {
  const { id, file, mostPixels, previewed } = data;
  try {
    const told = await hash(file, mostPixels);
    const preview = previewed && told.hashed?.phash256 ? await previewOf(file) : null;
    self.postMessage({ id, ...told, preview }, preview ? [preview] : []);
  } catch {
    // Such as a file that was taken away meanwhile.
    self.postMessage({ id, problem: "not-a-picture" });
  }
});

function isAble() {
  try {
    return Boolean(crypto.subtle && globalThis.DecompressionStream) && isCanvasTrue();
  } catch {
    return false;
  }
}

self.postMessage({ able: isAble() });
