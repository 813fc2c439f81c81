// Puts an answer on the page, in the words and the form in which the server would have given it.
"use strict";

const element = (tag, className, text) => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text;
  return made;
};

const named = (said, { kind, name }) => [
  element("strong", "", said.names[kind]),
  " ",
  element("span", "value", name),
];

const isUnproven = ({ kind, grade }) => kind === "site" && ["self", "account"].includes(grade);

/** A form that takes along what was found. */
const objecting = (prototype, { kind, name, covers }) => {
  const form = prototype.cloneNode(true);
  form.elements.kind.value = kind;
  form.elements.covers.value = covers;
  form.querySelector("button .sr").textContent = ` ${name}`;
  return form;
};

const foundItem = (said, one, icons, prototype) => {
  const item = element("li", one.status, "");
  const text = element("div", "", "");
  const sentences = [said.states[one.status], said.grades[one.grade]];
  if (isUnproven(one)) sentences.push(said.unproven);
  text.append(...named(said, one), element("p", "state", sentences.join(" ")));
  text.append(objecting(prototype, one));
  const icon = icons.find((each) => each.dataset.icon === one.kind);
  item.append(icon.firstElementChild.cloneNode(true), text);
  return item;
};

const restItem = (said, one) => {
  const item = element("li", "", "");
  item.append(...named(said, one));
  return item;
};

const moment = (when) => {
  const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
  const day = new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" }).format(when);
  return `${day}, ${when.toISOString().slice(11, 16)} UTC`;
};

/** Show an answer above the form, and lead whoever reads it there. */
export const showAnswer = (form, said, question, { found, rest, built }) => {
  const template = document.querySelector("[data-answer]").content;
  const icons = [...template.querySelectorAll("[data-icon]")];
  const section = template.querySelector("section").cloneNode(true);
  const heading = section.querySelector("h2");
  heading.id = "answer-heading";
  heading.textContent = found.length ? said.yes : said.no;
  section.setAttribute("aria-labelledby", heading.id);
  section.querySelector(".asked").textContent = question.shown;
  const prototype = template.querySelector("[data-object]");
  const items = found.map((one) => foundItem(said, one, icons, prototype));
  section.querySelector("[data-found]").append(...items);
  section.querySelector("[data-rest]").append(...rest.map((one) => restItem(said, one)));
  if (!found.length) section.querySelector("[data-found]").remove();
  if (!rest.length) section.querySelector("details").remove();
  if (!question.isPicture) section.querySelector("[data-copies]").remove();
  section.querySelector("[data-as-of]").textContent = said.asOf.replace("%(when)s", moment(built));
  const other = found.length ? "[data-if-not]" : "[data-if-found]";
  for (const each of section.querySelectorAll(other)) each.remove();
  form.before(section);
  heading.focus();
};
