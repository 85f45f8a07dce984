"use strict";
// What happened to a dose: only the questions that belong to the answer are shown.  Without scripts
// all of them stand there, and the server leaves out what does not belong.

{
  const form = document.querySelector("form[data-dose]");
  const update = () => {
    const status = form.querySelector("[name=status]:checked")?.value;
    form.querySelectorAll("[data-status]").forEach((block) => {
      block.hidden = Boolean(status) && !block.dataset.status.split(" ").includes(status);
    });
  };
  form.addEventListener("change", update);
  update();
}
