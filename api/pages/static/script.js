// Everything works without this. It adds: dropping and pasting pictures, a look at them before
// they are sent, the case secret taken from the link, copying, sharing and printing.
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
    if (door.elements.number.value) door.querySelector("button.main").focus();
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

// Pictures: dropped, pasted or chosen, they end up in the same field.

const giving = document.querySelector("[data-picks]");
if (giving) {
  const field = giving.elements.pictures;
  const lines = giving.elements.lines;
  const list = giving.querySelector("[data-picked]");
  const together = giving.querySelector("[data-together-problem]");
  const words = giving.dataset;
  let files = [];

  const problemOf = (file, place) => {
    if (/\.hei[cf]$/i.test(file.name) || /^image\/hei[cf]/.test(file.type)) return words.heic;
    if (!file.size) return words.empty;
    if (file.size > Number(words.mostBytes)) return words.tooLarge;
    if (file.type && !file.type.startsWith("image/")) return words.notAPicture;
    return place >= Number(words.mostPictures) ? words.tooMany : "";
  };

  const preview = async (file, frame) => {
    try {
      const drawn = await createImageBitmap(file, { resizeWidth: 320, resizeQuality: "medium" });
      const canvas = document.createElement("canvas");
      canvas.width = drawn.width;
      canvas.height = drawn.height;
      canvas.getContext("2d").drawImage(drawn, 0, 0);
      drawn.close();
      frame.append(canvas);
    } catch {
      frame.remove();
    }
  };

  const card = (file, problem) => {
    const item = document.createElement("li");
    const name = document.createElement("span");
    name.className = "value";
    name.textContent = file.name;
    if (problem) {
      const told = document.createElement("p");
      told.className = "problem";
      told.textContent = problem;
      item.className = "refused";
      item.append(name, told);
    } else {
      const frame = document.createElement("span");
      frame.className = "frame";
      item.append(frame, name);
      preview(file, frame);
    }
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = words.remove;
    const whose = document.createElement("span");
    whose.className = "sr";
    whose.textContent = ` ${file.name}`;
    remove.append(whose);
    remove.addEventListener("click", () => {
      show(files.filter((other) => other !== file));
      field.focus();
    });
    item.append(remove);
    return item;
  };

  const show = (wanted) => {
    files = wanted;
    const sent = new DataTransfer();
    let bytes = 0;
    list.replaceChildren(
      ...files.map((file) => {
        const problem = problemOf(file, sent.files.length);
        if (!problem) {
          sent.items.add(file);
          bytes += file.size;
        }
        return card(file, problem);
      }),
    );
    field.files = sent.files;
    const tooMuch = bytes > Number(words.mostTogether);
    together.textContent = tooMuch ? words.together : "";
    together.hidden = !tooMuch;
  };

  const add = (more) => {
    const known = new Set(files.map((file) => `${file.name} ${file.size} ${file.lastModified}`));
    show([
      ...files,
      ...[...more].filter((file) => !known.has(`${file.name} ${file.size} ${file.lastModified}`)),
    ]);
  };

  const note = (text) => {
    const before = lines.value.trimEnd();
    lines.value = `${before}${before ? "\n" : ""}${text.trim()}\n`;
  };

  // What was chosen before stays: a chooser alone would forget it.
  field.addEventListener("change", () => add(field.files));

  giving.addEventListener("submit", (event) => {
    if (!together.hidden) {
      event.preventDefault();
      event.stopImmediatePropagation();
      together.scrollIntoView({ block: "center" });
    }
  }, { capture: true });

  document.addEventListener("paste", (event) => {
    const given = event.clipboardData;
    if (!given?.files.length || given.getData("text/plain")) return;
    event.preventDefault();
    add(given.files);
  });

  const takes = (event) =>
    ["Files", "text/uri-list"].some((kind) => event.dataTransfer?.types.includes(kind));
  let depth = 0;
  document.addEventListener("dragenter", (event) => {
    if (!takes(event)) return;
    depth += 1;
    giving.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!takes(event)) return;
    depth -= 1;
    if (depth <= 0) giving.classList.remove("over");
  });
  document.addEventListener("dragover", (event) => {
    if (takes(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    depth = 0;
    giving.classList.remove("over");
    if (!takes(event)) return;
    event.preventDefault();
    const given = event.dataTransfer;
    if (given.files.length) {
      add(given.files);
    } else {
      const links = given.getData("text/uri-list").split(/\r?\n/);
      note(links.filter((link) => link && !link.startsWith("#")).join("\n"));
    }
  });

  // A browser that kept the choice while somebody went away and came back.
  if (field.files.length) add(field.files);
}
