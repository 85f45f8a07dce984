"use strict";
// Entries that wait in this browser until the server has answered them (ADR 24): where they are kept.

// An entry: key (the form’s one-time key), user, url, slot, label, fields, typed (question and
// answer, in words), taken (a moment on the server’s clock), state (sending, waiting, refused),
// touched (ms), says (what the server answered).
const waitingEntries = (() => {
  const open = () => new Promise((resolve, reject) => {
    const asked = indexedDB.open("waiting", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("entries", { keyPath: "key" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });

  // Done when it is on the disk, not when it is asked for.
  const run = async (mode, act) => {
    const database = await open();
    try {
      return await new Promise((resolve, reject) => {
        const transaction = database.transaction("entries", mode, { durability: "strict" });
        const asked = act(transaction.objectStore("entries"));
        transaction.oncomplete = () => resolve(asked.result);
        transaction.onabort = () => reject(transaction.error);
      });
    } finally {
      database.close();
    }
  };

  return {
    // In the order in which they were taken; none where the browser keeps nothing at all.
    all: async () => {
      const found = await run("readonly", (entries) => entries.getAll()).catch(() => []);
      return found.sort((one, other) => one.taken.localeCompare(other.taken));
    },
    keep: (entry) => run("readwrite", (entries) => entries.put(entry)),
    drop: (entry) => run("readwrite", (entries) => entries.delete(entry.key)),
  };
})();

// The server’s clock as its last page told it, where this browser’s own is far from it.
const serverClock = (() => {
  const FAR = 90_000; // a page on a slow line is older than it says, and no reason to doubt a clock
  const name = "clock-ahead";
  const stored = () => { try { return Number(localStorage.getItem(name)); } catch { return 0; } };
  const of = (moment) => new Date(new Date(moment) - stored());
  const now = () => of(Date.now());
  return {
    set: (iso) => {
      const ahead = Date.now() - new Date(iso);
      try { localStorage.setItem(name, Math.abs(ahead) < FAR ? 0 : ahead); } catch { /* its own, then */ }
    },
    of, // a moment of this browser’s clock
    now,
    // As the site’s own clock shows it: for an input, ``2026-03-18T10:32``, and to be read.
    typed: (zone, at = now()) =>
      new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" })
        .format(at).replace(" ", "T"),
    read: (zone, at) => {
      const { lang } = document.documentElement;
      const style = { timeZone: zone, dateStyle: "medium", timeStyle: "short", hourCycle: "h23" };
      return new Intl.DateTimeFormat(lang === "en" ? "en-GB" : lang, style).format(at);
    },
  };
})();
