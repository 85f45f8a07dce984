"use strict";
// Small help on top of pages that work without scripts.

{
  // The error summary: named in the window's title and read first.
  const summary = document.querySelector(".error-summary");
  if (summary) {
    document.title = `${summary.dataset.title} ${document.title}`;
    summary.focus();
  }

  // The current page stays in view where the navigation scrolls sideways.
  const current = document.querySelector(".nav-list [aria-current]");
  if (current) {
    const list = current.closest(".nav-list");
    list.scrollLeft = current.offsetLeft - (list.clientWidth - current.offsetWidth) / 2;
  }

  // One save a tap: a second submit is dropped, and the buttons rest once the first one is sent.
  // Forms marked data-repeatable (downloads) may be sent again.
  const buttons = (form) => [...form.elements].filter((element) => element.type === "submit");
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.getAttribute("method") !== "post" || "repeatable" in form.dataset) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "true";
    // After the browser has collected the values: a disabled button would not be among them.
    setTimeout(() => buttons(form).forEach((button) => { button.disabled = true; }));
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return; // only a page that the back button brought back as it was
    document.querySelectorAll("form[data-sent]").forEach((form) => {
      delete form.dataset.sent;
      buttons(form).forEach((button) => { button.disabled = false; });
    });
  });

  // A button that prints the page is there only where it can.
  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });

  // Wells are typed down the column: Enter goes down, from the last row to the next column's top;
  // with Ctrl it saves, because from the first rows the button is a hundred Tabs away.
  document.addEventListener("keydown", (event) => {
    const cell = event.target.closest(".well-grid tbody td");
    if (event.key !== "Enter" || !cell || event.target.tagName !== "INPUT") return;
    event.preventDefault(); // Enter would send the form by its first button
    if (event.ctrlKey || event.metaKey) {
      const form = event.target.form;
      form.requestSubmit(form.querySelector(".action-bar .btn-primary"));
      return;
    }
    const row = cell.parentElement;
    const rows = row.parentElement.rows;
    const below = rows[row.sectionRowIndex + 1]?.cells[cell.cellIndex];
    const next = below ?? rows[0].cells[cell.cellIndex + 1];
    const input = next?.querySelector("input");
    input?.focus(); // a moment has nothing to select
    input?.select();
  });

  // What is fetched for a chosen participant fills in only what nobody has touched meanwhile, or
  // is about to type into: the keys would go nowhere.
  document.addEventListener("input", (event) => { event.target.dataset.touched = "true"; });
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target } = event.detail;
    if ("touched" in target.dataset || target === document.activeElement) event.detail.shouldSwap = false;
  });
}
