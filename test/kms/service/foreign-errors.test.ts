import { runInNewContext } from "node:vm";
import { LanelockError } from "lanelock";
import { Kms } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { describe, expect, test } from "vitest";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { createKeyId, openKms, rootKey } from "../open-kms.ts";

/** Values that a caller's own store, provider, root key source or audit function may throw. */
const thrown: readonly unknown[] = [
  ...[new TypeError("oops"), Object.assign(new Error("odd"), { code: 7 }), "a text", undefined, null, 5n, Symbol("s")],
  ...[runInNewContext("new Error('of another realm')"), { message: "an object" }, { code: "ERR_INTEGRITY" }],
  Object.create(null),
  new Proxy(
    {},
    {
      get: () => {
        throw new Error("trap");
      },
      has: () => {
        throw new Error("trap");
      },
    },
  ),
];

const isOurs = (error: unknown) => error instanceof LanelockError && error.message !== "";

async function failure(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  return "it did not fail";
}

describe.each(thrown.map((value, i) => [i, value] as const))("something foreign (%i)", (_, value) => {
  const fail = async () => {
    throw value;
  };

  test("from a store is ERR_STORE", async () => {
    const opening = memoryStore();
    opening.open = fail;
    expect(await failure(openKms({ store: opening }))).toMatchObject({ code: "ERR_STORE" });
    for (const method of ["read", "write", "scrub", "claim"] as const) {
      const store = memoryStore();
      const kms = await openKms({ store, cache: { checkMilliseconds: 0, maxKeys: 0 } });
      const keyId = await createKeyId(kms);
      const working = store[method];
      store[method] = fail;
      if (method === "read") expect(await failure(kms.describeKey({ keyId }))).toMatchObject({ code: "ERR_STORE" });
      if (method === "write") expect(await failure(kms.disableKey({ keyId }))).toMatchObject({ code: "ERR_STORE" });
      Object.assign(store, { [method]: working });
      expect((await kms.describeKey({ keyId })).keyMetadata.keyState).toBe("Enabled");
      await kms.close();
    }
  });

  test("from a provider is one of our errors", async () => {
    const hsm = new NodeCryptoProvider();
    hsm.open = fail;
    expect(await failure(openKms({ hsm }))).toMatchObject({ code: "ERR_PROVIDER" });
    for (const method of ["createKey", "destroyKey", "loadCipherKey"] as const) {
      const working = new NodeCryptoProvider();
      const kms = await openKms({ hsm: working, cache: { maxKeys: 0 } });
      const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
      working[method] = fail;
      const calls = [kms.createKey({ protectionLevel: "HSM" }), kms.encrypt({ keyId, plaintext: new Uint8Array(1) })];
      const answers = await Promise.allSettled(calls);
      const reasons = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason] : []));
      expect(reasons.every(isOurs)).toBe(true);
      expect(reasons.length > 0).toBe(method !== "destroyKey");
      await kms.close();
    }
  });

  test("from a root key source is ERR_KEY", async () => {
    const source = { name: "mine", unlock: fail };
    expect(await failure(Kms.open({ store: memoryStore(), rootKey: source }))).toMatchObject({ code: "ERR_KEY" });
  });

  test("from an audit function is ERR_AUDIT", async () => {
    let broken = true;
    const audit = async () => {
      if (broken) await fail();
    };
    const kms = await openKms({ audit });
    expect(await failure(kms.createKey({}))).toMatchObject({ code: "ERR_AUDIT" });
    broken = false;
    await kms.createKey({});
    await kms.close();
  });
});

describe("a root key source", () => {
  test("that gives no secret of 32 bytes is refused", async () => {
    for (const secret of [undefined, "text", new Uint8Array(31), new Uint8Array(33), {}]) {
      const source = { name: "mine", unlock: async () => ({ secret }) as never };
      const refused = { code: "ERR_KEY", message: expect.stringContaining("32 bytes") };
      await expect(Kms.open({ store: memoryStore(), rootKey: source })).rejects.toMatchObject(refused);
    }
    const none = { name: "mine", unlock: async () => undefined as never };
    await expect(Kms.open({ store: memoryStore(), rootKey: none })).rejects.toMatchObject({ code: "ERR_KEY" });
  });
});

describe("a clock", () => {
  test("that gives no date is refused before anything is opened, in words that show one that does", async () => {
    const store = memoryStore();
    store.open = () => Promise.reject(new Error("it was opened"));
    const clocks = [Date.now, () => new Date(Number.NaN), () => "2026-01-01", () => null, () => ({ getTime: () => 5 })];
    for (const clock of [
      ...clocks,
      () => {
        throw new Error("broken");
      },
      new Date(),
      5,
    ]) {
      await expect(Kms.open({ store, rootKey, clock: clock as never })).rejects.toMatchObject({
        code: "ERR_ARGUMENT",
        message: expect.stringContaining("() => new Date()"),
      });
    }
  });

  test("that gives dates of another realm is taken", async () => {
    const clock = runInNewContext("() => new Date(Date.UTC(2026, 4, 6))");
    await using kms = await openKms({ clock });
    const { keyMetadata } = await kms.createKey({});
    expect(keyMetadata.creationDate.toISOString()).toBe("2026-05-06T00:00:00.000Z");
  });

  test("that stops giving dates fails the calls, and nothing else", async () => {
    let broken = false;
    await using kms = await openKms({ clock: () => (broken ? (undefined as never) : new Date()) });
    const keyId = await createKeyId(kms);
    broken = true;
    await expect(kms.describeKey({ keyId })).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
    broken = false;
    await kms.describeKey({ keyId });
  });
});
