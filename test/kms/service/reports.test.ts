import { type AuditEvent, type KeyStore, verifyStore } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { beforeEach, describe, expect, test } from "vitest";
import { gatewayOf } from "../../../src/kms/kms.ts";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { createKeyId, openKms, rootKey, TestClock } from "../open-kms.ts";

// What an operator is told of a KMS: by its metrics, by a sweep, and by a check of the store.

const plaintext = new Uint8Array(8);
let store: KeyStore;
beforeEach(() => {
  store = memoryStore();
});

describe("the usage of caches and pools", () => {
  const usage = (kms: Awaited<ReturnType<typeof openKms>>) => {
    const all = Object.entries(gatewayOf(kms)?.usage ?? {});
    for (const [name, { help }] of all) expect(help, name).toMatch(/^[A-Z].*\.$/);
    return Object.fromEntries(all.map(([name, { read }]) => [name, read()]));
  };

  test("counts what is there, and nothing where there is no pool", async () => {
    let logWaits = true;
    const release: (() => void)[] = [];
    const audit = () => (logWaits ? new Promise<void>((resolve) => release.push(resolve)) : undefined);
    await using kms = await openKms({ store, audit: false });
    expect(usage(kms)).toEqual({
      ...{ cached_cipher_keys: 0, cached_asymmetric_keys: 0, cached_key_names: 0, audit_events_waiting: 0 },
      ...{ store_connections: 0, store_waiting: 0, token_sessions: 0, token_waiting: 0 },
    });
    const keyId = await createKeyId(kms);
    await kms.encrypt({ keyId, plaintext });
    const pair = (await kms.createKey({ keySpec: "EC_P256" })).keyMetadata.keyId;
    const [version] = (await kms.listKeyVersions({ keyId: pair })).keyVersions;
    await kms.asymmetricSign({ keyId: pair, keyVersionId: version?.keyVersionId ?? "", message: plaintext });
    expect(usage(kms)).toMatchObject({ cached_cipher_keys: 1, cached_asymmetric_keys: 1, cached_key_names: 2 });
    await using logged = await openKms({ audit });
    const call = logged.generateRandom({ length: 1 });
    await expect.poll(() => release.length + (usage(logged).audit_events_waiting ?? 0)).toBeGreaterThan(0);
    await call;
    logWaits = false;
    for (const resolve of release) resolve();
  });

  test("is that of the store's pool and of the token's", async () => {
    const [hsm, external] = [new NodeCryptoProvider(), new NodeCryptoProvider("EXTERNAL")];
    store.pool = () => ({ open: 3, waiting: 4 });
    await using kms = await openKms({
      store,
      hsm,
      external: Object.assign(external, { pool: () => ({ open: 5, waiting: 6 }) }),
    });
    expect(usage(kms)).toMatchObject({ store_connections: 3, store_waiting: 4, token_sessions: 5, token_waiting: 6 });
  });
});

test("a sweep counts deleted material that could not be scrubbed as one more failure, until it is", async () => {
  const time = new TestClock();
  await using kms = await openKms({ store, clock: time.clock });
  const keyId = await createKeyId(kms);
  await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
  time.advance({ days: 7 });
  const scrub = store.scrub;
  store.scrub = () => Promise.reject(new Error("a reader"));
  expect(await kms.sweep()).toEqual({ settled: 0, failed: 2 });
  expect(await kms.sweep()).toEqual({ settled: 0, failed: 1 });
  store.scrub = scrub;
  expect(await kms.sweep()).toEqual({ settled: 0, failed: 0 });
});

describe("a check of the store", () => {
  test("names an audit log that cannot be written", async () => {
    let down = false;
    const audit = (_event: AuditEvent) => {
      if (down) throw new Error("no space");
    };
    await using kms = await openKms({ store, audit, onAuditFailure: "continue" });
    const keyId = await createKeyId(kms);
    expect(await kms.verify()).toMatchObject({ ok: true, problems: [] });
    down = true;
    await kms.encrypt({ keyId, plaintext });
    const { ok, problems } = await kms.verify();
    expect([ok, problems]).toEqual([false, ["The audit log cannot be written: no space"]]);
    await expect(kms.verifyAudit()).rejects.toMatchObject({ code: "ERR_AUDIT", cause: { message: "no space" } });
    down = false;
    expect(await kms.verify()).toMatchObject({ ok: true, problems: [] });
  });

  test("closes the store that it opened, also where it finds something", async () => {
    await (await openKms({ store })).close();
    let open = 0;
    const [begin, end] = [store.open.bind(store), store.close.bind(store)];
    store.open = () => {
      open++;
      return begin();
    };
    store.close = () => {
      open--;
      return end();
    };
    const options = { store, rootKey, audit: false } as const;
    expect(await verifyStore(options)).toMatchObject({ ok: true, problems: [] });
    expect(open).toBe(0);
    await begin();
    await store.write((rows) => rows.putMeta("root-change", Uint8Array.of(1)));
    expect((await verifyStore(options)).ok).toBe(false);
    await expect(verifyStore({ ...options, rootKey: new Uint8Array(32) })).rejects.toMatchObject({ code: "ERR_KEY" });
    expect(open).toBe(0);
    await end();
  });
});
