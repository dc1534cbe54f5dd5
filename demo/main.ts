import { byId, el } from "./dom.ts";
import { firstSeal } from "./first-seal.ts";
import { LOCALES } from "./language.ts";
import { keepOffline, type Offline } from "./offline.ts";
import { DemoPage } from "./page.ts";
import { type ShellText, texts } from "./strings.ts";
import type { View } from "./view.ts";

const page = new DemoPage();

/** Each view is a module of its own: the first load has none of them. */
const VIEWS: Readonly<Record<string, () => Promise<View>>> = {
  files: async () => (await import("./files/view.ts")).filesView,
  race: async () => (await import("./race/view.ts")).raceView,
  traces: async () => (await import("./traces/view.ts")).tracesView,
};

async function mount(root: HTMLElement): Promise<void> {
  try {
    const view = await VIEWS[root.dataset.view ?? ""]?.();
    root.replaceChildren();
    view?.mount(root, page);
  } catch (error) {
    console.error(error);
    root.replaceChildren(
      el(
        "p",
        { class: "notice bad", role: "alert" },
        page.text(() => page.t(texts).failed),
      ),
    );
  }
}

/** Mounts a view when its section comes near. */
function mountWhenNear(roots: Iterable<HTMLElement>): void {
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting || !(target instanceof HTMLElement)) continue;
        observer.unobserve(target);
        void mount(target);
      }
    },
    { rootMargin: "100px" },
  );
  for (const root of roots) observer.observe(root);
}

/** An address like `#race=…` brings what its view shows: the view comes into sight, is mounted, and reads the address. */
function goToAddressed(): void {
  const [, name] = /^#(\w+)=/.exec(location.hash) ?? [];
  if (name !== undefined && name in VIEWS) byId(name).scrollIntoView();
}

function followLanguage(): void {
  for (const element of document.querySelectorAll<HTMLElement>("[data-text], [data-label]")) {
    const { text, label } = element.dataset;
    if (text) page.name(element, "", () => page.t(texts)[text as ShellText]);
    if (label) page.name(element, "aria-label", () => page.t(texts)[label as ShellText]);
  }
  const buttons = document.querySelectorAll<HTMLButtonElement>("[data-language]");
  const show = () => {
    document.documentElement.lang = LOCALES[page.language];
    document.title = page.t(texts).title;
    for (const button of buttons)
      button.setAttribute("aria-pressed", String(button.dataset.language === page.language));
  };
  show();
  page.onLanguage(show);
  for (const button of buttons) {
    button.addEventListener("click", () => page.setLanguage(button.dataset.language === "zh" ? "zh" : "en"));
  }
}

function showFirstSeal(): void {
  const place = byId("first-seal");
  try {
    const milliseconds = firstSeal();
    const digits = () => page.number(milliseconds, { maximumSignificantDigits: 2 });
    page.name(place, "", () => page.t(texts).firstSealValue(digits()));
  } catch (error) {
    // The library's own words say what is missing and what to do.
    page.name(place, "", () => `${page.t(texts).firstSealFailed} ${error instanceof Error ? error.message : ""}`);
  }
}

const OFFLINE = { ready: "offlineReady", preparing: "offlinePreparing", unavailable: "offlineUnavailable" } as const;

showFirstSeal();
followLanguage();
page.name(byId("threads"), "", () => page.t(texts).threadsValue(navigator.hardwareConcurrency));
// The browser may draw before it begins with the views.
await new Promise((resolve) => setTimeout(resolve));
mountWhenNear(document.querySelectorAll<HTMLElement>("[data-view]"));
goToAddressed();
addEventListener("hashchange", goToAddressed);
const offline = () =>
  keepOffline((state: Offline) => page.name(byId("offline"), "", () => page.t(texts)[OFFLINE[state]]));
// What the page needs first is not to wait for what is kept for later.
if (document.readyState === "complete") void offline();
else addEventListener("load", () => void offline());
