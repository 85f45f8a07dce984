"use strict";
// Draws interactive figures in place of the drawings that the server made.  Where anything fails,
// those stay.  Loaded by components/figure_scripts.html, which names the bundle (see
// manage.py build_figures_bundle); Vega interprets its expressions, so no eval is needed.

{
  const bundle = document.currentScript.dataset.bundle;
  const narrow = window.matchMedia("(max-width: 767.98px)");
  const plots = document.querySelectorAll("[data-figure-spec]");

  const tip = document.createElement("div");
  tip.className = "figure-tip";
  tip.setAttribute("aria-hidden", "true"); // the table below the figure says the same
  tip.hidden = true;

  const line = (text) => {
    const element = document.createElement("div");
    element.textContent = text;
    return element;
  };

  // Vega's own tooltip brings an inline style sheet, which the Content-Security-Policy refuses.
  const showTip = (_handler, event, _item, value) => {
    tip.hidden = value === null || value === undefined || value === "";
    if (tip.hidden) return;
    const texts = typeof value === "object"
      ? Object.entries(value).map(([name, text]) => `${name}: ${text}`)
      : [String(value)];
    tip.replaceChildren(...texts.map(line));
    const { offsetWidth: width, offsetHeight: height } = tip;
    tip.style.left = `${Math.min(event.clientX + 12, window.innerWidth - width - 8)}px`;
    tip.style.top = `${Math.min(event.clientY + 12, window.innerHeight - height - 8)}px`;
  };

  const address = (plot) => {
    const url = new URL(plot.dataset.figureSpec, window.location.href);
    url.searchParams.set("theme", document.documentElement.dataset.bsTheme);
    url.searchParams.set("size", narrow.matches ? "narrow" : "wide");
    return url;
  };

  const draw = async (plot) => {
    const response = await fetch(address(plot), { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(`${response.status} for ${plot.dataset.figureSpec}`);
    const options = {
      ast: true,
      renderer: "svg",
      actions: false,
      defaultStyle: false,
      tooltip: showTip,
    };
    await window.vegaEmbed(plot.querySelector(".figure-live"), await response.json(), options);
    plot.classList.add("is-live");
  };

  const drawAll = async () => {
    await import(bundle);
    for (const plot of plots) {
      await draw(plot).catch((error) => {
        plot.classList.remove("is-live");
        console.warn(error);
      });
    }
  };

  if (plots.length) {
    document.body.append(tip);
    narrow.addEventListener("change", drawAll);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") tip.hidden = true;
    });
    drawAll().catch(console.warn);
  }
}
