"use strict";
// What waits in this browser, shown (ADR 24): in words at the top of every page, entry by entry on
// the sheet, and on the cards of the doses.  Every word comes from components/offline.html.

const waitingView = (() => {
  const frame = document.getElementById("offline");
  const { user, zone, sheet } = frame.dataset;
  const keptAt = document.documentElement.dataset.keptAt; // set by the service worker on a copy
  const status = frame.querySelector("[role=status]");
  const list = document.getElementById("waiting");
  const form = document.querySelector("form[data-offline]");

  const texts = Object.fromEntries([...document.getElementById("offline-texts").content.children]
    .map((line) => [line.dataset.text, line.textContent]));
  const say = (name, values = {}) =>
    Object.entries(values).reduce((text, [key, value]) => text.replaceAll(`{${key}}`, value), texts[name]);
  const count = (name, entries, values) =>
    say(`${name}-${entries.length === 1 ? "one" : "many"}`, { n: entries.length, ...values });

  const piece = (name) => document.getElementById(`offline-${name}`).content.firstElementChild.cloneNode(true);
  const node = (name, text, attributes = {}) =>
    Object.assign(document.createElement(name), { textContent: text, ...attributes });

  const isMine = (entry) => entry.user === user;
  const isRefused = (entry) => entry.state === "refused";

  // --- in words ---------------------------------------------------------------------------------

  const notice = (kind, text, link, href) => {
    const box = piece(kind);
    box.querySelector("p").textContent = `${text} `;
    if (link) box.querySelector("p").append(node("a", link, { href }));
    return box;
  };

  const ofConnection = (silent) => {
    if (keptAt) return [notice("warn", say("copy", { time: serverClock.read(zone, serverClock.of(keptAt)) }))];
    return silent && user ? [notice("warn", say("gone"))] : [];
  };

  const ofMine = (mine, signedOut) => {
    const see = list ? [] : [say("see"), `${sheet}#waiting`];
    const refused = mine.filter(isRefused);
    const waiting = mine.filter((entry) => !isRefused(entry));
    const boxes = refused.length ? [notice("bad", count("refused", refused), ...see)] : [];
    if (waiting.length && signedOut) {
      const login = `${frame.dataset.login}?${new URLSearchParams({ next: location.pathname })}`;
      boxes.push(notice("wait", count("signin", waiting), say("signin"), login));
    } else if (waiting.length) {
      boxes.push(notice("wait", count("wait", waiting), ...see));
    }
    return boxes;
  };

  const ofOthers = (others) => [...new Set(others.map((entry) => entry.user))].map((who) =>
    notice("wait", count("other", others.filter((entry) => entry.user === who), { who })));

  // The dose of the open form is recorded already, and waits: nobody shall record it once more.
  const ofForm = (mine) => {
    if (!form) return [];
    const here = mine.find((entry) => entry.slot === form.dataset.slot
      && (entry.state === "waiting" || (entry.state === "sending" && !form.dataset.sent)));
    form.hidden = Boolean(here);
    return here ? [notice("wait", say("here"), say("back"), sheet)] : [];
  };

  // --- entry by entry ---------------------------------------------------------------------------

  const item = (entry, { open, discard }) => {
    const row = piece("entry");
    row.dataset.state = isRefused(entry) ? "refused" : "waiting";
    row.querySelector("h3").textContent = entry.label;
    row.querySelector(".quiet").textContent = say("taken", { time: serverClock.read(zone, new Date(entry.taken)) });
    row.querySelector(".entry-says").append(...entry.says.map((text) => node("li", text)));
    row.querySelector("details").open = isRefused(entry);
    entry.typed.forEach(([asked, typed]) => row.querySelector("dl").append(node("dt", asked), node("dd", typed)));
    row.querySelectorAll("button span, summary span").forEach((span) => { span.textContent = ` · ${entry.label}`; });
    row.querySelector("[data-open]").addEventListener("click", () => open(entry));
    row.querySelector("[data-discard]").addEventListener("click", () => discard(entry));
    return row;
  };

  const mark = (card, entry) => {
    card.querySelector(":scope > [data-mark]")?.remove();
    const waits = Boolean(entry) && !isRefused(entry);
    card.classList.toggle("dose--waiting", waits);
    const time = card.querySelector(":scope > .dose-state time");
    card.querySelectorAll(":scope > .dose-state, :scope > .dose-do").forEach((part) => { part.hidden = waits; });
    if (!entry) return;
    const line = piece(waits ? "card-waiting" : "card-refused");
    if (waits && time) line.append(time.cloneNode(true));
    card.prepend(line);
  };

  let before = "";
  return {
    say, count, node, isMine, isRefused, keptAt, form,
    render: (entries, { silent, signedOut, sent, trouble, acts }) => {
      const mine = entries.filter(isMine);
      const boxes = [
        ...(trouble ? [notice("bad", trouble)] : []),
        ...ofConnection(silent),
        ...ofMine(mine, signedOut),
        ...ofOthers(entries.filter((entry) => !isMine(entry))),
        ...ofForm(mine),
        ...(sent.length ? [notice("done", say("sent", { what: sent.join("; ") }))] : []),
      ];
      const after = JSON.stringify([boxes.map((box) => box.textContent), mine]);
      if (after === before) return; // a screen reader would read it once more
      before = after;
      status.replaceChildren(...boxes);
      document.querySelectorAll(".dose[data-slot]").forEach((card) => {
        mark(card, mine.find((entry) => entry.slot === card.dataset.slot));
      });
      if (!list) return;
      list.hidden = !mine.length;
      list.querySelector("ul").replaceChildren(...mine.map((entry) => item(entry, acts)));
    },
    confirmed: (title, text, yes) => new Promise((resolve) => {
      const dialog = document.getElementById("offline-ask");
      dialog.querySelector("h2").textContent = title;
      dialog.querySelector("p").textContent = text;
      dialog.querySelector("[value=yes]").textContent = yes;
      dialog.returnValue = "no";
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
      dialog.showModal();
    }),
  };
})();
