import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { pkcs11 } from "lanelock/pkcs11";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { CipherKey, KeyProvider } from "../../../src/kms/ports/index.ts";
import { createFaultyToken } from "../../tokens/faulty-token.ts";
import { type CallRecord, instrument } from "../../tokens/instrumented-module.ts";
import { binding, host, iv } from "../objects/key-objects.ts";

const faulty = createFaultyToken("handles");
const CKA_ID = 0x102;
let provider: KeyProvider;
let calls: CallRecord;
beforeAll(async () => {
  provider = pkcs11({ ...faulty.options, sessions: { max: 1 } });
  await provider.open(host);
  calls = await instrument(faulty.options);
});
afterEach(() => {
  calls.instead = undefined;
  faulty.set("delayMs", 0);
});
afterAll(async () => {
  await provider.close();
  faulty.dispose();
});

async function freshKey(mode: "GCM" | "CBC" | "ECB" = "GCM"): Promise<CipherKey> {
  const bound = binding("Aliyun_AES_256", { mode });
  const { handle } = await provider.createKey({ binding: bound });
  return provider.loadCipherKey({ binding: bound, handle });
}

async function madeDuring(work: () => unknown): Promise<string[]> {
  calls.made.length = 0;
  await work();
  return [...calls.made];
}

test("a handle is believed for a second; then the object must still have its CKA_ID", async () => {
  const key = await freshKey();
  const request = { data: randomBytes(20), iv: iv("GCM") };
  const encrypt = () => key.encrypt(request);
  await encrypt();
  expect(await madeDuring(encrypt)).not.toContain("C_GetAttributeValue");
  await sleep(1010);
  const after = await madeDuring(encrypt);
  expect(after.indexOf("C_GetAttributeValue")).toBeGreaterThanOrEqual(0);
  expect(after.indexOf("C_GetAttributeValue")).toBeLessThan(after.indexOf("C_EncryptInit"));
  expect(await madeDuring(encrypt)).not.toContain("C_GetAttributeValue");
});

test("a handle that another object has by now is not used: the key is looked up again", async () => {
  const [key, other] = [await freshKey(), await freshKey()];
  const request = { data: randomBytes(20), iv: iv("GCM") };
  const sealed = Buffer.from(await key.encrypt(request));
  await other.encrypt(request);
  await sleep(1010);
  // The error of a token that has renumbered its objects.
  let lies = 1;
  calls.instead = (name, parameters, real) => {
    const [, , template] = parameters;
    const asksId = name === "C_GetAttributeValue" && Array.isArray(template) && template[0]?.type === CKA_ID;
    if (!asksId || lies === 0) return real();
    lies -= 1;
    return [{ type: CKA_ID, value: randomBytes(20) }];
  };
  const made = await madeDuring(async () => expect(Buffer.from(await key.encrypt(request))).toEqual(sealed));
  expect(lies).toBe(0);
  const found = made.indexOf("C_FindObjects");
  expect(found).toBeGreaterThanOrEqual(0);
  expect(made.indexOf("C_EncryptInit")).toBeGreaterThan(found);
});

/** The arrays over 32 bytes of memory that PKCS#11 input is made of: the padded copy of 20 bytes. */
function watchBuffers(): Buffer[] {
  const seen: Buffer[] = [];
  const from: (...parameters: unknown[]) => Buffer = Buffer.from.bind(Buffer) as never;
  vi.spyOn(Buffer, "from").mockImplementation(((...parameters: unknown[]) => {
    const buffer = from(...parameters);
    if (buffer.length === 32) seen.push(buffer);
    return buffer;
  }) as never);
  return seen;
}

test.each(["CBC", "ECB"] as const)(
  "the padded copy of a plaintext of %s is wiped, whatever becomes of it",
  async (mode) => {
    const key = await freshKey(mode);
    const plaintext = Buffer.from("twenty bytes secret!");
    const request = { data: plaintext, iv: iv(mode), padding: "PKCS7_PADDING" } as const;
    const encrypt = async () => key.encrypt(request);
    const secret = (bytes: Buffer) => bytes.includes("secret");
    const check = async (what: string, outcome: () => Promise<unknown>) => {
      const seen = watchBuffers();
      let hadIt = false;
      calls.instead = (name, parameters, real) => {
        const [, data] = parameters;
        if (name.startsWith("C_Encrypt") && Buffer.isBuffer(data)) hadIt ||= secret(data);
        return real();
      };
      await outcome();
      vi.restoreAllMocks();
      expect(hadIt, `${what}: the token got it`).toBe(true);
      expect(seen.length, what).toBeGreaterThan(0);
      expect(seen.some(secret), what).toBe(false);
    };
    // In the thread pool, as every token at first.
    faulty.set("delayMs", 60);
    await encrypt();
    await check("in the thread pool", encrypt);
    const fails = (code: number) => async () => {
      faulty.set("failNext", code);
      await expect(encrypt()).rejects.toMatchObject({ code: "ERR_PROVIDER" });
    };
    await check("failed in the thread pool", fails(0x31));
    faulty.set("delayMs", 0);
    for (let i = 0; i < 12; i += 1) await encrypt();
    await check("at once", encrypt);
    for (let i = 0; i < 12; i += 1) await encrypt();
    await check("failed at once", fails(0x31));
  },
);

/** The memory that tokens write their output of up to 32 bytes to. */
function watchOutputs(): Buffer[] {
  const seen: Buffer[] = [];
  const { alloc } = Buffer;
  vi.spyOn(Buffer, "alloc").mockImplementation((size, ...parameters) => {
    const buffer = alloc(size, ...parameters);
    if (size >= 32) seen.push(buffer);
    return buffer;
  });
  return seen;
}

test.each(["GCM", "CBC", "ECB"] as const)("what a token decrypts in %s is wiped once it is copied", async (mode) => {
  const key = await freshKey(mode);
  const plaintext = new Uint8Array(Buffer.from("twenty bytes secret!"));
  const request = { iv: iv(mode), padding: mode === "GCM" ? undefined : ("PKCS7_PADDING" as const) };
  const data = new Uint8Array(await key.encrypt({ ...request, data: plaintext }));
  const decrypt = async () => key.decrypt({ ...request, data });
  const check = async (what: string, end: "C_Decrypt" | "C_DecryptAsync") => {
    const seen = watchOutputs();
    const made = await madeDuring(async () => expect(await decrypt(), what).toEqual(plaintext));
    vi.restoreAllMocks();
    expect(made, what).toContain(end);
    expect(seen.length, what).toBeGreaterThan(0);
    expect(
      seen.some((bytes) => bytes.includes("secret")),
      what,
    ).toBe(false);
  };
  faulty.set("delayMs", 60);
  await decrypt();
  await check("in the thread pool", "C_DecryptAsync");
  faulty.set("delayMs", 0);
  for (let i = 0; i < 12; i += 1) await decrypt();
  await check("at once", "C_Decrypt");
});
