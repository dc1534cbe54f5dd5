import type {
  AccessKeysAnswer,
  AliasesAnswer,
  KeyAnswer,
  KeysAnswer,
  MetricsAnswer,
  PlaceAnswer,
} from "../page-data.ts";
import { AuditView } from "./audit-view.ts";
import { ask, enter, Failure, leave } from "./connection.ts";
import { byId, el, replace } from "./dom.ts";
import { keyTitle, keyView } from "./key-view.ts";
import { keysView } from "./keys-view.ts";
import { metricsView } from "./metrics-view.ts";
import { accessKeysView, aliasesView } from "./names-views.ts";
import { empty } from "./table.ts";

interface View {
  readonly title: string;
  /** The view that the navigation names; a part of another otherwise. */
  readonly under: string;
  readonly seconds: number;
  readonly render: (json: string, query: URLSearchParams) => readonly Node[];
  readonly titleOf?: (json: string) => string;
}

const VIEWS: Readonly<Record<string, View>> = {
  keys: {
    title: "Keys",
    under: "keys",
    seconds: 10,
    render: (json, query) => keysView(JSON.parse(json) as KeysAnswer, query),
  },
  key: {
    ...{ title: "Key", under: "keys", seconds: 10, render: (json) => keyView(JSON.parse(json) as KeyAnswer) },
    titleOf: (json) => keyTitle(JSON.parse(json) as KeyAnswer),
  },
  aliases: {
    title: "Aliases",
    under: "aliases",
    seconds: 10,
    render: (json) => aliasesView(JSON.parse(json) as AliasesAnswer),
  },
  "access-keys": {
    ...{ title: "Access keys", under: "access-keys", seconds: 10 },
    render: (json) => accessKeysView(JSON.parse(json) as AccessKeysAnswer),
  },
  audit: { title: "Audit log", under: "audit", seconds: 10, render: () => [] },
  metrics: {
    title: "Metrics",
    under: "metrics",
    seconds: 5,
    render: (json) => metricsView(JSON.parse(json) as MetricsAnswer),
  },
};

const MENU = [
  ["keys", "Keys"],
  ["aliases", "Aliases"],
  ["access-keys", "Access keys"],
  ["audit", "Audit"],
  ["metrics", "Metrics"],
] as const;
const RETRY_MILLISECONDS = 2_000;

const [main, menu, notice, state] = [byId("main"), byId("views"), byId("notice"), byId("link")];
let current = new AbortController();

/** Shows the view that the address names, and keeps it up to date until there is another. */
async function show({ focus }: { focus: boolean }): Promise<void> {
  current.abort();
  current = new AbortController();
  const { signal } = current;
  const [name = "", query = ""] = location.hash.replace(/^#\//, "").split("?");
  const key = Object.hasOwn(VIEWS, name) ? name : "keys";
  const view = VIEWS[key] as View;
  nameView(view, view.title);
  const heading = el("h1", { tabindex: -1 }, view.title);
  const content = el("div", { class: `view ${key}` });
  main.replaceChildren(heading, content);
  main.setAttribute("aria-busy", "true");
  if (focus) heading.focus();
  if (key === "audit") {
    const audit = new AuditView((failure) => report(failure, content));
    content.append(audit.element);
    main.removeAttribute("aria-busy");
    return audit.follow(signal);
  }
  const parameters = new URLSearchParams(query);
  let shown = "";
  const refresh = async () => {
    try {
      const json = await ask(`${key}?${parameters}`, { signal });
      if (signal.aborted) return;
      report(undefined, content);
      if (json === shown) return;
      shown = json;
      replace(content, ...view.render(json, parameters));
      heading.textContent = view.titleOf?.(json) ?? view.title;
      nameView(view, heading.textContent);
    } catch (error) {
      if (signal.aborted) return;
      const failure = failureOf(error);
      if (key === "key" && /^(Forbidden.KeyNotFound|InvalidParameter|MissingParameter)$/.test(failure.code)) {
        report(undefined, content);
        content.replaceChildren(empty("There is no such key.", el("a", { href: "#/keys" }, "Show all keys")));
        shown = "";
      } else report(failure, content, () => void refresh());
    } finally {
      if (!signal.aborted) main.removeAttribute("aria-busy");
    }
  };
  await refresh();
  while (!signal.aborted) {
    await untilSeen(notice.hidden ? view.seconds * 1_000 : RETRY_MILLISECONDS, signal);
    if (!signal.aborted) await refresh();
  }
}

function failureOf(error: unknown): Failure {
  return error instanceof Failure ? error : new Failure({ code: "Failed", message: String(error) });
}

/** Waits, and longer while nobody looks. */
async function untilSeen(milliseconds: number, signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  if (document.hidden && !signal.aborted) {
    await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
  }
}

function nameView(view: View, title: string): void {
  document.title = `${title} · lanelock console`;
  for (const link of menu.querySelectorAll("a")) {
    if (link.getAttribute("href") === `#/${view.under}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** Says what is wrong, or that nothing is any more. What is shown stays, and is marked as old. */
function report(failure: Failure | undefined, content: HTMLElement, again?: () => void): void {
  content.classList.toggle("stale", failure !== undefined);
  state.textContent = failure === undefined ? "Connected" : failure.code === "Disconnected" ? "Disconnected" : "Error";
  state.className = `link ${failure === undefined ? "good" : "bad"}`;
  if (failure?.code === "SignedOut") {
    signedOut(failure.message);
    return;
  }
  const text = failure?.code === "Disconnected" ? `${failure.message} Trying again …` : (failure?.message ?? "");
  notice.hidden = failure === undefined;
  // An alert is read aloud once for each failure, not for each attempt.
  if (notice.firstChild?.textContent === text) return;
  notice.replaceChildren(el("span", {}, text));
  if (again === undefined || failure === undefined) return;
  const button = el("button", { type: "button" }, "Try again");
  button.addEventListener("click", again);
  notice.append(button);
}

function signedOut(message: string): void {
  current.abort();
  menu.hidden = true;
  byId("leave").hidden = true;
  notice.hidden = true;
  state.textContent = "Signed out";
  state.className = "link";
  document.title = "Signed out · lanelock console";
  const heading = el("h1", { tabindex: -1 }, "Signed out");
  const advice = el("p", {}, message);
  main.replaceChildren(el("div", { class: "empty" }, heading, advice));
  main.removeAttribute("aria-busy");
  heading.focus();
}

/** 256 random bits, as a link has them. Anything else in the address is no attempt to sign in. */
const TOKEN = /^[\w-]{43}$/;

/** Enters with the token in the address, if there is one, which then leaves the address and the browser's history. */
async function start({ focus }: { focus: boolean }): Promise<void> {
  const token = location.hash.slice(1);
  try {
    if (!token.startsWith("/")) history.replaceState(null, "", "/console#/keys");
    if (TOKEN.test(token)) await enterOrStay(token);
    const { region, account } = JSON.parse(await ask("place")) as PlaceAnswer;
    byId("place").textContent = `${region} · account ${account}`;
  } catch (error) {
    const failure = failureOf(error);
    if (failure.code === "SignedOut") {
      signedOut(failure.message);
      return;
    }
    // Without a connection the view says so, and tries again.
  }
  menu.hidden = false;
  byId("leave").hidden = false;
  await show({ focus });
}

/** A link that was used before lets nobody in, and ends no visit that goes on. */
async function enterOrStay(token: string): Promise<void> {
  try {
    await enter(token);
  } catch (error) {
    if (!/^(SignedOut|TooManyAttempts)$/.test(failureOf(error).code)) throw error;
  }
}

menu.append(...MENU.map(([name, title]) => el("a", { href: `#/${name}` }, title)));
document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
byId("leave").addEventListener("click", () => {
  leave().then(
    () => signedOut("You signed out. A new link lets you in again: send SIGHUP to the server, and it prints one."),
    (error) => report(failureOf(error), main),
  );
});
window.addEventListener("hashchange", () => {
  const isView = location.hash.startsWith("#/");
  void (isView ? show({ focus: true }) : start({ focus: true }));
});
void start({ focus: false });
