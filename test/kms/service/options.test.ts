import { Kms, rewrapStore } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { describe, expect, test } from "vitest";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { createKeyId, rootKey } from "../open-kms.ts";

/** Opens with what a JavaScript caller may pass where the types say otherwise. */
const open = (options: object) => Kms.open({ store: memoryStore(), rootKey, ...options });

const NUMBERS = [-1, Number.NaN, Number.POSITIVE_INFINITY, "5", null, true, {}, 5n];
const NOT_OBJECTS = [null, 5, "x", true, [], () => undefined];

/** Each wrong value of an option, with what the message must name. */
const WRONG: readonly (readonly [names: string, options: object])[] = [
  ...[null, undefined, 5, "keys.db", {}, { open: 5 }, { ...memoryStore() }].map(
    (store) => ["store", { store }] as const,
  ),
  ...[null, undefined, 5, "secret", {}, { file: 5 }, { env: null }, { unlock: 5 }].map(
    (key) => ["rootKey", { rootKey: key }] as const,
  ),
  ...[null, 5, "softhsm", {}, { open: () => undefined }].map((hsm) => ["hsm", { hsm }] as const),
  ["hsm", { hsm: new NodeCryptoProvider("EXTERNAL") }],
  ...[null, 5, {}].map((external) => ["external", { external }] as const),
  ["external", { external: new NodeCryptoProvider("HSM") }],
  ...[null, 5, new Date(), "now"].map((clock) => ["clock", { clock }] as const),
  ...[null, 5, true, "", {}, []].map((audit) => ["audit", { audit }] as const),
  ...[null, 5, "ignore", "", true].map((onAuditFailure) => ["onAuditFailure", { onAuditFailure }] as const),
  ...[...NUMBERS, 0, 1e-9, 3_000_000, "60"].map((sweepSeconds) => ["sweepSeconds", { sweepSeconds }] as const),
  ...[null, 0, 1, "yes", {}].map((allowSeeding) => ["allowSeeding", { allowSeeding }] as const),
  ...NOT_OBJECTS.map((cache) => ["cache", { cache }] as const),
  ...[...NUMBERS, 1.5].map((maxKeys) => ["cache.maxKeys", { cache: { maxKeys } }] as const),
  ...NUMBERS.map((maxAgeSeconds) => ["cache.maxAgeSeconds", { cache: { maxAgeSeconds } }] as const),
  ...NUMBERS.map((checkMilliseconds) => ["cache.checkMilliseconds", { cache: { checkMilliseconds } }] as const),
  ...NOT_OBJECTS.map((realm) => ["realm", { realm }] as const),
  ...[null, 5, "", "a b", "x".repeat(65), "é"].map((regionId) => ["realm.regionId", { realm: { regionId } }] as const),
  ...[null, 5, "", "a:b"].map((accountId) => ["realm.accountId", { realm: { accountId } }] as const),
];

describe("Kms.open", () => {
  test.each(WRONG)("refuses a wrong %s (%#), and names it", async (name, options) => {
    await expect(open(options)).rejects.toMatchObject({
      code: "ERR_ARGUMENT",
      message: expect.stringContaining(name),
    });
  });

  test.each([
    ["rootkey", { rootkey: rootKey }, 'Did you mean "rootKey"?'],
    ["path", { path: "keys.db" }, "sweepSeconds"],
    ["cache.maxkeys", { cache: { maxkeys: 5 } }, 'Did you mean "maxKeys"?'],
    ["cache.size", { cache: { size: 5 } }, "checkMilliseconds"],
    ["realm.region", { realm: { region: "x" } }, "regionId"],
  ])("refuses the unknown option %s, and says what there is", async (name, options, hint) => {
    await expect(open(options)).rejects.toMatchObject({ code: "ERR_ARGUMENT", message: expect.stringContaining(name) });
    await expect(open(options)).rejects.toMatchObject({ message: expect.stringContaining(hint) });
  });

  test("refuses options that are no object, and those that cannot be read", async () => {
    for (const options of [undefined, null, 5, "keys.db", [], () => undefined]) {
      await expect(Kms.open(options as never)).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
    }
    const hostile = {
      get store() {
        throw new Error("no");
      },
    };
    await expect(Kms.open(hostile as never)).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
  });

  test("opens nothing when an option is wrong", async () => {
    let opened = 0;
    const store = memoryStore();
    const openStore = store.open.bind(store);
    store.open = async () => {
      opened++;
      return openStore();
    };
    await expect(open({ store, audit: 5 })).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
    await expect(open({ store, rootKey: "x" })).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
    await expect(open({ store, rootKey: new Uint8Array(31) })).rejects.toMatchObject({ code: "ERR_KEY" });
    await expect(rewrapStore({ store, rootKey, newRootKey: 5 as never })).rejects.toMatchObject({
      code: "ERR_ARGUMENT",
      message: expect.stringContaining("newRootKey"),
    });
    expect(opened).toBe(0);
  });

  test("takes each option's edge, and undefined for any that may be absent", async () => {
    const absent = { hsm: undefined, external: undefined, clock: undefined, audit: undefined, cache: undefined };
    const more = { onAuditFailure: undefined, sweepSeconds: undefined, allowSeeding: undefined, realm: undefined };
    await (await open({ ...absent, ...more })).close();
    await (await open({ cache: { maxKeys: undefined }, realm: { regionId: undefined } })).close();
    await using kms = await open({
      ...{ sweepSeconds: 2_147_483, allowSeeding: false, audit: () => undefined, onAuditFailure: "continue" },
      cache: { maxKeys: 0, maxAgeSeconds: 0, checkMilliseconds: 0 },
      realm: { regionId: "x".repeat(64), accountId: "1" },
      hsm: new NodeCryptoProvider(),
    });
    await kms.encrypt({ keyId: await createKeyId(kms), plaintext: new Uint8Array(1) });
  });
});
