// What to look for to know of a picture: its fingerprints and those of the exact file, made by the
// worker that the form uses.
"use strict";

import { digitsOf } from "./canonical.js";

const toldOf = (file, { worker: address, mostPixels }) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(address, { type: "module" });
    const end = (settle, value) => {
      worker.terminate();
      settle(value);
    };
    worker.addEventListener("error", () => end(reject, new Error("the worker cannot run")));
    worker.addEventListener("message", ({ data }) => {
      if (data.able === false) return end(reject, new Error("this browser alters pictures"));
      if (data.id !== 1) return undefined;
      return end(resolve, data);
    });
    worker.postMessage({ id: 1, file, mostPixels, previewed: false });
  });

/**
 * What to look for to know of a picture.
 * @param {File} file the picture.
 * @param {{worker: string, mostPixels: number, mostBytes: number}} settings
 * @returns {{problem?: string, asked?: object[], incomplete?: boolean}} incomplete where only the
 *   exact file can be looked for.
 */
export const pictureQuestion = async (file, settings) => {
  if (file.size > settings.mostBytes) return { problem: "too-large" };
  if (!file.size) return { problem: "empty" };
  const { hashed, problem } = await toldOf(file, settings);
  if (problem) return { problem };
  const name = file.name;
  const variants = [...new Set(Object.values(hashed.phash256 ?? {}))];
  const asked = variants.map((digits) => ({
    kind: "image",
    name,
    covers: digits,
    space: "image/",
    digits,
  }));
  for (const form of [hashed.sha256, `md5:${hashed.md5}`]) {
    const digits = await digitsOf("file", form);
    asked.push({ kind: "file", name, covers: form, space: "", digits });
  }
  return { shown: name, isPicture: true, asked, incomplete: !variants.length };
};
