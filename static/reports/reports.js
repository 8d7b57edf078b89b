"use strict";
// A filter that was changed is applied at once.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-rp-go]")) event.target.form.requestSubmit();
});

// On a phone the figures come first: the filters open when they are asked for.
if (window.matchMedia("(max-width: 47.99rem)").matches) {
  for (const filters of document.querySelectorAll(".rp-filters")) filters.open = false;
}
