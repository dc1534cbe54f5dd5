import { LanelockError } from "lanelock";
import { type AuditEvent, type KeyStore, Kms, KmsError, type KmsOptions } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { createKeyId, openKms, rootKey, TestClock } from "../open-kms.ts";

vi.mock("../../../src/shared/timers.ts", () => import("../../shared/late-timers.ts"));
afterEach(() => vi.useRealTimers());

const plaintext = new Uint8Array(8);
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("closing", () => {
  test("waits for every call in flight, refuses later ones, and happens once", async () => {
    const [store, hsm] = [memoryStore(), new NodeCryptoProvider()];
    const finish: (() => void)[] = [];
    const load = hsm.loadCipherKey.bind(hsm);
    hsm.loadCipherKey = async (object) => {
      const key = await load(object);
      const held = async (request: Parameters<typeof key.encrypt>[0]) => {
        await new Promise<void>((resolve) => finish.push(resolve));
        return key.encrypt(request);
      };
      return { ...key, encrypt: held };
    };
    const kms = await openKms({ store, hsm });
    const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
    const calls = [kms.encrypt({ keyId, plaintext }), kms.encrypt({ keyId, plaintext })];
    await vi.waitFor(() => expect(finish.length).toBe(2), { timeout: 60_000 });
    let closed = false;
    const closing = kms.close().then(() => {
      closed = true;
    });
    await expect(kms.listKeys()).rejects.toMatchObject({ code: "ERR_STATE", message: "The KMS is closed." });
    finish[0]?.();
    await calls[0];
    await settled();
    expect(closed).toBe(false);
    finish[1]?.();
    await Promise.all([...calls, closing]);
    let closes = 0;
    store.close = async () => void closes++;
    await kms.close();
    expect(closes).toBe(0);
  });

  test("closes every part although one fails, and reports the first failure", async () => {
    const [store, hsm] = [memoryStore(), new NodeCryptoProvider()];
    const order: string[] = [];
    const close = store.close.bind(store);
    store.close = () => {
      order.push("store");
      return close();
    };
    hsm.close = async () => {
      order.push("hsm");
      throw new LanelockError("ERR_PROVIDER", "stuck");
    };
    const kms = await openKms({ store, hsm });
    await expect(kms.close()).rejects.toMatchObject({ code: "ERR_PROVIDER", message: "stuck" });
    expect(order).toEqual(["hsm", "store"]);
  });
});

describe("opening", () => {
  /** What is opened and closed, in order. */
  function watched(fails: string): { options: KmsOptions; order: string[] } {
    const order: string[] = [];
    const step = (name: string, work: () => Promise<unknown>) => async () => {
      order.push(name);
      if (name === fails) throw new Error("no");
      await work();
    };
    const [store, hsm] = [memoryStore(), new NodeCryptoProvider()];
    store.open = step("open store", store.open.bind(store));
    store.close = step("close store", store.close.bind(store));
    hsm.open = step("open hsm", () => hsm.close()) as never;
    const external = new NodeCryptoProvider("EXTERNAL");
    external.open = step("open external", async () => {}) as never;
    hsm.close = step("close hsm", async () => {}) as never;
    hsm.open = step("open hsm", async () => {}) as never;
    const source = {
      name: "the test's source",
      unlock: async () => {
        await step("unlock", async () => {})();
        return { secret: new Uint8Array(rootKey) };
      },
      close: step("close root", async () => {}) as () => Promise<void>,
    };
    return { options: { store, hsm, external, rootKey: source, sweepSeconds: false }, order };
  }

  test("closes what it had opened when a step fails, and says which", async () => {
    const cases = [
      { fails: "open store", code: "ERR_STORE", order: ["open store", "close root"] },
      { fails: "unlock", code: "ERR_KEY", order: ["open store", "unlock", "close root", "close store"] },
      {
        ...{ fails: "open external", code: "ERR_PROVIDER" },
        order: ["open store", "unlock", "close root", "open hsm", "open external", "close hsm", "close store"],
      },
    ];
    for (const { fails, code, order: expected } of cases) {
      const { options, order } = watched(fails);
      await expect(Kms.open(options)).rejects.toMatchObject({ code, cause: { message: "no" } });
      // A new store is unlocked twice: to be made, and to be opened.
      expect(order.filter((step, index) => step !== order[index - 1])).toEqual(expected);
    }
  });

  test("refuses a source that gives no secret of 32 bytes, and wipes the secret of one that does", async () => {
    const open = (unlock: () => unknown) =>
      Kms.open({ store: memoryStore(), rootKey: { name: "mine", unlock } as never, sweepSeconds: false });
    for (const wrong of [undefined, {}, { secret: "x".repeat(32) }, { secret: new Uint8Array(31) }, { secret: [1] }]) {
      await expect(open(async () => wrong)).rejects.toMatchObject({
        ...{ code: "ERR_KEY", message: expect.stringContaining("(mine) must give a secret of 32 bytes") },
      });
    }
    const secrets: Uint8Array[] = [];
    const kms = await open(async () => {
      const secret = new Uint8Array(rootKey);
      secrets.push(secret);
      return { secret };
    });
    expect(secrets.length).toBeGreaterThan(0);
    for (const secret of secrets) expect([...secret].every((byte) => byte === 0)).toBe(true);
    await kms.close();
  });

  test("passes the store's id and what the source left there", async () => {
    const requests: { storeId: string; sealed?: Uint8Array | undefined }[] = [];
    const sealed = Uint8Array.of(1, 2);
    const source = {
      name: "mine",
      unlock: async (request: { storeId: string }) => {
        requests.push(request);
        return { secret: new Uint8Array(rootKey), sealed };
      },
    };
    const store = memoryStore();
    await (await openKms({ store, rootKey: source as never })).close();
    await (await openKms({ store, rootKey: source as never })).close();
    expect(new Set(requests.map(({ storeId }) => storeId)).size).toBe(1);
    expect([requests[0]?.sealed, requests.at(-1)?.sealed]).toEqual([undefined, sealed]);
  });
});

describe("a call", () => {
  let events: AuditEvent[];
  let kms: Kms;
  beforeEach(async () => {
    events = [];
    kms = await openKms({ audit: (event) => void events.push(event) });
    return () => kms.close();
  });

  test("that was aborted does nothing, and throws the reason", async () => {
    const reason = new Error("enough");
    const aborted = kms.createKey({}, { signal: AbortSignal.abort(reason) });
    await expect(aborted).rejects.toBe(reason);
    expect([(await kms.listKeys()).totalCount, events[0]?.outcome]).toEqual([0, "Aborted"]);
    for (const options of [null, 5, { signal: 5 }, { signal: {} }]) {
      await expect(kms.createKey({}, options as never)).rejects.toMatchObject({ code: expect.any(String) });
    }
  });

  test("has its event once: with its change, after it, or with its failure", async () => {
    const keyId = await createKeyId(kms);
    await kms.describeKey({ keyId });
    await expect(kms.enableKey({ keyId: "key-x" })).rejects.toMatchObject({ code: "Forbidden.KeyNotFound" });
    await kms.encrypt({ keyId, plaintext });
    await expect(kms.encrypt({ keyId: "key-x", plaintext })).rejects.toBeInstanceOf(KmsError);
    await kms.verifyAudit();
    expect(events.map(({ operation, outcome }) => `${operation} ${outcome}`)).toEqual([
      ...["CreateKey OK", "DescribeKey OK", "EnableKey Forbidden.KeyNotFound"],
      ...["Encrypt OK", "Encrypt Forbidden.KeyNotFound"],
    ]);
  });
});

describe("the sweep", () => {
  test("runs by itself at its interval, and not with false", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const time = new TestClock();
    for (const [sweepSeconds, left] of [
      [5, 0],
      [false, 1],
    ] as const) {
      const store: KeyStore = memoryStore();
      const kms = await Kms.open({ store, rootKey, sweepSeconds, clock: time.clock });
      const keyId = await createKeyId(kms);
      await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
      time.advance({ days: 7 });
      vi.advanceTimersByTime(4_999);
      await settled();
      expect(await store.read((rows) => rows.all("key"))).toHaveLength(1);
      vi.advanceTimersByTime(1);
      for (let turn = 0; turn < 200; turn++) await settled();
      expect(await store.read((rows) => rows.all("key"))).toHaveLength(left);
      await kms.close();
      expect(vi.getTimerCount()).toBe(0);
    }
  });

  test("drops keys that were loaded for longer than they may be", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
    const hsm = new NodeCryptoProvider();
    let wiped = 0;
    const load = hsm.loadCipherKey.bind(hsm);
    hsm.loadCipherKey = async (object) => ({ ...(await load(object)), dispose: () => void wiped++ });
    const cache = { maxAgeSeconds: 3 };
    const kms = await Kms.open({ store: memoryStore(), rootKey, hsm, sweepSeconds: 2, cache });
    const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
    await kms.encrypt({ keyId, plaintext });
    for (const expected of [0, 1]) {
      vi.advanceTimersByTime(2_000);
      for (let turn = 0; turn < 200; turn++) await settled();
      expect(wiped).toBe(expected);
    }
    await kms.close();
  });
});
