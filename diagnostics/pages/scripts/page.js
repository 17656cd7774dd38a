"use strict";
// What the page does once it is read: copies formulas, plays the film, runs the law.

/** A text goes to the clipboard. */
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  const name = button.textContent;
  button.addEventListener("click", async () => {
    await copy(button.dataset.copy);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = name), 1500);
  });
}

/** The content of a block of JSON, null where there is none. */
function content(id) {
  const block = document.getElementById(id);
  return block && JSON.parse(block.textContent);
}

const film = content("film"), settings = content("live");
if (film) {
  document.getElementById("watch").hidden = false;
  window.player = new Player(document.getElementById("watch"), film);
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) window.player.play(true);
}
if (settings) {
  const section = document.getElementById("try");
  section.hidden = false;
  try {
    window.laboratory = new Laboratory(section, settings);
  } catch (error) {
    section.querySelector("[data-part=bench]").hidden = true;
    section.querySelector("[data-part=why]").textContent = `This page cannot run the law: ${error.message}.`;
  }
}

// what is folded is printed too
window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((d) => (d.open = true)));
