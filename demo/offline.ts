import { byId } from "./dom.ts";

export type Offline = "ready" | "preparing" | "unavailable";

/**
 * Registers the service worker that keeps the page for use without a network.
 *
 * @param onState called now, and when the state changes
 */
export async function keepOffline(onState: (state: Offline) => void): Promise<void> {
  if (!("serviceWorker" in navigator)) return onState("unavailable");
  onState(navigator.serviceWorker.controller === null ? "preparing" : "ready");
  try {
    const registration = await navigator.serviceWorker.register(new URL("service-worker.js", document.baseURI));
    offerUpdates(registration);
    await navigator.serviceWorker.ready;
    onState("ready");
  } catch {
    // Private windows and file: pages have no service workers; the page works without.
    if (navigator.serviceWorker.controller === null) onState("unavailable");
  }
}

/** A new version waits until the visitor asks for it: a reload would end what is being sealed. */
function offerUpdates(registration: ServiceWorkerRegistration): void {
  const offer = () => {
    if (registration.waiting !== null) byId("update").hidden = false;
  };
  offer();
  registration.addEventListener("updatefound", () => {
    const { installing } = registration;
    // The first version has nothing to replace.
    if (navigator.serviceWorker.controller !== null) installing?.addEventListener("statechange", offer);
  });
  byId("update")
    .querySelector("button")
    ?.addEventListener("click", () => {
      navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
      registration.waiting?.postMessage("use");
    });
}
