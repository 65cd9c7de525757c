// Better with it, whole without it: parts that are busy renew themselves; keys lead the way.
"use strict";

async function renew(part) {
  const answer = await fetch(part.dataset.renew, { credentials: "same-origin" });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(part.id);
  // A part in use, or one that says the same, stays: a swap would take the focus away.
  const inUse = part.contains(document.activeElement) && fresh && "busy" in fresh.dataset;
  if (fresh && !inUse && fresh.outerHTML !== part.outerHTML) part.replaceWith(fresh);
}

async function renewBusy() {
  const parts = document.hidden ? [] : [...document.querySelectorAll("[data-renew][data-busy]")];
  await Promise.allSettled(parts.map(renew)); // a server that is away is asked again
  setTimeout(renewBusy, 1000);
}
setTimeout(renewBusy, 1000);

const letters = document.getElementById("letters");
const LETTERS_OFF = "alexandria.letters-off";
if (letters) {
  letters.checked = !localStorage.getItem(LETTERS_OFF);
  letters.addEventListener("change", () => {
    if (letters.checked) localStorage.removeItem(LETTERS_OFF);
    else localStorage.setItem(LETTERS_OFF, "1");
  });
}

function move(step) {
  const rows = [...document.querySelectorAll("[data-row]")].filter((row) => row.querySelector("a, button"));
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  rows[Math.max(0, at + step)]?.querySelector("h2 a, a, button").focus();
}

function press(key) {
  const row = document.activeElement.closest("[data-row]");
  const button = row?.querySelector(`[data-key="${key}"]`) ?? document.querySelector(`[data-key="${key}"]`);
  button?.click();
}

function search(event) {
  event.preventDefault();
  const field = document.getElementById("q");
  if (field) field.select();
  else location.assign("/ui/");
}

const places = { l: "/ui/", f: "/ui/for-you", r: "/ui/review", u: "/ui/authors", n: "/ui/add", a: "/ui/activity" };
const keys = {
  "/": search,
  "?": () => document.getElementById("keys")?.togglePopover(),
  j: () => move(1),
  k: () => move(-1),
  c: () => press("c"),
  x: () => press("x"),
  e: () => press("e"),
  p: () => press("p"),
  s: () => press("s"),
  t: () => press("t"),
};
let led = false;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (letters && !letters.checked && event.key !== "?") return;
  if (led && places[event.key]) location.assign(places[event.key]);
  else keys[event.key]?.(event);
  led = event.key === "g";
});

// The server does not see the fragment: `view#page=7` is for the viewer of the PDF.
const pdf = document.querySelector("object[type='application/pdf']");
if (pdf && /^#page=\d+$/.test(location.hash)) {
  const shown = pdf.cloneNode(true); // a viewer that is open does not look at a changed address
  shown.data = pdf.data.split("#")[0] + location.hash;
  pdf.replaceWith(shown);
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    const part = document.getElementById(button.dataset.copy);
    const lines = [...part.children].map((line) => line.textContent).join("\n");
    const types = { "text/plain": lines, "text/html": part.outerHTML };
    const blobs = Object.entries(types).map(([type, text]) => [type, new Blob([text], { type })]);
    await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(blobs))]);
    button.textContent = "Copied";
  });
}

for (const field of document.querySelectorAll("[data-submit]")) {
  field.addEventListener("change", () => field.form.requestSubmit());
}

for (const form of document.querySelectorAll(".dropform")) {
  const zone = form.querySelector(".drop");
  const input = form.querySelector("input[type=file]");
  const tell = () => {
    form.querySelector(".chosen").textContent = [...input.files].map((file) => file.name).join(", ");
  };
  input.addEventListener("change", tell);
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    input.files = event.dataTransfer.files;
    tell();
    form.querySelector("button").focus();
  });
}

// A line of the list and its node in the drawing light up together.
const net = document.getElementById("net");
if (net) {
  const stage = net.parentElement;
  const me = net.querySelector(".me").getBoundingClientRect();
  stage.scrollLeft = me.left - stage.getBoundingClientRect().left - stage.clientWidth / 2;
  const nodes = [...net.querySelectorAll("[data-n]")];
  const edges = [...net.querySelectorAll("[data-e]")];
  const light = (id) => {
    net.classList.toggle("focus", Boolean(id));
    for (const node of nodes) node.classList.toggle("on", node.dataset.n === id);
    for (const edge of edges) edge.classList.toggle("on", edge.dataset.e.split(" ").includes(id));
  };
  for (const part of [...document.querySelectorAll("[data-for]"), ...nodes]) {
    const id = part.dataset.for || part.dataset.n;
    for (const kind of ["focusin", "pointerenter"]) part.addEventListener(kind, () => light(id));
    for (const kind of ["focusout", "pointerleave"]) part.addEventListener(kind, () => light(""));
  }
}
