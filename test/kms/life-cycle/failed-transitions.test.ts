import { type AuditEvent, Kms } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { beforeEach, describe, expect, test } from "vitest";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { rootKey, TestClock } from "../open-kms.ts";

/** A due transition that fails leaves an event for each attempt. */
let events: AuditEvent[];
let hsm: NodeCryptoProvider;
let time: TestClock;
beforeEach(() => {
  events = [];
  hsm = new NodeCryptoProvider();
  time = new TestClock();
});

const open = () =>
  Kms.open({
    ...{ store: memoryStore(), rootKey, hsm, clock: time.clock, sweepSeconds: false },
    audit: (event) => void events.push(event),
  });
const bySystem = () => events.filter((event) => event.caller === "system");

describe("with a provider that fails", () => {
  test("a rotation that is due leaves a failed RotateKey, and a good one once it succeeds", async () => {
    await using kms = await open();
    const { keyMetadata } = await kms.createKey({
      ...{ protectionLevel: "HSM", enableAutomaticRotation: true, rotationInterval: "7d" },
    });
    const { keyId } = keyMetadata;
    time.advance({ days: 8 });
    hsm.broken = true;
    expect(await kms.sweep()).toEqual({ settled: 0, failed: 1 });
    expect(bySystem()).toEqual([expect.objectContaining({ operation: "RotateKey", keyId, outcome: "ERR_PROVIDER" })]);
    await kms.describeKey({ keyId });
    expect(bySystem()).toHaveLength(2);
    hsm.broken = false;
    expect(await kms.sweep()).toEqual({ settled: 1, failed: 0 });
    expect(bySystem().at(-1)).toMatchObject({ operation: "RotateKey", keyId, outcome: "OK" });
  });

  test("a deletion that is due leaves a failed DeleteKey, and the key is refused", async () => {
    await using kms = await open();
    const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
    await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
    time.advance({ days: 8 });
    hsm.broken = true;
    expect(await kms.sweep()).toEqual({ settled: 0, failed: 1 });
    expect(bySystem()).toEqual([expect.objectContaining({ operation: "DeleteKey", keyId, outcome: "ERR_PROVIDER" })]);
    await expect(kms.describeKey({ keyId })).rejects.toMatchObject({ code: "Forbidden.KeyNotFound" });
    hsm.broken = false;
    await kms.sweep();
    expect(bySystem().at(-1)).toMatchObject({ operation: "DeleteKey", keyId, outcome: "OK" });
    expect(hsm.keys.size).toBe(0);
  });

  test("an error of no kind of ours is a failure of the provider in the log", async () => {
    await using kms = await open();
    const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
    await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
    time.advance({ days: 8 });
    hsm.destroyKey = async () => {
      throw new TypeError("oops");
    };
    await kms.sweep();
    expect(bySystem()).toEqual([expect.objectContaining({ operation: "DeleteKey", outcome: "ERR_PROVIDER" })]);
  });
});

describe("with a store that fails", () => {
  test("a failure to destroy expired tokens is logged", async () => {
    const store = memoryStore();
    await using kms = await Kms.open({
      ...{ store, rootKey, clock: time.clock, sweepSeconds: false },
      audit: (event) => void events.push(event),
    });
    const { keyId } = (await kms.createKey({ origin: "EXTERNAL" })).keyMetadata;
    await kms.getParametersForImport({
      ...{ keyId, wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_OAEP_SHA_256" },
    });
    time.advance({ days: 2 });
    const write = store.write.bind(store);
    store.write = async () => {
      throw new Error("no");
    };
    await kms.sweep();
    expect(bySystem()).toEqual([expect.objectContaining({ operation: "ExpireImportTokens", outcome: "ERR_STORE" })]);
    store.write = write;
    await kms.sweep();
    expect(bySystem().at(-1)).toMatchObject({ operation: "ExpireImportTokens", outcome: "OK" });
  });
});
