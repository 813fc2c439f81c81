// Everything works without this. It adds: the case secret taken from the link, copying, sharing and
// printing.
"use strict";

for (const element of document.querySelectorAll("[data-script]")) element.hidden = false;

// A form is sent once, however often its button is pressed.

for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    const button = event.submitter;
    if (!button) return;
    button.dataset.words = button.textContent;
    // Not `disabled`: a disabled button is not sent.
    button.setAttribute("aria-disabled", "true");
    button.textContent = form.dataset.busy;
  });
}

window.addEventListener("pageshow", () => {
  // Whoever comes back to a page finds it as it was.
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-disabled]")) {
      button.removeAttribute("aria-disabled");
      button.textContent = button.dataset.words;
    }
  }
});

// The secret of a case stands behind the # of its link, which no server is sent.

const door = document.querySelector("[data-door]");
if (door) {
  const fill = () => {
    const secret = location.hash.slice(1);
    if (!/^[A-Za-z2-7]{4}(-?[A-Za-z2-7]{4}){3}$/.test(secret)) return;
    door.elements.secret.value = secret;
    const told = door.querySelector("[data-filled]");
    told.textContent = told.dataset.words;
    if ((door.elements.number ?? door.elements.notice).value) door.querySelector("button.main").focus();
  };
  fill();
  window.addEventListener("hashchange", fill);
}

for (const link of document.querySelectorAll("[data-keeps-fragment]")) {
  link.addEventListener("click", () => {
    link.hash = location.hash;
  });
}

// Keeping the receipt.

const say = (button) => {
  button.form.querySelector("[data-said]").textContent = button.dataset.done;
  const words = button.textContent;
  button.textContent = button.dataset.done;
  setTimeout(() => {
    button.textContent = words;
  }, 2500);
};

for (const button of document.querySelectorAll("[data-copy]")) {
  const text = document.getElementById(button.dataset.copy);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      say(button);
    } catch {
      // Without permission, the text is shown and selected instead.
      text.closest("details").open = true;
      text.focus();
      getSelection().selectAllChildren(text);
    }
  });
}

for (const button of document.querySelectorAll("[data-share]")) {
  const text = document.getElementById(button.dataset.share);
  if (!navigator.share) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    navigator.share({ title: document.title, text: text.textContent }).catch(() => {});
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}
