// Behind the door of a case everything works without this. It adds: copying a line with one touch,
// and passing the invitation on to another app.
"use strict";

const SHOWN_FOR = 2500;

const copy = async (button) => {
  const line = document.getElementById(button.dataset.copies);
  try {
    await navigator.clipboard.writeText(line.textContent);
  } catch {
    // Without permission, the line is selected: the device's own menu copies it.
    getSelection().selectAllChildren(line);
    return;
  }
  const said = button.firstChild;
  const words = said.textContent;
  said.textContent = button.dataset.done;
  setTimeout(() => {
    said.textContent = words;
  }, SHOWN_FOR);
};

if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copies]")) {
    button.hidden = false;
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", () => copy(button));
  }
}

// Nothing but the start page is passed on: neither this page's title nor its address.

for (const button of document.querySelectorAll("[data-invites]")) {
  if (!navigator.share) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    const told = { text: button.dataset.invites, url: button.dataset.link };
    navigator.share(told).catch(() => {});
  });
}
