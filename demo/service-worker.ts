/** What TypeScript's library for pages lacks of a service worker. */
interface WorkEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent extends Event {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface ServiceWorkerEvents {
  readonly install: WorkEvent;
  readonly activate: WorkEvent;
  readonly fetch: FetchEvent;
  readonly message: MessageEvent;
}
interface ServiceWorkerScope {
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
}

// From tools/demo/build.mjs: the files of this version, the hash of all of them, and headers that a static host may not send.
declare const FILES: readonly string[];
declare const VERSION: string;
declare const HEADERS: Readonly<Record<string, string>>;

const scope = globalThis as typeof globalThis & ServiceWorkerScope;

function on<Name extends keyof ServiceWorkerEvents>(name: Name, act: (event: ServiceWorkerEvents[Name]) => void): void {
  scope.addEventListener(name, (event) => act(event as ServiceWorkerEvents[Name]));
}

const PREFIX = "lanelock-demo-";
const name = PREFIX + VERSION;

/** A host's own cache may still have the files of an older version. */
async function keep(): Promise<void> {
  const cache = await caches.open(name);
  await Promise.all(
    FILES.map(async (file) => {
      const response = await fetch(file, { cache: "no-cache" });
      if (!response.ok) throw new Error(`${file}: HTTP status ${response.status}`);
      const headers = { ...HEADERS, "content-type": response.headers.get("content-type") ?? "" };
      await cache.put(file, new Response(await response.blob(), { headers }));
    }),
  );
}

/** Deletes what older versions kept. */
async function tidy(): Promise<void> {
  const old = (await caches.keys()).filter((key) => key.startsWith(PREFIX) && key !== name);
  await Promise.all(old.map((key) => caches.delete(key)));
}

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(name);
  const kept = await cache.match(request.mode === "navigate" ? "./" : request, { ignoreSearch: true });
  return kept ?? fetch(request);
}

on("install", (event) => event.waitUntil(keep()));
on("activate", (event) => event.waitUntil(tidy().then(() => scope.clients.claim())));
on("message", ({ data }) => {
  if (data === "use") scope.skipWaiting();
});
on("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && new URL(url).origin === location.origin) event.respondWith(answer(event.request));
});
