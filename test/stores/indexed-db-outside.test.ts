import { browserRoot, indexedDbStore } from "lanelock/stores";
import { afterEach, expect, test, vi } from "vitest";
import { browserRoot as rootOfPages, indexedDbStore as storeOfPages } from "../../src/stores/browser.ts";
import { WebLockClaim } from "../../src/stores/indexed-db/claim.ts";
import { databaseFailure } from "../../src/stores/indexed-db/failure.ts";

// indexedDbStore and browserRoot where there is no IndexedDB, their options, and the advice for what browsers report.

afterEach(() => {
  vi.unstubAllGlobals();
});

test("both entries have the same functions", () => {
  expect([storeOfPages, rootOfPages]).toEqual([indexedDbStore, browserRoot]);
});

test.each([
  ["indexedDbStore", indexedDbStore],
  ["browserRoot", browserRoot],
])("Node gets one error of %s, which says what to use there", (name, make) => {
  expect(() => make({ name: "orders" })).toThrow(
    expect.objectContaining({
      code: "ERR_UNSUPPORTED",
      message: expect.stringMatching(`^${name}\\(\\) needs IndexedDB.*In Node use sqlStore`),
    }),
  );
});

const wrong: readonly (readonly [given: unknown, message: RegExp])[] = [
  [undefined, /takes \{ name: "orders" \}/],
  [null, /takes \{ name: "orders" \}/],
  ["orders", /takes \{ name: "orders" \}/],
  [{}, /name of \w+ must be a string of 1 to 200 characters/],
  [{ name: "" }, /must be a string of 1 to 200 characters/],
  [{ name: "x".repeat(201) }, /must be a string of 1 to 200 characters/],
  [{ name: "half \ud83d" }, /must be a string .* without half of a surrogate pair/],
  [{ name: 7 }, /must be a string of 1 to 200 characters/],
  [{ nmae: "orders" }, /has no option "nmae": did you mean "name"\?/],
];

test.each(wrong)("options %j are refused", (given, message) => {
  for (const make of [indexedDbStore, browserRoot]) {
    const refusal = expect.objectContaining({ code: "ERR_ARGUMENT", message: expect.stringMatching(message) });
    expect(() => make(given as { name: string })).toThrow(refusal);
  }
});

test("create is an option of the store alone, and true or false", () => {
  const refusal = (message: RegExp) =>
    expect.objectContaining({ code: "ERR_ARGUMENT", message: expect.stringMatching(message) });
  expect(() => indexedDbStore({ name: "a", create: "no" as never })).toThrow(refusal(/create.*true or false/));
  expect(() => browserRoot({ name: "a", create: false } as never)).toThrow(refusal(/no option "create"/));
});

test("options that cannot be read are refused", () => {
  const cause = new Error("mine");
  const hostile = {
    get name(): string {
      throw cause;
    },
  };
  for (const make of [indexedDbStore, browserRoot])
    expect(() => make(hostile)).toThrow(expect.objectContaining({ code: "ERR_ARGUMENT", cause }));
});

test("a store object that is being opened cannot be opened a second time", async () => {
  vi.stubGlobal("indexedDB", { open: () => ({}) });
  const store = indexedDbStore({ name: "a" });
  store.open().catch(() => undefined);
  await expect(store.open()).rejects.toMatchObject({ code: "ERR_STATE" });
});

test("a browser that refuses a lock gives an error of the store", async () => {
  const cause = new DOMException("not fully active", "InvalidStateError");
  vi.stubGlobal("navigator", { locks: { request: () => Promise.reject(cause) } });
  await expect(WebLockClaim.take("the store", "lock")).rejects.toMatchObject({ code: "ERR_STORE", cause });
});

test("a page that is not a secure context gets an error that says what it needs", async () => {
  vi.stubGlobal("indexedDB", {});
  vi.stubGlobal("crypto", {});
  const refusal = expect.objectContaining({ code: "ERR_UNSUPPORTED", message: expect.stringContaining("https") });
  expect(() => browserRoot({ name: "a" })).toThrow(refusal);
});

test("a browser that forbids even to look for databases gets the advice for it", () => {
  const cause = new DOMException("The operation is insecure.", "SecurityError");
  Object.defineProperty(globalThis, "indexedDB", {
    configurable: true,
    get() {
      throw cause;
    },
  });
  try {
    const refusal = expect.objectContaining({
      code: "ERR_STORE",
      cause,
      message: expect.stringContaining("Allow site data"),
    });
    for (const make of [indexedDbStore, browserRoot]) expect(() => make({ name: "a" })).toThrow(refusal);
  } finally {
    Reflect.deleteProperty(globalThis, "indexedDB");
  }
});

test("an opening that the browser never answers ends with an error", async () => {
  vi.useFakeTimers();
  // The package takes its timers when it is loaded.
  vi.resetModules();
  const { indexedDbStore: fresh } = await import("../../src/stores/index.ts");
  vi.stubGlobal("indexedDB", { open: () => ({}) });
  const opening = fresh({ name: "a" }).open();
  const refused = expect(opening).rejects.toMatchObject({
    code: "ERR_STORE",
    message: expect.stringContaining("another tab keeps the database from being opened"),
  });
  await vi.advanceTimersByTimeAsync(30_000);
  await refused;
  vi.useRealTimers();
});

test.each([
  ["QuotaExceededError", "", "no more space"],
  // Firefox in private windows, before version 115.
  [
    "InvalidStateError",
    "A mutation operation was attempted on a database that did not allow mutations.",
    "in private windows",
  ],
  ["InvalidStateError", "An attempt was made to use an object that is not usable.", "reload the page"],
  ["SecurityError", "The operation is insecure.", "Allow site data"],
  [
    "SecurityError",
    "Failed to execute 'open' on 'IDBFactory': access is denied for this document.",
    "origin of its own",
  ],
  ["VersionError", "The requested version (2) is less than the existing version (3).", "newer lanelock"],
  ["AbortError", "", "ended the transaction"],
  ["NotFoundError", "", "lacks a table"],
  ["UnknownError", "Internal error opening backing store for indexedDB.open.", "Restart the browser"],
  ["TimeoutError", "", "locked for too long"],
  ["DataCloneError", "", "cannot keep a CryptoKey"],
  ["SomethingNewError", "brand new", "the database failed: brand new"],
])("%s: %s", (name, message, advice) => {
  const cause = new DOMException(message, name);
  const failure = databaseFailure('IndexedDB "a"', cause);
  expect(failure).toMatchObject({ code: "ERR_STORE", message: expect.stringContaining(advice), cause });
  expect(failure.message).toMatch(/^IndexedDB "a": .*\(\w+Error\)$/);
  expect(databaseFailure("another", failure)).toBe(failure);
});
