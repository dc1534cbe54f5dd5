import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LanelockError } from "lanelock";
import { type KeyBinding, Kms, type RootKeySource, type UnlockRequest } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { isOfFirstFormat, requireSameRoot } from "../../../src/kms/root/root-check.ts";
import { rootKeySource } from "../../../src/kms/root/root-key-sources.ts";
import { StoreKeys } from "../../../src/kms/root/store-keys.ts";
import { materialCipher } from "../../../src/providers/software/index.ts";
import { arraysMade, holding } from "../arrays-made.ts";
import { openKms } from "../open-kms.ts";

const directory = mkdtempSync(join(tmpdir(), "lanelock-root-"));
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

const secret = Uint8Array.from({ length: 32 }, (_, i) => 200 - i);
const request = {} as never;
const file = (content: string | Uint8Array) => {
  const path = join(directory, "root.key");
  writeFileSync(path, content, { mode: 0o600 });
  return rootKeySource({ file: path }, "rootKey");
};

test("a root key given as bytes is copied, and the copy wiped at close", async () => {
  const mine = Uint8Array.from(secret);
  const source = rootKeySource(mine, "rootKey");
  mine.fill(0);
  expect((await source.unlock(request)).secret).toEqual(secret);
  await source.close?.();
  expect((await source.unlock(request)).secret).toEqual(new Uint8Array(32));
});

test("a root key is 32 bytes, base64 or hex, with any white space around the text", async () => {
  const base64 = Buffer.from(secret).toString("base64");
  const hex = Buffer.from(secret).toString("hex");
  const texts = [base64, hex, hex.toUpperCase(), `${hex}\r\n`, ` ${base64}\n`, `\t${hex}`];
  for (const content of [secret, ...texts]) expect((await file(content).unlock(request)).secret).toEqual(secret);
  for (const text of texts) {
    vi.stubEnv("LANELOCK_TEST_ROOT", text);
    const source = rootKeySource({ env: "LANELOCK_TEST_ROOT" }, "rootKey");
    expect((await source.unlock(request)).secret).toEqual(secret);
  }
});

test("what was read of a root key file is wiped, whatever its form", async () => {
  for (const content of [secret, Buffer.from(Buffer.from(secret).toString("hex"))]) {
    const source = file(content);
    const { result, arrays } = await arraysMade(() => source.unlock(request));
    expect(arrays.length).toBeGreaterThan(1);
    expect(holding(arrays, content, [result.secret])).toEqual([]);
  }
});

test("a root key is one of its forms, and of its length, before a store is opened", () => {
  for (const length of [0, 31, 33, 64]) {
    const refused = expect.objectContaining({
      code: "ERR_KEY",
      message: expect.stringContaining(`has ${length} bytes`),
    });
    expect(() => rootKeySource(new Uint8Array(length), "newRootKey")).toThrow(refused);
  }
  for (const wrong of [null, undefined, "x", 5, {}, { file: 5 }, { env: 5 }, { env: undefined }, { unlock: 5 }]) {
    const refused = expect.objectContaining({
      code: "ERR_ARGUMENT",
      message: expect.stringMatching(/^newRootKey must/),
    });
    expect(() => rootKeySource(wrong, "newRootKey")).toThrow(refused);
  }
});

test("a store is of this root key, of the first format's, or of another", async () => {
  const keys = new StoreKeys("store", secret, materialCipher);
  const rows = (check: Uint8Array | undefined) => ({ meta: async () => check });
  const checks = [keys.rootCheck(), keys.firstFormatRootCheck(), new Uint8Array(32), undefined];
  const first = await Promise.all(checks.map((check) => isOfFirstFormat(rows(check), keys)));
  expect(first).toEqual([false, true, false, false]);
  await requireSameRoot(rows(checks[0]), keys);
  for (const check of checks.slice(1)) {
    await expect(requireSameRoot(rows(check), keys)).rejects.toMatchObject({ code: "ERR_KEY" });
  }
  keys.dispose();
});

test("32 characters of text are no root key, whichever characters", async () => {
  const texts = ["correct horse battery staple 123", `${"ab".repeat(15)}\r\n`, `\t${"~".repeat(30)} `, "0".repeat(32)];
  for (const text of texts) {
    expect(text.length).toBe(32);
    await expect(file(text).unlock(request)).rejects.toMatchObject({
      code: "ERR_KEY",
      message: expect.stringContaining("32 characters of text"),
    });
  }
  // One byte that no text has is enough.
  for (const byte of [0x00, 0x1f, 0x7f, 0x80, 0x0b]) {
    const bytes = Uint8Array.from({ length: 32 }, (_, i) => (i === 7 ? byte : 0x61));
    expect((await file(bytes).unlock(request)).secret).toEqual(bytes);
  }
});

test("an empty or absent environment variable is ERR_KEY, and names it", async () => {
  vi.stubEnv("LANELOCK_TEST_ROOT", "");
  for (const env of ["LANELOCK_TEST_ROOT", "LANELOCK_TEST_ROOT_ABSENT"]) {
    await expect(openKms({ store: memoryStore(), rootKey: { env } })).rejects.toMatchObject({
      code: "ERR_KEY",
      message: `The root key is not there: environment variable ${env} is not set.`,
    });
  }
});

test("material that is not what was wrapped is ERR_INTEGRITY, and names its key", () => {
  const keys = new StoreKeys("store", new Uint8Array(32), materialCipher);
  const binding: KeyBinding = {
    ...{ purpose: "key", keyId: "key-1", versionId: "v", keySpec: "Aliyun_AES_256", keyUsage: "ENCRYPT/DECRYPT" },
    ...{ origin: "Aliyun_KMS", protectionLevel: "SOFTWARE", mode: "GCM" },
  };
  const wrapped = keys.wrap(binding, secret);
  expect(keys.unwrap(binding, wrapped)).toEqual(secret);
  const refused = expect.objectContaining({ code: "ERR_INTEGRITY", message: expect.stringContaining("key-1") });
  for (let at = 0; at < wrapped.length; at++) {
    const changed = wrapped.map((byte, i) => (i === at ? byte ^ 1 : byte));
    expect(() => keys.unwrap(binding, changed), `byte ${at}`).toThrow(refused);
  }
  // Each part of the binding and of the policy is authenticated.
  const others = { purpose: "import", keyId: "key-2", versionId: "w", keySpec: "Aliyun_SM4", keyUsage: "SIGN/VERIFY" };
  const policies = { origin: "EXTERNAL", protectionLevel: "HSM", mode: "CBC" };
  for (const [name, value] of Object.entries({ ...others, ...policies })) {
    const moved = { ...binding, [name]: value } as KeyBinding;
    expect(() => keys.unwrap(moved, wrapped), name).toThrow(expect.objectContaining({ code: "ERR_INTEGRITY" }));
  }
  keys.dispose();
});

/** As browserRoot: once a store was opened again with its sealed data, no other store gets a secret. */
function rootOfOneStore(unlocking: (request: UnlockRequest) => Promise<void>): RootKeySource {
  let owner: string | undefined;
  return {
    name: "root of one store",
    async unlock(request) {
      await unlocking(request);
      if (request.sealed) owner ??= request.storeId;
      if (owner !== undefined && owner !== request.storeId) throw new LanelockError("ERR_KEY", "It has another store.");
      return { secret: new Uint8Array(32).fill(request.storeId.charCodeAt(0)), sealed: Uint8Array.of(1) };
    },
  };
}

test("of two openings that make one store at once, the later takes the store of the earlier, whatever the root key says", async () => {
  const store = memoryStore();
  let begin: () => void = () => undefined;
  const made = new Promise<void>((resolve) => {
    begin = resolve;
  });
  let asked = 0;
  const rootKey = rootOfOneStore(async ({ sealed }) => {
    // The first to ask for the secret of a new store gets it when the second has made the store.
    if (!sealed && asked++ === 0) await made;
  });
  const late = Kms.open({ store, rootKey });
  await using early = await Kms.open({ store, rootKey });
  const { keyId } = (await early.createKey({})).keyMetadata;
  begin();
  await using same = await late;
  expect((await same.describeKey({ keyId })).keyMetadata.keyId).toBe(keyId);
});

test("a root key that refuses a new store fails its opening with that refusal, and no store is made", async () => {
  const store = memoryStore();
  const refusal = new LanelockError("ERR_KEY", "It has another store.");
  const refusing = { name: "refusing", unlock: () => Promise.reject(refusal) };
  await expect(Kms.open({ store, rootKey: refusing })).rejects.toBe(refusal);
  await using kms = await Kms.open({ store, rootKey: new Uint8Array(32) });
  expect((await kms.listKeys({})).totalCount).toBe(0);
});
