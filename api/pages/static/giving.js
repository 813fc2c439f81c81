// Pictures: dropped, pasted or chosen, they are hashed on this device, and only their fingerprints are
// sent. Where a browser cannot do that, they are sent with the form, as they are without a script.
"use strict";

import { Card } from "./giving-cards.js";
import { Hashing } from "./giving-hashing.js";

const MOST_PREVIEWS = 48;
const LONGEST_NAME = 120;
const TELL_EVERY = 3000;

const form = document.querySelector("[data-picks]");
const field = form.elements.pictures;
const lines = form.elements.lines;
const bar = form.querySelector("[data-bar]");
const picked = form.querySelector("[data-picked]");
const progress = form.querySelector("[data-progress]");
const together = form.querySelector("[data-together-problem]");
const nothing = form.querySelector("[data-nothing-problem]");
const where = form.querySelector("[data-where]");
const words = form.dataset;

// Without a name it is not sent. It gets its name back where pictures cannot be hashed here.
field.removeAttribute("name");

let hashing; // not known yet; null where this device cannot
let entries = []; // {file, state: "waiting" | "kept" | "refused", isExact, card}
let submitter = null; // the button that waits for the last picture
let told = 0;

const problems = {
  empty: words.empty,
  "not-a-picture": words.notAPicture,
  "too-large": words.tooLarge,
  "too-many": words.tooMany,
  "too-many-pixels": words.tooManyPixels,
  unreadable: words.unreadable,
};

function inState(...states) {
  return entries.filter((entry) => states.includes(entry.state));
}

function problemOf(file) {
  const most = Number(hashing === null ? words.mostPictures : words.mostHashed);
  if (!file.size) return "empty";
  if (file.size > Number(words.mostBytes)) return "too-large";
  if (file.type && !file.type.startsWith("image/")) return "not-a-picture";
  return inState("waiting", "kept").length >= most ? "too-many" : "";
}

function refuse(entry, problem) {
  entry.state = "refused";
  entry.card.refuse(problems[problem] ?? words.notAPicture);
}

function showProgress() {
  const all = entries.length;
  const exact = inState("kept").filter((entry) => entry.isExact).length;
  const done = inState("kept").length - exact;
  const refused = inState("refused").length;
  const busy = hashing !== null && inState("waiting").length > 0;
  bar.hidden = !busy;
  bar.max = all;
  bar.value = done + exact + refused;
  const ended = hashing && all > 0 && !busy;
  // Whoever listens is not told of every picture.
  if (busy && Date.now() - told < TELL_EVERY) return;
  told = busy ? Date.now() : 0;
  const says = busy ? words.working : ended ? words.ready : "";
  const sentences = [says.replace("{done}", done).replace("{all}", all)];
  if (ended && exact) sentences.push(words.exactly.replace("{count}", exact));
  if (ended && refused) sentences.push(words.notTaken.replace("{count}", refused));
  progress.textContent = sentences.join(". ");
}

/** Say which files there would be nothing left of: the server, which is sent none, cannot. */
function showNothingLeft() {
  const refused = inState("refused");
  const isGiven = lines.value.trim() || form.querySelector("input[name=picture]:checked");
  const isLeft = isGiven || inState("waiting", "kept").length || !refused.length;
  nothing.hidden = isLeft;
  if (isLeft) return false;
  const names = refused.map((entry) => entry.file.name.slice(0, LONGEST_NAME)).join(", ");
  nothing.textContent = words.nothingLeft.replace("{names}", () => names);
  nothing.focus();
  return true;
}

/** What is sent as it is, where nothing can be hashed here. */
function fillField() {
  const sent = new DataTransfer();
  let bytes = 0;
  for (const { file } of inState("kept")) {
    sent.items.add(file);
    bytes += file.size;
  }
  field.files = sent.files;
  const tooMuch = bytes > Number(words.mostTogether);
  together.textContent = tooMuch ? words.together : "";
  together.hidden = !tooMuch;
}

async function read(entry) {
  const isWanted = () => entries.includes(entry);
  const previewed = inState("kept", "waiting").indexOf(entry) < MOST_PREVIEWS;
  const { hashed, preview, problem } = await hashing.hash(
    () => (isWanted() ? entry.file : null),
    previewed,
  );
  if (!isWanted()) return;
  if (problem) {
    refuse(entry, problem);
  } else {
    entry.state = "kept";
    entry.isExact = !hashed.phash256;
    const note = entry.isExact ? words.unread : "";
    entry.card.keep(entry.file.name.slice(0, LONGEST_NAME), hashed, preview, note);
  }
  proceed();
}

/** Tell how far it is, and send the form if it waited for the last picture. */
function proceed() {
  showProgress();
  if (!submitter || inState("waiting").length) return;
  const button = submitter;
  submitter = null;
  form.requestSubmit(button);
}

function take(entry) {
  if (hashing) read(entry);
  else if (hashing === null) entry.state = "kept";
}

function remove(entry) {
  const at = entries.indexOf(entry);
  entries.splice(at, 1);
  entry.card.item.remove();
  (entries[at] ?? entries.at(-1))?.card.button.focus();
  if (!entries.length) field.focus();
  if (hashing === null) fillField();
  proceed();
}

function keyOf(file) {
  return `${file.name} ${file.size} ${file.lastModified}`;
}

function add(files) {
  const known = new Set(entries.map((entry) => keyOf(entry.file)));
  for (const file of files) {
    if (known.has(keyOf(file))) continue;
    known.add(keyOf(file));
    const entry = { file, state: "waiting" };
    entry.card = new Card(file, words.remove, () => remove(entry));
    picked.append(entry.card.item);
    const problem = problemOf(file);
    entries.push(entry);
    if (problem) refuse(entry, problem);
    else take(entry);
  }
  if (hashing === null) fillField();
  else field.value = "";
  showProgress();
}

function note(text) {
  const before = lines.value.trimEnd();
  lines.value = `${before}${before ? "\n" : ""}${text.trim()}\n`;
}

field.addEventListener("change", () => add([...field.files]));

form.addEventListener(
  "submit",
  (event) => {
    const isNothing = showNothingLeft();
    if (!isNothing && together.hidden && !inState("waiting").length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (isNothing) return;
    if (!together.hidden) {
      together.scrollIntoView({ block: "center" });
      return;
    }
    submitter = event.submitter ?? form.querySelector("button.main");
    told = 0;
    showProgress();
  },
  { capture: true },
);

document.addEventListener("paste", (event) => {
  const given = event.clipboardData;
  // What was copied with its words is pasted as words.
  if (!given?.files.length || given.getData("text/plain")) return;
  event.preventDefault();
  add([...given.files]);
});

function takes(event) {
  return ["Files", "text/uri-list"].some((kind) => event.dataTransfer?.types.includes(kind));
}

let depth = 0;
document.addEventListener("dragenter", (event) => {
  if (!takes(event)) return;
  depth += 1;
  form.classList.add("over");
});
document.addEventListener("dragleave", (event) => {
  if (!takes(event)) return;
  depth -= 1;
  if (depth <= 0) form.classList.remove("over");
});
document.addEventListener("dragover", (event) => {
  if (takes(event)) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  depth = 0;
  form.classList.remove("over");
  if (!takes(event)) return;
  event.preventDefault();
  const given = event.dataTransfer;
  if (given.files.length) {
    add([...given.files]);
  } else {
    const links = given.getData("text/uri-list").split(/\r?\n/);
    note(links.filter((link) => link && !link.startsWith("#")).join("\n"));
  }
});

// A browser that kept the choice while somebody went away and came back.
if (field.files.length) add([...field.files]);

hashing = await Hashing.start(words.worker, Number(words.mostPixels));
where.textContent = hashing ? words.stays : words.uploads;
if (!hashing) field.name = "pictures";
for (const entry of inState("waiting")) take(entry);
if (!hashing) fillField();
proceed();
