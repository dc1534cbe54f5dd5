import { constants, createPublicKey, publicEncrypt, randomBytes } from "node:crypto";
import { runInNewContext } from "node:vm";
import { type CipherKey, Kms, KmsError } from "lanelock/kms";
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

async function failure(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  return "it did not fail";
}

const wrapping = { wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_OAEP_SHA_256" } as const;

/** An HSM key, and what brings the material of its owner. */
async function readyToImport(kms: Kms) {
  const { keyId } = (await kms.createKey({ origin: "EXTERNAL", protectionLevel: "HSM" })).keyMetadata;
  const { publicKey, importToken } = await kms.getParametersForImport({ keyId, ...wrapping });
  const key = createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "spki" });
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
  const encryptedKeyMaterial = publicEncrypt({ key, ...padding }, randomBytes(32));
  return { importedId: keyId, importing: { keyId, importToken, encryptedKeyMaterial } };
}

describe.each(thrown.map((value, i) => [i, value] as const))("something foreign (%i)", (_, value) => {
  const fail = async () => {
    throw value;
  };

  const throwing = () => {
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

  test("from a provider is ERR_PROVIDER, and says which call failed", async () => {
    const hsm = new NodeCryptoProvider();
    hsm.open = fail;
    expect(await failure(openKms({ hsm }))).toMatchObject({ code: "ERR_PROVIDER" });
    const working = new NodeCryptoProvider();
    await using kms = await openKms({ hsm: working, cache: { maxKeys: 0 } });
    const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
    const { importedId, importing } = await readyToImport(kms);
    const uses = {
      createKey: () => kms.createKey({ protectionLevel: "HSM" }),
      loadCipherKey: () => kms.encrypt({ keyId, plaintext: new Uint8Array(1) }),
      importKey: () => kms.importKeyMaterial(importing),
      destroyKey: () => kms.deleteKeyMaterial({ keyId: importedId }),
    } as const;
    for (const method of ["createKey", "loadCipherKey", "importKey", "destroyKey"] as const) {
      const before = working[method];
      for (const how of [fail, throwing]) {
        working[method] = how;
        const refusal = { code: "ERR_PROVIDER", message: expect.stringContaining(method) };
        expect(await failure(uses[method]())).toMatchObject(refusal);
      }
      Object.assign(working, { [method]: before });
      await uses[method]();
    }
  });

  test("from a provider's key is ERR_PROVIDER, also when it is thrown at once", async () => {
    for (const how of [fail, throwing]) {
      for (const method of ["encrypt", "decrypt"] as const) {
        const working = new NodeCryptoProvider();
        const load = working.loadCipherKey.bind(working);
        let broken = false;
        working.loadCipherKey = async (object) => {
          const key = await load(object);
          const use: CipherKey["encrypt"] = async (request) => (broken ? how() : key[method](request));
          return { encrypt: key.encrypt.bind(key), decrypt: key.decrypt.bind(key), dispose() {}, [method]: use };
        };
        await using kms = await openKms({ hsm: working });
        const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
        const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext: new Uint8Array(1) });
        broken = true;
        const call =
          method === "encrypt" ? kms.encrypt({ keyId, plaintext: new Uint8Array(1) }) : kms.decrypt({ ciphertextBlob });
        expect(await failure(call)).toMatchObject({ code: "ERR_PROVIDER", message: expect.stringContaining(method) });
        broken = false;
        await kms.decrypt({ ciphertextBlob });
      }
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

describe("a provider", () => {
  test("that returns what the port does not allow is ERR_PROVIDER, named with the call", async () => {
    const results = [undefined, null, {}, "text", { handle: "text" }, 5, [1]];
    for (const result of results) {
      const working = new NodeCryptoProvider();
      await using kms = await openKms({ hsm: working });
      const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
      const create = working.createKey;
      working.createKey = async () => result as never;
      const refusal = { code: "ERR_PROVIDER", message: expect.stringContaining("createKey") };
      expect(await failure(kms.createKey({ protectionLevel: "HSM" }))).toMatchObject(refusal);
      working.createKey = create;
      const load = working.loadCipherKey.bind(working);
      working.loadCipherKey = async (object) =>
        Object.assign(Object.create(await load(object)), { encrypt: async () => result, dispose() {} });
      expect(await failure(kms.encrypt({ keyId, plaintext: new Uint8Array(1) }))).toMatchObject({
        code: "ERR_PROVIDER",
        message: expect.stringContaining("encrypt"),
      });
    }
  });

  test("of another copy of the package keeps the meaning of its errors", async () => {
    const foreign = (code: string) => Object.assign(new Error("of a copy"), { code });
    const working = new NodeCryptoProvider();
    await using kms = await openKms({ hsm: working, cache: { maxKeys: 0 } });
    const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext: new Uint8Array(1) });
    working.createKey = async () => {
      throw foreign("UnsupportedOperation");
    };
    const refused = await failure(kms.createKey({ protectionLevel: "HSM" }));
    expect(refused).toBeInstanceOf(KmsError);
    expect(refused).toMatchObject({ code: "UnsupportedOperation", httpStatus: 400 });
    for (const code of ["ERR_AUTHENTICATION", "ERR_LENGTH"]) {
      working.loadCipherKey = async () => ({
        encrypt: () => new Uint8Array(1),
        decrypt: () => Promise.reject(foreign(code)),
        dispose() {},
      });
      const forged = await failure(kms.decrypt({ ciphertextBlob }));
      expect(forged).toMatchObject({ code: "InvalidParameter" });
    }
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
