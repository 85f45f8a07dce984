"use strict";
// The mapping screen is fetched anew when an answer changes what is asked.  What somebody types
// while it is on its way is never overwritten: then the page is left, and fetched once more.

{
  let typed = 0;
  let sent = 0;
  document.addEventListener("input", () => { typed += 1; });
  document.addEventListener("htmx:beforeRequest", () => { sent = typed; });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (sent === typed) return;
    event.detail.shouldSwap = false;
    window.htmx.trigger("#mapping", "again");
  });

  // What was chosen before the scripts were here, or came back with the browser's memory of the
  // page, changes what is asked as well.
  const isChanged = (select) => {
    const begun = select.querySelector("option[selected]") ?? select.options[0];
    return select.selectedOptions[0] !== begun;
  };
  document.addEventListener("DOMContentLoaded", () => {
    const asking = [...document.querySelectorAll("select[data-asks]")];
    if (asking.some(isChanged)) window.htmx.trigger("#mapping", "again");
  });
}
