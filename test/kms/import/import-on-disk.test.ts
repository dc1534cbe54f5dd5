import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqlStore } from "lanelock/stores";
import { beforeEach, expect, test } from "vitest";
import { openKms, TestClock } from "../open-kms.ts";
import { createExternal, importMaterial, invalidMaterial, wrapMaterial } from "./wrapped-material.ts";

const plaintext = new TextEncoder().encode("under a key brought from elsewhere");

let time: TestClock;
let folder: string;
beforeEach(() => {
  time = new TestClock();
  folder = mkdtempSync(join(tmpdir(), "lanelock-import-"));
  return () => rmSync(folder, { recursive: true });
});
const reopen = () => openKms({ store: sqlStore({ path: join(folder, "keys.db") }), clock: time.clock });
const onDisk = () =>
  Buffer.concat(
    readdirSync(folder)
      .filter((name) => name.startsWith("keys.db") && !name.endsWith(".jsonl"))
      .map((name) => readFileSync(join(folder, name))),
  );

test("the wrapping key survives a restart and failures stay counted", async () => {
  let stored = await reopen();
  const keyId = await createExternal(stored);
  const wrapping = { keyId, wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_PKCS1_V1_5" } as const;
  const { publicKey, importToken } = await stored.getParametersForImport(wrapping);
  const bad = { keyId, importToken, encryptedKeyMaterial: new Uint8Array(256) };
  for (let i = 0; i < 4; i += 1) await expect(stored.importKeyMaterial(bad)).rejects.toMatchObject(invalidMaterial);
  await stored.close();
  stored = await reopen();
  const material = randomBytes(32);
  const good = wrapMaterial({ publicKey, wrappingAlgorithm: "RSAES_PKCS1_V1_5" }, material);
  await stored.importKeyMaterial({ keyId, importToken, encryptedKeyMaterial: good });
  const { ciphertextBlob } = await stored.encrypt({ keyId, plaintext });
  await expect(stored.importKeyMaterial(bad)).rejects.toMatchObject(invalidMaterial);
  await stored.close();
  stored = await reopen();
  await expect(stored.importKeyMaterial(bad)).rejects.toMatchObject({ code: "InvalidImportToken" });
  expect((await stored.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
  await stored.close();
});

test.each(["expires", "fails for the fifth time"])(
  "its wrapping key leaves every file when a token %s",
  async (how) => {
    const stored = await reopen();
    const keyId = await createExternal(stored);
    const wrappingAlgorithm = "RSAES_PKCS1_V1_5";
    const { publicKey, importToken } = await stored.getParametersForImport({
      keyId,
      wrappingKeySpec: "RSA_2048",
      wrappingAlgorithm,
    });
    // The handle is stored wrapped; the public key beside it goes at the same moment and can be looked for.
    const trace = Buffer.from(publicKey).subarray(40, 100);
    expect(onDisk().includes(trace)).toBe(true);
    if (how === "expires") {
      time.advance({ days: 1 });
      await stored.sweep();
    } else {
      const bad = { keyId, importToken, encryptedKeyMaterial: new Uint8Array(256) };
      for (let i = 0; i < 5; i += 1) await expect(stored.importKeyMaterial(bad)).rejects.toMatchObject(invalidMaterial);
    }
    expect(onDisk().includes(trace)).toBe(false);
    await stored.close();
    expect(onDisk().includes(trace)).toBe(false);
  },
);

test("neither material nor a bare hash of it is in any file", async () => {
  const stored = await reopen();
  const keyId = await createExternal(stored);
  const material = randomBytes(32);
  await importMaterial(stored, { keyId, material });
  await stored.close();
  const files = Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));
  expect(files.length).toBeGreaterThan(10_000);
  for (const hash of ["sha1", "sha256", "sha512", "md5"]) {
    expect(files.includes(createHash(hash).update(material).digest().subarray(0, 16))).toBe(false);
  }
  expect(files.includes(material.subarray(0, 16))).toBe(false);
});

test("an expired token is destroyed when the KMS is opened, and forgotten after a month", async () => {
  let stored = await reopen();
  const keyId = await createExternal(stored);
  const wrapping = { keyId, wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_OAEP_SHA_256" } as const;
  const { publicKey, importToken } = await stored.getParametersForImport(wrapping);
  await stored.close();
  time.advance({ days: 2 });
  stored = await reopen();
  await stored.close();
  expect(onDisk().includes(Buffer.from(publicKey).subarray(40, 100))).toBe(false);
  time.advance({ days: 30 });
  stored = await reopen();
  await stored.sweep();
  const request = { keyId, importToken, encryptedKeyMaterial: new Uint8Array(256) };
  await expect(stored.importKeyMaterial(request)).rejects.toMatchObject({ code: "InvalidImportToken" });
  await stored.close();
});
