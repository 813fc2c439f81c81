// What is shown of each picture that was added: its name, a look at it, or why it is not taken.
"use strict";

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/** A small copy on the page; the worker made it, so that the page need not decode the picture. */
function shownPreview(preview) {
  const canvas = element("canvas", "");
  canvas.width = preview.width;
  canvas.height = preview.height;
  canvas.getContext("bitmaprenderer").transferFromImageBitmap(preview);
  return canvas;
}

export class Card {
  /**
   * @param {File} file
   * @param {string} removeWord What the button says.
   * @param {() => void} remove What it does.
   */
  constructor(file, removeWord, remove) {
    this.item = element("li", "");
    this.frame = element("span", "");
    this.frame.className = "frame";
    this.button = element("button", "", removeWord);
    this.button.type = "button";
    this.button.append(element("span", "sr", ` ${file.name}`));
    this.button.addEventListener("click", remove);
    this.item.append(this.frame, element("span", "value", file.name), this.button);
  }

  refuse(problem) {
    this.item.className = "refused";
    this.frame.remove();
    this.button.before(element("p", "problem", problem));
  }

  /** Show the picture, and have its fingerprints sent with the form. */
  keep(name, hashed, preview, note) {
    if (preview) this.frame.append(shownPreview(preview));
    else this.frame.remove();
    if (note) this.button.before(element("p", "soft", note));
    const field = element("input", "");
    field.type = "hidden";
    field.name = "hashed";
    field.value = JSON.stringify({ name, ...hashed });
    this.item.append(field);
  }
}
