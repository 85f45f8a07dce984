{% load static %}"use strict";
// Without a connection: today’s sheet and the forms of its open doses, as they were last seen, and
// for every other page of the ward the page that says so (ADR 24).  What is kept, and for whom, is
// the business of keeping.js; where nothing is kept this worker changes nothing.  It is served from
// the ward’s own addresses, so no other page (allocation, screening) ever reaches it.

const PAGES = "kept-pages:"; // and the account that they were made for
const FILES = "kept-files";
const KEPT_AT = "X-Kept-At";
const OFFLINE_PAGE = "{% url "dosing:offline" %}";
const STATIC = "{% get_static_prefix %}";
const MOST_AGE = {{ hours }} * 3600 * 1000; // a session lasts no longer
const PATIENCE = 10_000; // for a line that is there and does not answer
const NOBODY_THERE = [502, 503, 504];

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(event));
  else if (url.pathname.startsWith(STATIC)) event.respondWith(file(request));
});

const keptPages = async () => {
  const name = (await caches.keys()).find((key) => key.startsWith(PAGES));
  return name ? caches.open(name) : null;
};

const page = async (event) => {
  const { request } = event;
  const kept = await keptPages();
  const copy = await kept?.match(request, { ignoreVary: true });
  const usable = copy && isYoung(copy) ? copy : null;
  try {
    const answer = await fetched(request, usable);
    if (NOBODY_THERE.includes(answer.status) && usable) return shown(usable);
    if (copy) event.waitUntil(renew(kept, request, answer.clone()));
    return answer;
  } catch (failure) {
    if (usable) return shown(usable);
    const instead = await kept?.match(OFFLINE_PAGE, { ignoreVary: true });
    if (instead) return instead;
    throw failure;
  }
};

const fetched = (request, copy) => {
  const answer = fetch(request);
  if (!copy) return answer;
  const late = new Promise((_, reject) => { setTimeout(() => reject(new Error("late")), PATIENCE); });
  return Promise.race([answer, late]);
};

const isYoung = (copy) => Date.now() - new Date(copy.headers.get(KEPT_AT)) < MOST_AGE;

// A page that was kept is kept as it is now; one that leads elsewhere now has nothing left to record.
const renew = async (kept, request, answer) => {
  if (answer.status === 200 && !answer.redirected) {
    const headers = new Headers(answer.headers);
    headers.set(KEPT_AT, new Date().toISOString());
    await kept.put(request, new Response(await answer.blob(), { headers }));
  } else if (answer.type === "opaqueredirect" || answer.status < 500) {
    await kept.delete(request, { ignoreVary: true });
  }
};

// The page is told that it is a copy, and of when, so that it can say so.
const shown = async (copy) => {
  const headers = new Headers(copy.headers);
  ["Content-Encoding", "Content-Length"].forEach((name) => headers.delete(name));
  const mark = `<html data-kept-at="${headers.get(KEPT_AT)}" `;
  return new Response((await copy.text()).replace("<html ", mark), { headers });
};

const file = async (request) => {
  try {
    return await fetch(request);
  } catch (failure) {
    const copy = await caches.match(request, { cacheName: FILES, ignoreVary: true });
    if (copy) return copy;
    throw failure;
  }
};
