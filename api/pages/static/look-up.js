// Looks a thing up without saying which: the browser makes its fingerprints, asks for all entries
// whose first signs are the same, and compares the rest itself. Without this the form is sent.
"use strict";

import { find } from "./look-up-ranges.js";
import { showAnswer } from "./look-up-answer.js";

const form = document.querySelector("[data-look-up]");
const said = JSON.parse(form.dataset.said);
const problem = form.querySelector("[data-problem]");
const offer = form.querySelector("[data-offer]");
const server = form.querySelector("[data-server]");
const status = form.querySelector("[data-status]");
const { asked: field, pictures: chooser } = form.elements;

const ofPictures = {
  worker: form.dataset.worker,
  mostPixels: Number(form.dataset.mostPixels),
  mostBytes: Number(form.dataset.mostBytes),
};

let loading;

// Whoever only looks at the page has no use for the rules.
const load = async () => {
  const [canonical, told] = await Promise.all([
    import("./canonical.js"),
    fetch(form.dataset.platforms).then((answer) => answer.json()),
  ]);
  const rules = {
    platforms: new canonical.Platforms(told),
    mostLine: Number(form.dataset.mostLine),
    mostPassage: Number(form.dataset.mostPassage),
  };
  return { ...canonical, rules };
};

const loaded = () => {
  loading ??= load().catch((fault) => {
    loading = undefined;
    throw fault;
  });
  return loading;
};

const ofText = async (text) => {
  const { digitsOf, questionOf, rules } = await loaded();
  const question = questionOf(text, rules);
  if (question.problem) return question;
  const asked = question.asked.map(async ([kind, name]) => ({
    kind,
    name,
    covers: name,
    space: kind === "image" ? "image/" : "",
    digits: await digitsOf(kind, name),
  }));
  return { ...question, shown: text, asked: await Promise.all(asked) };
};

const ofPicture = async (file) => {
  const { pictureQuestion } = await import("./look-up-pictures.js");
  return pictureQuestion(file, ofPictures);
};

const tell = (sentence) => {
  problem.textContent = sentence;
  problem.hidden = !sentence;
  const described = sentence ? "problem asked-hint" : "asked-hint";
  field.setAttribute("aria-describedby", described);
  field.removeAttribute("aria-invalid");
};

const offerServer = (sentence) => {
  offer.textContent = sentence;
  offer.hidden = server.hidden = !sentence;
  if (sentence) server.focus();
};

const lookUp = async () => {
  const [file] = chooser.files;
  const text = field.value;
  if (!file && !text.trim()) return tell(said.empty);
  const question = file ? await ofPicture(file) : await ofText(text);
  if (question.problem) {
    tell(said.problems[question.problem] ?? said.problems["not-a-url"]);
    return field.focus();
  }
  const answer = await find(question.asked);
  showAnswer(form, said, question, answer);
  // What only the server can look at is offered below the answer for the exact file.
  return question.incomplete ? offerServer(said.picture) : undefined;
};

const busy = (sentence) => {
  form.ariaBusy = String(Boolean(sentence));
  status.textContent = sentence;
};

form.addEventListener("submit", async (event) => {
  if (event.submitter === server) return;
  event.preventDefault();
  if (form.ariaBusy === "true") return;
  tell("");
  offerServer("");
  document.querySelector("section.answer")?.remove();
  busy(said.busy);
  try {
    await lookUp();
  } catch (fault) {
    // Whatever a browser cannot do, the server can.
    offerServer(fault.name === "Unsure" ? said.unsure : said.failed);
  } finally {
    busy("");
  }
});

field.addEventListener("focus", () => loaded().catch(() => {}), { once: true });
form.querySelector("[data-note]").hidden = true;
form.querySelector("[data-note-script]").hidden = false;
