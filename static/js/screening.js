"use strict";
// The screening form while it is filled in: verdicts follow what is typed, lines are added, and what
// does not apply is put away.  Nothing here decides: without scripts everything stands there.

{
  const form = document.querySelector("form[data-screening]");
  const typed = () => form.dispatchEvent(new Event("input", { bubbles: true })); // judged like typing

  // --- what is not asked is put away, never emptied: an answer keeps its question in sight ---------
  const isAnswered = (control) =>
    ["radio", "checkbox"].includes(control.type) ? control.checked && control.value !== "" : control.value.trim() !== "";
  const controlsOf = (block) => [...block.querySelectorAll("input, select, textarea")];

  const putAway = () => {
    const women = form.querySelector("[data-of-women]");
    women.hidden = form.elements.sex.value === "male" && !controlsOf(women).some(isAnswered);
    form.querySelector("[data-of-men]").hidden = !women.hidden;
    form.querySelectorAll("[data-infection]").forEach((infection) => {
      const reason = infection.querySelector("[data-reason]");
      const positive = infection.querySelector("[type=radio][value=positive]:checked");
      reason.hidden = !positive && !controlsOf(reason).some(isAnswered);
    });
  };
  form.addEventListener("input", putAway);
  putAway();

  // --- one day for every test of a blood sample ----------------------------------------------------
  const tests = form.querySelector("[data-tests]");
  const sameDay = form.querySelector("[data-same-day]");
  sameDay.hidden = false;
  sameDay.addEventListener("click", () => {
    const days = [...tests.querySelectorAll("input[type=date]")];
    const first = days.find((day) => day.value)?.value;
    const hasResult = (day) => day.closest("tr").querySelector("[value=negative]:checked, [value=positive]:checked");
    days.filter((day) => first && !day.value && hasResult(day)).forEach((day) => { day.value = first; });
    typed();
  });

  // --- corticosteroid lines ------------------------------------------------------------------------
  const lines = form.querySelector("[data-lines]");
  const total = form.elements["steroids-TOTAL_FORMS"];
  const add = form.querySelector("[data-add-line]");

  const clear = (line) => {
    controlsOf(line).forEach((control) => {
      if (control.tagName === "SELECT") control.selectedIndex = 0;
      else control.value = "";
    });
    line.querySelector("select").focus();
    typed();
  };
  const prepare = (line) => {
    const button = line.querySelector("[data-clear-line]");
    button.hidden = false;
    button.addEventListener("click", () => clear(line));
  };
  const offer = () => { add.hidden = Number(total.value) >= Number(lines.dataset.most); };
  [...lines.children].forEach(prepare);
  offer();

  add.addEventListener("click", () => {
    const number = Number(total.value);
    const next = document.createElement("template");
    next.innerHTML = form.querySelector("template[data-line]").innerHTML
      .replaceAll("__prefix__", number).replaceAll("__number__", number + 1);
    lines.append(next.content);
    total.value = number + 1;
    const line = lines.lastElementChild;
    prepare(line);
    offer();
    line.querySelector("select").focus();
  });

  // --- the verdicts of what is typed ---------------------------------------------------------------
  const needed = form.querySelector("[data-needs]");
  needed.addEventListener("click", (event) => { if (event.target.closest("a")) needed.open = false; });
  needed.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !needed.open) return;
    needed.open = false;
    needed.querySelector("summary").focus();
  });

  // What did not change is not put in again: a screen reader would say it again.
  form.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    const box = document.createElement("div");
    box.append(...[...fragment.childNodes].map((node) => node.cloneNode(true)));
    event.detail.shouldSwap = box.innerHTML !== target.innerHTML;
  });
  // A page that is not the answer (signed out, no network) leaves the verdicts as they were: say so.
  const notJudged = form.querySelector("[data-not-judged]");
  form.addEventListener("htmx:sendError", () => { notJudged.hidden = false; });
  form.addEventListener("htmx:afterRequest", (event) => {
    const { successful, xhr, pathInfo } = event.detail;
    if (xhr.status === 0) return; // no answer: a newer question took its place, or sendError
    notJudged.hidden = successful && xhr.responseURL.endsWith(pathInfo.finalRequestPath);
  });
}
