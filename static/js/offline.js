"use strict";
// Entries without a connection (ADR 24): a form of the bedside is kept in this browser before it is
// sent, so that it waits there when no answer comes, and is sent again until the server has said
// whether it is saved.  Its one-time key makes that safe, however often it is sent.

{
  const frame = document.getElementById("offline");
  const { user, zone, sheet } = frame.dataset;
  const { say, count, node, isMine, isRefused, keptAt, form } = waitingView;
  const LIVE = 10_000; // ms an open form waits for its answer before the entry is left to wait
  const PATIENCE = 20_000;
  const EVERY = 30_000;
  const NOBODY_THERE = [502, 503, 504];
  const ASK_AGAIN = [403, 408, 429];
  const canSend = typeof AbortSignal.timeout === "function";

  let signedOut = false;
  let silent = !navigator.onLine;
  let leaving = false; // the page is being fetched anew: another round would find it gone

  // --- the server -------------------------------------------------------------------------------

  // The answer as an object; {} when the session is another’s or over; null when there is none.
  const ask = async (url, options, patience = PATIENCE) => {
    try {
      const answer = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(patience), ...options });
      silent = NOBODY_THERE.includes(answer.status);
      if (answer.type === "opaqueredirect" || answer.status === 403) return {};
      if (answer.ok) return await answer.json();
      const isRefusal = answer.status < 500 && !ASK_AGAIN.includes(answer.status);
      return isRefusal ? { saved: false, says: [say("unknown")] } : null;
    } catch { // no line, no answer in time, or the page of a network that wants a login of its own
      silent = true;
      return null;
    }
  };

  const send = (entry, when, token, patience) => {
    const body = new URLSearchParams(when === "later" ? dated(entry) : entry.fields);
    return ask(entry.url, { method: "POST", body, headers: { "Entry-Sent": when, "X-CSRFToken": token } }, patience);
  };

  // What waited says since when: a dose given "now" was given then.
  const dated = (entry) => {
    const rest = entry.fields.filter(([name]) => name !== "queued_at");
    const [, since] = entry.fields.find(([name]) => name === "queued_at") ?? [];
    return [...rest, ["queued_at", since || entry.taken]];
  };

  const session = (entries) => {
    const keys = entries.slice(0, 100).map(({ key }) => ["key", key]);
    return ask(`${frame.dataset.waiting}?${new URLSearchParams(keys)}`);
  };

  // --- an open form -----------------------------------------------------------------------------

  const isChoice = ({ type }) => type === "radio" || type === "checkbox";
  const question = (control) => {
    const asked = isChoice(control) ? control.closest("fieldset")?.querySelector("legend") : control.labels[0];
    return asked?.textContent.trim() ?? "";
  };
  const answer = (control) => {
    if (control.tagName === "SELECT") return control.selectedOptions[0].textContent.trim();
    if (isChoice(control)) {
      const label = control.labels[0].cloneNode(true);
      label.querySelector("small")?.remove(); // a note, such as "suggested"
      return label.textContent.trim();
    }
    const unit = control.closest(".input-group")?.querySelector(".input-group-text")?.textContent.trim() ?? "";
    return `${control.value.replace("T", " ")} ${unit}`.trim();
  };

  // What was typed, as questions and answers; what the form hides does not belong to the answer.
  const typedIn = (open) => [...open.elements]
    .filter((control) => control.value && control.type !== "hidden" && control.labels?.length)
    .filter((control) => !isChoice(control) || control.checked)
    .filter((control) => !control.closest("[hidden]"))
    .map((control) => [question(control), answer(control)]);

  const taken = (open, submitter) => ({
    key: open.elements.entry_key.value,
    user,
    url: open.action,
    slot: open.dataset.slot,
    label: open.dataset.offline,
    fields: [...new FormData(open, submitter)].filter(([name]) => name !== "csrfmiddlewaretoken"),
    typed: [...(open.dataset.what ? [[say("what"), open.dataset.what]] : []), ...typedIn(open)],
    taken: serverClock.now().toISOString(),
    state: "sending",
    touched: Date.now(),
    says: [],
  });

  const rest = (open, resting) => [...open.elements].filter(({ type }) => type === "submit")
    .forEach((button) => { button.disabled = resting; });

  const submit = async (open, submitter) => {
    const entry = taken(open, submitter);
    const isKept = await waitingEntries.keep(entry).then(() => true, () => false);
    const token = open.elements.csrfmiddlewaretoken.value;
    const answered = navigator.onLine ? await send(entry, "now", token, LIVE) : null;
    if (answered?.saved) {
      await waitingEntries.drop(entry).catch(() => {});
      location.assign(answered.next || sheet);
    } else if (answered && (answered.saved === false || !isKept)) {
      await waitingEntries.drop(entry).catch(() => {});
      open.submit(); // refused: the page itself says why, beside what was typed
    } else if (isKept) {
      await waitingEntries.keep({ ...entry, state: "waiting" });
      navigator.storage?.persist?.(); // what waits is not to be cleared away for other sites’ sake
      const canLeave = answered || (navigator.serviceWorker?.controller && await kept.has(user, sheet));
      if (canLeave) location.assign(sheet); // and from there to the login, where the session is over
      else await show();
    } else {
      delete open.dataset.sent;
      rest(open, false);
      await show(say("unkept"));
    }
  };

  // Before app.js, which drops a second submit its own way: this one goes on until it is answered.
  document.addEventListener("submit", (event) => {
    const open = event.target;
    if (!user || !canSend || !("offline" in open.dataset)) return;
    event.preventDefault();
    if (open.dataset.sent) return;
    open.dataset.sent = "true";
    submit(open, event.submitter);
    rest(open, true);
  }, { capture: true });

  // --- what waits -------------------------------------------------------------------------------

  const isUnderWay = (entry) => entry.state === "sending" && Date.now() - entry.touched < 2 * LIVE;

  // One at a time, in the order in which they were taken; the first silence ends the round.  The
  // server is not asked for nothing, time and again: that would keep an idle session alive.
  const replay = async (hasNews) => {
    const mine = (await waitingEntries.all()).filter((entry) => isMine(entry) && !isUnderWay(entry));
    const isOld = keptAt && location.pathname === sheet;
    const due = hasNews ? mine.length : mine.some((entry) => !isRefused(entry));
    if (!user || !canSend || leaving || !(due || isOld || silent)) return;
    const now = await session(mine);
    if (!now) return;
    signedOut = now.user !== user;
    const told = news.length;
    if (!signedOut) await sendAll(mine, now);
    const isAsked = document.querySelector("dialog[open]"); // which a new page would close
    if (!isAsked && (isOld || (location.pathname === sheet && news.length > told))) {
      announce(news);
      leaving = true;
      location.reload();
    } else {
      announce([]); // this page says it
    }
  };

  const sendAll = async (mine, now) => {
    for (const entry of mine) {
      const isSaved = now.saved.includes(entry.key);
      if (!isSaved && isRefused(entry)) continue;
      const answered = isSaved ? { saved: true } : await send(entry, "later", now.token);
      if (answered?.saved) {
        if (!isRefused(entry)) news.push(entry.label); // a form that was opened again has said so
        announce(news); // before the entry goes: whoever leaves now reads it there
        await waitingEntries.drop(entry);
      } else if (answered?.saved === false) {
        await waitingEntries.keep({ ...entry, state: "refused", says: answered.says });
      } else if (silent) {
        break;
      }
    }
  };

  // The sheet is fetched anew, since its cards have changed; a form that somebody fills in is not.
  const NEWS = "sent-entries";
  const news = JSON.parse(sessionStorage.getItem(NEWS) ?? "[]");
  const announce = (labels) => sessionStorage.setItem(NEWS, JSON.stringify(labels));
  announce([]);

  // The timer leaves it to a round that is under way.  Whoever has news (a page, a line that is
  // back) waits for it instead: it may have begun before them, and end in silence.
  const round = async (hasNews = false) => {
    await (navigator.locks
      ? navigator.locks.request("replay", { ifAvailable: !hasNews }, (lock) => lock && replay(hasNews))
      : replay(hasNews));
    await show();
  };

  const show = async (trouble = "") =>
    waitingView.render(await waitingEntries.all(), { silent, signedOut, sent: news, trouble, acts });

  // --- what may be done with it -----------------------------------------------------------------

  const acts = {
    discard: async (entry) => {
      if (!await waitingView.confirmed(say("discard-title"), say("discard"), say("discard-yes"))) return;
      await waitingEntries.drop(entry);
      await show();
      const heading = document.querySelector("h1");
      heading.tabIndex = -1;
      heading.focus(); // the button that had the focus is gone
    },

    // The server answers as to any form: with the page, what is wrong, and what was typed.
    open: async (entry) => {
      const now = await session([]);
      if (now?.user !== user) {
        await show(say("away"));
        return;
      }
      const values = [...dated(entry), ["csrfmiddlewaretoken", now.token]];
      const filled = node("form", "", { method: "post", action: entry.url, hidden: true });
      filled.append(...values.map(([name, value]) => node("input", "", { type: "hidden", name, value })));
      document.body.append(filled);
      filled.submit();
    },
  };

  // Whoever signs out leaves no page behind; what waits stays, and is said to stay.
  document.addEventListener("submit", async (event) => {
    const leaving = event.target;
    if (!user || !leaving.action.endsWith("/logout/")) return;
    event.preventDefault();
    const mine = (await waitingEntries.all()).filter(isMine);
    const asked = [say("leave-title"), count("leave", mine), say("leave-yes")];
    if (mine.length && !await waitingView.confirmed(...asked)) return;
    await kept.forget().catch(() => {});
    leaving.submit();
  }, { capture: true });

  // --- the clock, and a copy of a page ------------------------------------------------------------

  const tick = () => document.querySelectorAll("[data-clock]")
    .forEach((clock) => { clock.textContent = serverClock.typed(zone).slice(-5); });

  // A copy may have been used before: its form gets a key of its own, and the time that it is now.
  const refresh = () => {
    document.querySelector(".messages")?.remove();
    tick();
    if (!form) return;
    form.elements.entry_key.value = crypto.randomUUID();
    const time = form.elements.given_at;
    if (time?.value && time.value === time.defaultValue) time.value = serverClock.typed(zone);
  };

  // --- begin ------------------------------------------------------------------------------------

  if (keptAt) refresh();
  else serverClock.set(frame.dataset.now);
  setInterval(tick, EVERY / 2);
  setInterval(() => round(), EVERY);
  window.addEventListener("online", () => round(true));
  window.addEventListener("offline", () => { silent = true; show(); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) round(true); });
  show().then(() => round(true));
  if (!user) kept.forget();
  else if (!keptAt) kept.begin({ user, sheet, instead: frame.dataset.instead, worker: frame.dataset.worker });
}
