"use strict";
// Keeps today’s sheet and the forms of its open doses in this browser, for when the connection goes
// (ADR 24).  The service worker serves them; this decides what is kept, and that it is forgotten
// when nobody is signed in.

const kept = (() => {
  const PAGES = "kept-pages:"; // and the account that they were made for
  const FILES = "kept-files";
  const KEPT_AT = "X-Kept-At";
  const FRESH = 10 * 60_000;
  const can = "serviceWorker" in navigator && "caches" in window;

  const forget = async (but = "") => {
    if (!("caches" in window)) return;
    const names = (await caches.keys()).filter((name) => name.startsWith(PAGES) && name !== PAGES + but);
    await Promise.all(names.map((name) => caches.delete(name)));
  };

  const age = (copy) => (copy ? Date.now() - new Date(copy.headers.get(KEPT_AT)) : Infinity);

  // The page as it is now, kept; null where the server leads elsewhere.
  const renewed = async (pages, url) => {
    const answer = await fetch(url);
    if (!answer.ok || answer.redirected) {
      await pages.delete(url);
      return null;
    }
    const headers = new Headers(answer.headers);
    headers.set(KEPT_AT, new Date().toISOString());
    const html = await answer.text();
    await pages.put(url, new Response(html, { headers }));
    return parsed(html);
  };

  const parsed = (html) => new DOMParser().parseFromString(html, "text/html");

  const needed = async (pages, url, fresh = FRESH) => {
    const copy = await pages.match(url, { ignoreVary: true });
    return age(copy) < fresh ? parsed(await copy.text()) : renewed(pages, url);
  };

  const keepFiles = async (page) => {
    const files = await caches.open(FILES);
    const links = [...page.querySelectorAll("script[src], link[rel=stylesheet], link[rel=icon]")];
    for (const link of links) {
      const url = link.getAttribute("src") ?? link.getAttribute("href");
      if (!(await files.match(url, { ignoreVary: true }))) await files.add(url);
    }
  };

  // Where the cards of open doses lead to.
  const formsOn = (page) => [...page.querySelectorAll(".dose[data-slot] a")]
    .map((link) => link.getAttribute("href"))
    .filter((url) => /\/(give|record)\/(\?|$)/.test(url));

  // Today’s sheet with all its pages, then each form that a card of it leads to; whatever else was
  // kept is dropped: nothing is left to record there.
  const keep = async ({ user, sheet, instead }) => {
    const pages = await caches.open(PAGES + user);
    const wanted = new Set([instead]);
    const sheets = [sheet];
    for (const url of sheets) {
      const page = await needed(pages, url, url === location.pathname + location.search ? 5_000 : FRESH);
      if (!page) return;
      wanted.add(url);
      formsOn(page).forEach((form) => wanted.add(form));
      const next = page.querySelector(".pagination-bar a[rel=next]");
      if (next) sheets.push(sheet + next.getAttribute("href"));
    }
    for (const url of wanted) {
      const page = await needed(pages, url);
      if (page) await keepFiles(page);
    }
    for (const request of await pages.keys()) {
      const { pathname, search } = new URL(request.url);
      if (!wanted.has(pathname + search)) await pages.delete(request);
    }
  };

  return {
    forget,
    has: async (user, url) =>
      can && Boolean(await caches.match(url, { cacheName: PAGES + user, ignoreVary: true })),
    // Begins when the page itself is done; a connection that fails meanwhile leaves what is kept.
    begin: async (options) => {
      if (!can) return;
      try {
        await forget(options.user);
        await navigator.serviceWorker.register(options.worker, { updateViaCache: "none" });
        await keep(options);
      } catch { /* the next page tries again */ }
    },
  };
})();
