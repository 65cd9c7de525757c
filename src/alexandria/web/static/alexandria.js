// Better with it, whole without it: parts that are busy renew themselves; keys lead the way.
"use strict";

async function renew(part) {
  const answer = await fetch(part.dataset.renew, { credentials: "same-origin" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(part.id);
  if (fresh) part.replaceWith(fresh);
}

setInterval(() => {
  for (const part of document.querySelectorAll("[data-renew][data-busy]")) renew(part).catch(() => {});
}, 1000);

let led = false;
document.addEventListener("keydown", (event) => {
  const field = event.target.closest("input, textarea, select");
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (field) {
    if (event.key === "Escape") field.blur();
    return;
  }
  const place = { l: "/ui/", n: "/ui/add" }[event.key];
  if (led && place) location.assign(place);
  led = event.key === "g";
  if (event.key === "/") {
    const search = document.getElementById("q");
    event.preventDefault();
    if (search) search.focus();
    else location.assign("/ui/");
  }
  if (event.key === "j" || event.key === "k") {
    const links = [...document.querySelectorAll(".hit h2 a")];
    const now = links.indexOf(document.activeElement);
    const next = links[now + (event.key === "j" ? 1 : -1)];
    if (next) next.focus();
  }
});

for (const form of document.querySelectorAll(".drop")) {
  const input = form.querySelector("input[type=file]");
  form.addEventListener("dragover", (event) => event.preventDefault());
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    input.files = event.dataTransfer.files;
    form.requestSubmit();
  });
}
