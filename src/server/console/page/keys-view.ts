import type { KeyState, KeySummary, KeysAnswer } from "../page-data.ts";
import { ask, Failure } from "./connection.ts";
import { type Child, el } from "./dom.ts";
import { type Column, empty, pager, table } from "./table.ts";
import { badge, count, time, words } from "./text.ts";

const STATES: readonly KeyState[] = ["Enabled", "Disabled", "PendingDeletion", "PendingImport"];

const columns: readonly Column<KeySummary>[] = [
  { name: "Key", cell: nameOf },
  { name: "State", cell: ({ state }) => badge(state) },
  { name: "Type", cell: ({ spec, usage }) => [spec, el("span", { class: "minor" }, usage.toLowerCase())] },
  { name: "Protection", cell: ({ protectionLevel }) => protectionLevel },
  { name: "Next date", cell: nextDate },
  { name: "Created", cell: ({ createdAt }) => time(createdAt) },
];

function nameOf({ keyId, aliases, aliasCount }: KeySummary): readonly Child[] {
  const href = keyAddress(keyId);
  const [first, ...others] = aliases;
  if (first === undefined) return [el("a", { href, class: "id" }, keyId)];
  const more = aliasCount - 1;
  return [
    el("a", { href }, first),
    more > 0 && el("span", { class: "minor more", title: others.join(", ") }, `and ${count(more)} more`),
    el("span", { class: "minor id" }, keyId),
  ];
}

export function keyAddress(keyId: string): string {
  return `#/key?name=${encodeURIComponent(keyId)}`;
}

/** What time will bring. A key has one of them at most that matters first. */
function nextDate({ deleteAt, materialExpiresAt, rotation, nextRotationAt }: KeySummary): readonly Child[] {
  if (deleteAt !== undefined) return [time(deleteAt), el("span", { class: "minor" }, "deletion")];
  if (materialExpiresAt !== undefined) return [time(materialExpiresAt), el("span", { class: "minor" }, "expiry")];
  if (rotation === "Disabled" || nextRotationAt === undefined) return [el("span", { class: "minor none" }, "–")];
  const suspended = rotation === "Suspended" ? "rotation, suspended" : "rotation";
  return [time(nextRotationAt), el("span", { class: "minor" }, suspended)];
}

export function keysView(answer: KeysAnswer, query: URLSearchParams): Node[] {
  const state = query.get("state") ?? "";
  const all = STATES.reduce((sum, one) => sum + answer.counts[one], 0);
  const filter = (name: string, value: string, amount: number) =>
    el(
      "a",
      { href: value === "" ? "#/keys" : `#/keys?state=${value}`, "aria-current": state === value && "true" },
      `${name} `,
      el("span", { class: "amount" }, count(amount)),
    );
  const address = `#/keys?${state === "" ? "" : `state=${state}&`}page=`;
  return [
    el(
      "div",
      { class: "tools" },
      el(
        "nav",
        { class: "filters", "aria-label": "Keys by state" },
        filter("All", "", all),
        ...STATES.map((one) => filter(words(one), one, answer.counts[one])),
      ),
      finder(),
    ),
    answer.keys.length > 0 ? table("Keys, oldest first", columns, answer.keys) : nothing(all, state),
    ...[pager(answer, address)].filter((one) => one !== undefined),
  ];
}

function nothing(all: number, state: string): HTMLElement {
  if (all === 0)
    return empty("There are no keys yet.", "Make one: ", el("code", {}, "lanelock keys create --alias alias/orders"));
  if (state === "") return empty("This page has no keys.", el("a", { href: "#/keys" }, "Go to the first page"));
  return empty(`No key is ${words(state).toLowerCase()}.`, el("a", { href: "#/keys" }, "Show all keys"));
}

/** Opens a key by its name. */
function finder(): HTMLFormElement {
  const input = el("input", {
    id: "find",
    type: "search",
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": "find-result",
  });
  input.placeholder = "Key id, ARN or alias/…";
  const result = el("span", { id: "find-result", role: "status" });
  const form = el(
    "form",
    { role: "search", class: "find" },
    el("label", { for: "find", class: "hidden" }, "Find a key by its id, its ARN or its alias"),
    input,
    el("button", { type: "submit", "data-mark": "find" }, "Open"),
    result,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const name = input.value.trim();
    if (name === "") return;
    try {
      const { keyId } = JSON.parse(await ask(`key?name=${encodeURIComponent(name)}`)) as KeySummary;
      location.hash = keyAddress(keyId);
    } catch (error) {
      const isUnknown = error instanceof Failure && /NotFound|InvalidParameter/.test(error.code);
      result.textContent = isUnknown ? "No key has this name." : "The server does not answer.";
    }
  });
  return form;
}
