// Keyboard of the back office. No inline scripts: the content policy forbids them.
"use strict";

(() => {
  // The frame has no landmark of its own; a table wider than its box is moved by the arrows, so it takes the focus.
  const landmarks = () => {
    const main = document.getElementById("main");
    if (main) main.setAttribute("role", "main");
    document.querySelector("#nav-sidebar-apps .simplebar-content-wrapper")?.setAttribute("aria-label", "Разделы");
    for (const box of document.querySelectorAll(".of-scroll")) {
      if (box.scrollWidth <= box.clientWidth || box.hasAttribute("tabindex")) continue;
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      const heading = box.closest("section, .of-card")?.querySelector("h1, h2, h3");
      box.setAttribute("aria-label", (heading?.textContent || document.title).trim());
    }
  };
  document.addEventListener("DOMContentLoaded", landmarks);
  document.addEventListener("htmx:afterSettle", landmarks);
  window.addEventListener("resize", landmarks);

  const typing = (element) => element && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));

  // «/» goes to the search box from anywhere; arrows walk over what was found.
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !typing(document.activeElement) && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const box = document.querySelector("[data-search]");
      if (box) {
        event.preventDefault();
        box.focus();
        box.select();
      }
      return;
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const walk = event.target.closest("[data-walk]");
    if (!walk || event.target.tagName === "SELECT") return;
    const stops = [...walk.querySelectorAll("[data-stop]")].filter((stop) => !stop.disabled && stop.offsetParent !== null);
    if (!stops.length) return;
    event.preventDefault();
    const here = stops.indexOf(document.activeElement);
    const next = event.key === "ArrowDown" ? here + 1 : here - 1;
    if (stops[next]) stops[next].focus();
  });

  // The cash desk: the sum and the change follow the fingers. Kopecks are whole numbers, never fractions.
  const kopecks = (text) => {
    const clean = (text || "").replace(/[\s\u00a0\u202f]/g, "").replace(",", ".");
    const match = /^(\d+)(?:\.(\d{0,2}))?$/.exec(clean);
    return match ? parseInt(match[1], 10) * 100 + parseInt(((match[2] || "") + "00").slice(0, 2), 10) : null;
  };
  const written = (sum) => {
    const whole = String(Math.trunc(Math.abs(sum) / 100)).replace(/\B(?=(\d{3})+$)/g, "\u00a0");
    return (sum < 0 ? "\u2212" : "") + whole + "," + String(Math.abs(sum) % 100).padStart(2, "0");
  };
  const count = (desk) => {
    let sum = 0;
    let good = true;
    desk.querySelectorAll("[data-amount]").forEach((input) => {
      const value = input.value.trim() === "" ? 0 : kopecks(input.value);
      if (value === null) good = false;
      else sum += value;
    });
    const given = desk.querySelector("[data-given]");
    const total = desk.querySelector("[data-total]");
    const change = desk.querySelector("[data-change]");
    const card = desk.querySelector("[data-card]:checked");
    const part = desk.querySelector("[data-by-card]");
    const carded = part && part.value.trim() !== "" ? kopecks(part.value) : 0;
    if (total) total.textContent = good ? written(sum) : "—";
    if (!change) return;
    const handed = given && given.value.trim() !== "" ? kopecks(given.value) : null;
    change.classList.remove("of-bad");
    const due = carded === null ? null : sum - carded;
    if (!card && good && carded) {
      change.textContent = due < 0 ? "картой больше суммы" : "наличными " + written(due);
      change.classList.toggle("of-bad", due < 0);
      if (due < 0 || handed === null) return;
    }
    if (card || !good || due === null || handed === null) change.textContent = "—";
    else if (handed < due) {
      change.textContent = "не хватает " + written(due - handed);
      change.classList.add("of-bad");
    } else change.textContent = written(handed - due);
  };
  document.addEventListener("input", (event) => {
    const desk = event.target.closest("[data-desk]");
    if (desk) count(desk);
  });
  document.addEventListener("change", (event) => {
    const desk = event.target.closest("[data-desk]");
    if (desk) count(desk);
  });

  // Enter walks through the fields of a desk in order and sends only from the last one. A choice beside the way is not
  // walked through; Enter leads from it to the next field.
  document.addEventListener("keydown", (event) => {
    const beside = event.target.matches("[data-aside]");
    if (event.key !== "Enter" || (event.target.tagName !== "INPUT" && !beside)) return;
    const desk = event.target.closest("[data-desk]");
    if (!desk || event.target.type === "submit") return;
    const steps = [...desk.querySelectorAll("[data-step]")].filter((step) => !step.disabled && step.offsetParent !== null);
    const here = steps.indexOf(event.target);
    const isLater = (step) => event.target.compareDocumentPosition(step) & Node.DOCUMENT_POSITION_FOLLOWING;
    const next = beside ? steps.find(isLater) : here >= 0 ? steps[here + 1] : null;
    if (next) {
      event.preventDefault();
      next.focus();
      if (next.select) next.select();
    }
  });

  // A button that moves money asks once more; a form that was sent is not sent twice.
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    const question = (button && button.dataset.ask) || event.target.dataset.ask;
    if (question && !window.confirm(question)) {
      event.preventDefault();
      return;
    }
    if (event.target.dataset.once !== undefined) {
      if (event.target.dataset.sent) event.preventDefault();
      event.target.dataset.sent = "1";
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });

  const ready = () => {
    document.querySelectorAll("[data-desk]").forEach(count);
    const first = document.querySelector("main [aria-invalid=true], #content [aria-invalid=true]") || document.querySelector("[data-focus]");
    if (first) {
      first.focus();
      if (first.select) first.select();
    }
  };
  document.addEventListener("DOMContentLoaded", ready);
  document.addEventListener("htmx:afterSettle", (event) => {
    document.querySelectorAll("[data-desk]").forEach(count);
    const first = event.target.querySelector && event.target.querySelector("[data-focus]");
    if (first) first.focus();
  });
})();
