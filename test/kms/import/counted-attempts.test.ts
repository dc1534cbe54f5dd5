import { constants, createPublicKey, publicEncrypt } from "node:crypto";
import type { KeyStore } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { beforeEach, expect, test } from "vitest";
import { createKeyId, openKms } from "../open-kms.ts";

/** The private key is an oracle: an attempt is counted before it is made, so that a crash cannot make room for another. */
const wrapping = { wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_PKCS1_V1_5" } as const;

let store: KeyStore;
/** How many more transactions the process lives to write. */
let writesLeft: number;

beforeEach(async () => {
  writesLeft = Number.POSITIVE_INFINITY;
  store = memoryStore();
  await store.open();
  const write = store.write.bind(store);
  store.write = (work) => {
    if (writesLeft-- <= 0) return Promise.reject(new Error("killed"));
    return write(work);
  };
});

async function token() {
  await using kms = await openKms({ store });
  const keyId = (await kms.createKey({ origin: "EXTERNAL" })).keyMetadata.keyId;
  const { publicKey, importToken } = await kms.getParametersForImport({ keyId, ...wrapping });
  const key = createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "spki" });
  const good = publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, new Uint8Array(32));
  /** One attempt by a process that is killed after so many transactions. */
  const attempt = async (encryptedKeyMaterial: Uint8Array, writes = Number.POSITIVE_INFINITY) => {
    const process = await openKms({ store });
    writesLeft = writes;
    const code = await process.importKeyMaterial({ keyId, importToken, encryptedKeyMaterial }).then(
      () => "OK",
      (error) => error.code,
    );
    writesLeft = Number.POSITIVE_INFINITY;
    await process.close();
    return code;
  };
  return { good, attempt };
}

const failures = async () => (await store.read((rows) => rows.importTokens({})))[0]?.failures;

test("an attempt whose process is killed before it knows the answer stays counted", async () => {
  const { attempt } = await token();
  for (let i = 1; i <= 4; i++) {
    await attempt(new Uint8Array(256), 1);
    expect(await failures()).toBe(i);
  }
});

test("an attempt that cannot be counted is not made", async () => {
  const { good, attempt } = await token();
  expect(await attempt(good, 0)).not.toBe("OK");
  expect(await failures()).toBe(0);
});

test("after five counted attempts there is no sixth, although the fifth was killed before it ended the token", async () => {
  const { good, attempt } = await token();
  for (let i = 0; i < 5; i++) await attempt(new Uint8Array(256), 1);
  expect(await failures()).toBe(5);
  expect(await attempt(good)).toBe("InvalidImportToken");
  expect(await attempt(good)).toBe("InvalidImportToken");
});

test("the store's other keys are unaffected", async () => {
  await token();
  await using kms = await openKms({ store });
  await kms.encrypt({ keyId: await createKeyId(kms), plaintext: new Uint8Array(1) });
});
