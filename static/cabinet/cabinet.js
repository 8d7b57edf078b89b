"use strict";
// What HTML cannot do alone: a month picker that goes at once, printing, one open menu, a word for a lost connection.

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-go]")) event.target.form.requestSubmit();
});

// On a phone the sections scroll: the one that is open must be in sight.
const here = document.querySelector(".nav [aria-current]");
if (here) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.clientWidth / 3;

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
  for (const menu of document.querySelectorAll("details.who[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.who[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// «Почему столько»: the second press closes the answer instead of asking again.
document.addEventListener("htmx:confirm", (event) => {
  const link = event.detail.elt;
  if (!link.matches("[aria-expanded]")) return;
  const answer = document.querySelector(link.getAttribute("hx-target"));
  const isOpen = link.getAttribute("aria-expanded") === "true";
  link.setAttribute("aria-expanded", String(!isOpen));
  if (isOpen) {
    event.preventDefault();
    answer.replaceChildren();
  }
});

// Usage and its cost while a reading is typed; the server counts anew, by its own rules, when it is sent.
document.addEventListener("input", (event) => {
  const field = event.target;
  if (field.dataset.was === undefined) return;
  const told = field.parentElement.querySelector("output");
  const value = Number(field.value.replace(/\s/g, "").replace(",", "."));
  const usage = (value - Number(field.dataset.was)) * Number(field.dataset.ratio);
  if (!field.value.trim() || !Number.isFinite(usage) || usage < 0) {
    told.textContent = "";
    return;
  }
  const written = (number, places) => number.toLocaleString("ru-RU", { minimumFractionDigits: places, maximumFractionDigits: Math.max(places, places || 3) });
  const cost = field.dataset.price === undefined ? "" : `, примерно ${written(usage * Number(field.dataset.price), 2)} ₽`;
  told.textContent = `Расход ${written(usage, 0)} ${field.dataset.unit}${cost}`;
});

// Light or dark, large type: at once, so that what was typed stays. The form does the same alone, by a new page.
const darkMedia = { auto: "screen and (prefers-color-scheme: dark)", light: "not all", dark: "screen" };
document.addEventListener("submit", (event) => {
  const form = event.target;
  const button = event.submitter;
  if (!form.matches("[data-look]") || !button) return;
  event.preventDefault();
  const wish = new FormData(form);
  wish.append(button.name, button.value);
  if (button.name === "theme") document.getElementById("dark").media = darkMedia[button.value];
  else document.documentElement.dataset.type = button.value;
  for (const one of form.querySelectorAll(`button[name="${button.name}"]`)) one.setAttribute("aria-pressed", String(one === button));
  fetch(form.action, { method: "POST", body: wish, redirect: "manual" }).catch(() => {});
});

function tellTrouble(event) {
  const status = event.detail.xhr ? event.detail.xhr.status : 0;
  const words = {
    0: "Нет связи с сайтом. Проверьте интернет и повторите: введённое не пропало.",
    403: "Страница устарела. Обновите её и повторите.",
    404: "Страница не найдена. Обновите её и повторите.",
    429: "Слишком много запросов подряд. Подождите минуту.",
  };
  const place = document.getElementById("trouble");
  if (!place) return;
  place.hidden = false;
  place.querySelector("p").textContent = words[status] || "На сайте неполадка. Повторите через минуту: введённое не пропало.";
  place.scrollIntoView({ block: "nearest" });
}
document.addEventListener("htmx:responseError", tellTrouble);
document.addEventListener("htmx:sendError", tellTrouble);
document.addEventListener("htmx:beforeRequest", () => {
  const place = document.getElementById("trouble");
  if (place) place.hidden = true;
});

// What was typed into a long form outlives an expired session: it waits in this tab until the form has been taken in.
function keepDrafts(root) {
  for (const place of root.querySelectorAll("[data-draft-done]")) {
    sessionStorage.removeItem(`draft:${place.dataset.draftDone}`);
  }
  for (const form of root.querySelectorAll("form[data-draft]")) keepDraft(form);
}
function keepDraft(form) {
  const place = `draft:${form.dataset.draft}`;
  const typed = "textarea, select, input:not([type=hidden], [type=file], [type=password], [type=checkbox])";
  const fields = [...form.elements].filter((one) => one.name && one.matches(typed));
  if (location.hash === "#sent") {
    sessionStorage.removeItem(place);
    history.replaceState(null, "", location.pathname + location.search); // the next redirect would inherit it
  }
  const words = JSON.parse(sessionStorage.getItem(place) || "{}");
  for (const one of fields) {
    const touched = "defaultValue" in one && one.value !== one.defaultValue; // typed before this script looked
    if (one.name in words && !touched) one.value = words[one.name];
  }
  const keep = () =>
    sessionStorage.setItem(place, JSON.stringify(Object.fromEntries(fields.map((one) => [one.name, one.value]))));
  form.addEventListener("input", keep);
  form.addEventListener("submit", keep); // typed, perhaps, before this script had come
}
keepDrafts(document);
document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt !== document.body) keepDrafts(event.detail.elt.parentElement || document);
});
