// From colours to greys as Pillow makes them, what is transparent on white.
"use strict";

const WHITE = 255;

/** Pillow's luma, ITU-R 601-2 in fixed point. */
export function luma(red, green, blue) {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}

/** One level over white, as Pillow's paste rounds it. */
export function onWhite(level, alpha) {
  const sum = WHITE * (255 - alpha) + level * alpha + 128;
  return ((sum >> 8) + sum) >> 8;
}

/** The greys of red, green, blue and alpha, four bytes a pixel, not multiplied. */
export function greysOf(pixels) {
  const greys = new Uint8Array(pixels.length >> 2);
  for (let i = 0, at = 0; i < greys.length; i += 1, at += 4) {
    const alpha = pixels[at + 3];
    greys[i] =
      alpha === 255
        ? luma(pixels[at], pixels[at + 1], pixels[at + 2])
        : luma(
            onWhite(pixels[at], alpha),
            onWhite(pixels[at + 1], alpha),
            onWhite(pixels[at + 2], alpha),
          );
  }
  return greys;
}
