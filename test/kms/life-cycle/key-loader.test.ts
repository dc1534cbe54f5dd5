import { createVerify } from "node:crypto";
import type { CipherKey, KeyStore, Kms, StoredKeyObject } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { beforeEach, describe, expect, test } from "vitest";
import { asymmetricKey, cipherKey } from "../../../src/kms/life-cycle/key-loader.ts";
import type { KeyRow } from "../../../src/kms/ports/index.ts";
import { bareContext } from "../bare-context.ts";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { openKms } from "../open-kms.ts";
import { trustedRows } from "../trusted-rows.ts";

/** A token that finds its keys only when it is told to, and notes which it has disposed of. */
class SlowToken extends NodeCryptoProvider {
  made = 0;
  disposed = 0;
  go: () => void = () => undefined;
  wait: Promise<void> = Promise.resolve();

  hold(): void {
    this.wait = new Promise((resolve) => {
      this.go = resolve;
    });
  }

  override createKey(request: Parameters<NodeCryptoProvider["createKey"]>[0]) {
    this.made++;
    return super.createKey(request);
  }

  override async loadCipherKey(object: StoredKeyObject): Promise<CipherKey> {
    await this.wait;
    return { ...(await super.loadCipherKey(object)), dispose: () => void this.disposed++ };
  }
}

const plaintext = new Uint8Array(16);
let store: KeyStore;
let hsm: SlowToken;
beforeEach(() => {
  store = memoryStore();
  hsm = new SlowToken();
});

const open = (maxKeys: number) => openKms({ store, hsm, cache: { maxKeys } });
const hsmKey = async (kms: Kms) => (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;

describe("the object of a mode", () => {
  test("is made once for all calls that use the mode first", async () => {
    await using kms = await open(10);
    const { keyId } = await hsmKey(kms);
    const calls = [1, 2, 3].map(() => kms.encrypt({ keyId, plaintext, algorithm: "AES_CBC" }));
    for (const { ciphertextBlob } of await Promise.all(calls)) {
      expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
    }
    expect([hsm.made, hsm.keys.size]).toEqual([2, 2]);
  });

  test("is not made to decrypt: nothing was ever encrypted with it", async () => {
    await using kms = await open(10);
    const { keyId } = await hsmKey(kms);
    const { row } = await rowOf(keyId);
    const { core } = await bareContext(store, { providers: new Map([["HSM", hsm]]) });
    const request = { row, versionId: row.primaryVersionId ?? "", mode: "CBC", create: false } as const;
    await expect(cipherKey(core, request)).rejects.toMatchObject({ code: "InvalidParameter" });
    expect(hsm.made).toBe(1);
  });

  test("is never made for imported material, whose modes are those it was imported for", async () => {
    await using kms = await open(10);
    const { keyId } = (await kms.createKey({ protectionLevel: "HSM", origin: "EXTERNAL" })).keyMetadata;
    const { row, versionId } = await rowOf(keyId);
    const { core } = await bareContext(store, { providers: new Map([["HSM", hsm]]) });
    for (const create of [true, false]) {
      for (const mode of ["GCM", "CBC"] as const) {
        const loading = cipherKey(core, { row, versionId, mode, create });
        await expect(loading).rejects.toMatchObject({ code: "Rejected.PendingImport", httpStatus: 409 });
      }
    }
    const loading = asymmetricKey(core, { row, versionId });
    await expect(loading).rejects.toMatchObject({ code: "Rejected.PendingImport" });
    expect(hsm.made).toBe(0);
  });

  test("that another process made is kept, and ours destroyed, also where one handle begins with the other", async () => {
    await using one = await open(0);
    await using other = await open(0);
    const { keyId } = await hsmKey(one);
    const create = hsm.createKey.bind(hsm);
    const named = async (name: string, request: Parameters<typeof create>[0]) => {
      const created = await create(request);
      const own = Buffer.from(created.handle).toString();
      const object = hsm.keys.get(own);
      if (object) hsm.keys.set(name, object);
      hsm.keys.delete(own);
      return { ...created, handle: Buffer.from(name) };
    };
    hsm.createKey = async (request) => {
      hsm.createKey = (second) => named("cbc", second);
      const created = await named("cbc-1", request);
      await other.encrypt({ keyId, plaintext, algorithm: "AES_CBC" });
      return created;
    };
    await one.encrypt({ keyId, plaintext, algorithm: "AES_CBC" });
    expect([...hsm.keys.keys()]).toEqual(["object 1", "cbc"]);
  });
});

test("a loaded key whose caller gave up is disposed of, although nobody waits for it any more", async () => {
  await using kms = await open(0);
  const { keyId } = await hsmKey(kms);
  hsm.hold();
  const impatient = new AbortController();
  const call = kms.encrypt({ keyId, plaintext }, { signal: impatient.signal });
  await new Promise((resolve) => setImmediate(resolve));
  impatient.abort(new Error("too slow"));
  await expect(call).rejects.toThrow("too slow");
  hsm.go();
  await expect.poll(() => hsm.disposed).toBe(1);
});

describe("the invocations of a loaded key", () => {
  const LIMIT = 2 ** 32;

  test("are given back when it leaves the cache", async () => {
    const kms = await open(1);
    const { keyId, primaryKeyVersion: versionId = "" } = await hsmKey(kms);
    await kms.encrypt({ keyId, plaintext });
    const count = async () => (await store.read((rows) => rows.counter({ versionId, mode: "GCM" })))?.count;
    expect(await count()).toBe(64);
    await kms.encrypt({ keyId: (await hsmKey(kms)).keyId, plaintext });
    await expect.poll(count).toBe(1);
    await kms.close();
  });

  test("rotate the key by themselves when few are left", async () => {
    await using kms = await open(10);
    const { keyId, primaryKeyVersion: versionId = "" } = await hsmKey(kms);
    const others = LIMIT - LIMIT / 16;
    await (await trustedRows(store)).reserve({ versionId, mode: "GCM", amount: others, limit: LIMIT });
    expect((await kms.encrypt({ keyId, plaintext })).keyVersionId).toBe(versionId);
    const primary = async () => (await kms.describeKey({ keyId })).keyMetadata.primaryKeyVersion;
    await expect.poll(primary).not.toBe(versionId);
  });
});

test("the private key of a version is loaded once, and signs", async () => {
  await using kms = await open(10);
  const { keyId } = (await kms.createKey({ keySpec: "EC_P256" })).keyMetadata;
  const [version] = (await kms.listKeyVersions({ keyId })).keyVersions;
  const named = { keyId, keyVersionId: version?.keyVersionId ?? "" };
  const { publicKey } = await kms.getPublicKey(named);
  const reads: number[] = [];
  for (let times = 0; times < 3; times++) {
    const own = store.read;
    let asked = 0;
    store.read = (work) => {
      asked++;
      return own.call(store, work) as never;
    };
    const { value } = await kms.asymmetricSign({ ...named, message: plaintext });
    store.read = own;
    reads.push(asked);
    expect(createVerify("sha256").update(plaintext).verify(publicKey, value)).toBe(true);
  }
  expect(reads[2]).toBeLessThan(reads[0] ?? 0);
});

test("keys of imported material do not rotate, by a call or by a policy", async () => {
  await using kms = await openKms({ store, allowSeeding: true });
  const { keyId } = (
    await kms.seedKey({ keyId: "key-seeded", keyVersionId: "v".repeat(36), material: new Uint8Array(32) })
  ).keyMetadata;
  const refused = { code: "UnsupportedOperation", httpStatus: 400 };
  await expect(kms.rotateKey({ keyId })).rejects.toMatchObject(refused);
  const policy = { keyId, enableAutomaticRotation: true, rotationInterval: "7d" };
  await expect(kms.updateRotationPolicy(policy)).rejects.toMatchObject(refused);
});

async function rowOf(keyId: string): Promise<{ row: KeyRow; versionId: string }> {
  return (await trustedRows(store)).read(async (rows) => {
    const row = await rows.key(keyId);
    const [version] = (await rows.versions(keyId, { offset: 0, limit: 1 })).rows;
    if (row === undefined || version === undefined) throw new Error("no key");
    return { row, versionId: version.versionId };
  });
}
