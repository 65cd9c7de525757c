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

let led = false;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const place = { l: "/ui/", n: "/ui/add" }[event.key];
  if (led && place) location.assign(place);
  led = event.key === "g";
  if (event.key === "/") {
    event.preventDefault();
    const search = document.getElementById("q");
    if (search) search.focus();
    else location.assign("/ui/");
  }
  if (event.key === "j" || event.key === "k") {
    const links = [...document.querySelectorAll(".res h2 a")];
    const at = links.indexOf(document.activeElement);
    links[at + (event.key === "j" ? 1 : -1)]?.focus();
  }
});

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
