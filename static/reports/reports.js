"use strict";
// A filter that was changed is applied at once; a button prints.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-rp-go]")) event.target.form.requestSubmit();
});
