import { generateKeyPairSync, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { runInNewContext } from "node:vm";
import { LanelockError } from "lanelock";
import { KmsError } from "lanelock/kms";
import { pkcs11, pkcs11Root } from "lanelock/pkcs11";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { AsymmetricKey, CipherKey, KeyProvider } from "../../../src/kms/ports/index.ts";
import { Token } from "../../../src/providers/pkcs11/session/token.ts";
import { createFaultyToken } from "../../tokens/faulty-token.ts";
import { foreignErrors, nextForeignError } from "../../tokens/foreign-errors.ts";
import { type CallRecord, instrument } from "../../tokens/instrumented-module.ts";
import { binding, host, iv, outcome } from "../objects/key-objects.ts";

// Every call of PKCS#11 that an operation makes fails in turn, with what a driver should not throw. The caller must see an error of
// ours, the next call must succeed, and no session may be lost or handed out twice.

const faulty = createFaultyToken("injection");
const max = 2;
const options = { ...faulty.options, sessions: { max, timeoutMs: 20_000 } };
const pkcs8 = (type: "rsa" | "ec") =>
  new Uint8Array(
    (type === "rsa"
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : generateKeyPairSync("ec", { namedCurve: "P-256" })
    ).privateKey.export({ format: "der", type: "pkcs8" }),
  );

/** Sessions that the token is made to call unknown: their numbers may be another's, so nobody closes them. */
let saidToBeLost = 0;
let calls: CallRecord;
let provider: KeyProvider;
const aes = binding("Aliyun_AES_256");
const cbc = binding("Aliyun_AES_256", { mode: "CBC" });
const rsa = binding("RSA_2048");
const ecSign = binding("EC_P256", { keyUsage: "SIGN/VERIFY" });
const ecOpen = binding("EC_P256");
const sm4 = binding("Aliyun_SM4");
const handles = new Map<object, { handle: Uint8Array; publicKey?: Uint8Array | undefined }>();
const message = { data: randomBytes(32), iv: iv("GCM") };

beforeAll(async () => {
  keepLedger();
  provider = pkcs11(options);
  await provider.open(host);
  calls = await instrument(options);
  for (const bound of [aes, cbc, ecSign, ecOpen, sm4]) handles.set(bound, await provider.createKey({ binding: bound }));
  handles.set(rsa, await provider.importKey({ binding: rsa, material: pkcs8("rsa") }));
});
afterAll(async () => {
  await provider.close();
  expect(faulty.get("openSessions")).toBe(saidToBeLost);
  faulty.dispose();
});

/** The sessions that are handed out, and what went wrong with that. */
const ledger = { out: new Set<unknown>(), wrong: [] as string[] };
/** The token that was last asked for a session. */
let asked: Token | undefined;
let within = 0;

/** Writes down each session that operations take from a token, and that it comes back once. */
function keepLedger(): void {
  const { tryTake, take, give, discard, recover } = Token.prototype;
  const took = <T>(session: T): T => {
    if (session !== undefined && ledger.out.has(session)) ledger.wrong.push("a session was handed out twice");
    if (session !== undefined) ledger.out.add(session);
    return session;
  };
  const back = (session: unknown, how: string) => {
    if (within === 0 && !ledger.out.delete(session)) ledger.wrong.push(`a session came back twice (${how})`);
  };
  vi.spyOn(Token.prototype, "tryTake").mockImplementation(function (this: Token) {
    asked = this;
    return took(tryTake.call(this));
  });
  vi.spyOn(Token.prototype, "take").mockImplementation(async function (this: Token, wait) {
    asked = this;
    return took(await take.call(this, wait));
  });
  vi.spyOn(Token.prototype, "give").mockImplementation(function (this: Token, session) {
    back(session, "give");
    give.call(this, session);
  });
  vi.spyOn(Token.prototype, "discard").mockImplementation(function (this: Token, session, error) {
    back(session, "discard");
    discard.call(this, session, error);
  });
  vi.spyOn(Token.prototype, "recover").mockImplementation(function (this: Token, error, session) {
    back(session, "recover");
    within += 1;
    try {
      return recover.call(this, error, session);
    } finally {
      within -= 1;
    }
  });
}

function requireBalance(what: string): void {
  expect(ledger.wrong, what).toEqual([]);
  expect(ledger.out.size, what).toBe(0);
}

const stored = (bound: typeof aes) => ({ binding: bound, ...(handles.get(bound) ?? { handle: new Uint8Array() }) });
const cipherKey = async (bound: typeof aes): Promise<CipherKey> => provider.loadCipherKey(stored(bound));
const asymmetricKey = async (bound: typeof aes): Promise<AsymmetricKey> => provider.loadAsymmetricKey(stored(bound));

/** From now on the token is called in the thread pool, until it has been quick three times. */
async function slowDown(): Promise<void> {
  const key = await cipherKey(aes);
  faulty.set("delayMs", 60);
  // Where the processor is busy, calls before these may have been slow by chance, so that the first delayed one ends a trial that
  // finds the token quick. A token that hangs must not be called synchronously.
  do await key.encrypt(message);
  while (asked?.pace.quick !== undefined);
  faulty.set("delayMs", 0);
}

async function speedUp(): Promise<void> {
  const key = await cipherKey(aes);
  for (let i = 0; i < 8; i += 1) await key.encrypt(message);
}

type Work = () => Promise<() => unknown>;
const operations: Record<string, Work> = {
  "createKey of AES": async () => () => provider.createKey({ binding: binding("Aliyun_AES_256") }),
  "createKey of SM4": async () => () => provider.createKey({ binding: binding("Aliyun_SM4") }),
  "createKey of EC": async () => () => provider.createKey({ binding: binding("EC_P256K") }),
  "importKey of AES": async () => () =>
    provider.importKey({ binding: binding("Aliyun_AES_192"), material: new Uint8Array(randomBytes(24)) }),
  "importKey of EC": async () => {
    const material = pkcs8("ec");
    return () => provider.importKey({ binding: binding("EC_P256"), material });
  },
  destroyKey: async () => {
    const bound = binding("Aliyun_AES_256");
    const { handle } = await provider.createKey({ binding: bound });
    return () => provider.destroyKey({ binding: bound, handle });
  },
  "encrypt, the first time": async () => {
    const key = await cipherKey(aes);
    return () => key.encrypt(message);
  },
  "encrypt, at once": async () => {
    const key = await cipherKey(aes);
    await speedUp();
    await key.encrypt(message);
    return () => key.encrypt(message);
  },
  "encrypt, with a handle that is looked at again": async () => {
    const key = await cipherKey(aes);
    await key.encrypt(message);
    await sleep(1010);
    return () => key.encrypt(message);
  },
  "encrypt, in the thread pool": async () => {
    const key = await cipherKey(aes);
    await key.encrypt(message);
    await slowDown();
    return () => key.encrypt(message);
  },
  decrypt: async () => {
    const key = await cipherKey(aes);
    const data = await key.encrypt(message);
    return () => key.decrypt({ ...message, data });
  },
  "decrypt, in the thread pool": async () => {
    const key = await cipherKey(aes);
    const data = await key.encrypt(message);
    await slowDown();
    return () => key.decrypt({ ...message, data });
  },
  "decrypt of a forgery": async () => {
    const key = await cipherKey(aes);
    return () => outcome(() => key.decrypt({ ...message, data: randomBytes(40) })).catch(forged);
  },
  "CBC with padding": async () => {
    const key = await cipherKey(cbc);
    const request = { data: randomBytes(20), iv: iv("CBC"), padding: "PKCS7_PADDING" } as const;
    return async () => key.decrypt({ ...request, data: await key.encrypt(request) });
  },
  SM4: async () => {
    const key = await cipherKey(sm4);
    return async () => key.decrypt({ ...message, data: await key.encrypt(message) });
  },
  "sign by ECDSA": async () => {
    const key = await asymmetricKey(ecSign);
    return () => key.sign({ algorithm: "ECDSA_SHA_256", messageType: "RAW", data: randomBytes(9) });
  },
  "decrypt by ECIES": async () => {
    const key = await asymmetricKey(ecOpen);
    const algorithm = "ECIES_DH_SHA_1_XOR_HMAC";
    const data = await key.encrypt({ algorithm, data: randomBytes(9) });
    return () => key.decrypt({ algorithm, data });
  },
  "decrypt by RSA": async () => {
    const key = await asymmetricKey(rsa);
    const algorithm = "RSAES_OAEP_SHA_256";
    const data = await key.encrypt({ algorithm, data: randomBytes(9) });
    return () => key.decrypt({ algorithm, data });
  },
  "opening and closing a provider": async () => async () => {
    const another = pkcs11(options);
    try {
      await another.open(host);
    } finally {
      await another.close();
    }
  },
  "unlocking by a root on the token": async () => async () => {
    const root = pkcs11Root({ ...options, label: "injected root" });
    try {
      const { sealed } = await root.unlock({ storeId: host.storeId });
      await root.unlock({ storeId: host.storeId, sealed });
    } finally {
      await root.close?.();
    }
  },
};

function forged(error: unknown): void {
  if (!(error instanceof LanelockError && error.code === "ERR_AUTHENTICATION")) throw error;
}

/** What a caller may see: one of our errors, that says something and tells what to do. */
function requireOurs(error: unknown, what: string): void {
  expect(error, what).toBeInstanceOf(LanelockError);
  const { code, message: text } = error as LanelockError;
  expect(error instanceof KmsError ? "ERR_PROVIDER" : code, `${what}: ${text}`).toBe("ERR_PROVIDER");
  expect(text, what).toMatch(/^[A-Z].{20,}\.$/s);
}

/** Whether as many callers as there are sessions get one at the same time, and no more. */
async function requireAllSessions(what: string): Promise<void> {
  const key = await cipherKey(aes);
  await key.encrypt(message);
  await slowDown();
  faulty.set("hang", 1);
  const before = faulty.get("calls");
  const callers = Array.from({ length: max + 1 }, async () => key.encrypt(message));
  for (let waited = 0; faulty.get("calls") < before + max && waited < 10_000; waited += 5) await sleep(5);
  await sleep(20);
  const begun = faulty.get("calls") - before;
  faulty.set("hang", 0);
  await Promise.all(callers);
  requireBalance(what);
  expect(begun, what).toBe(max);
  expect(faulty.get("openSessions"), what).toBe(max);
}

describe.each(Object.entries(operations))("%s", (_name, prepare) => {
  test("with every call failing in turn, once", async () => {
    const foreign = nextForeignError();
    let done = 0;
    for (let index = 0; ; index += 1) {
      const work = await prepare();
      const [kind, thrown] = foreign();
      calls.made.length = 0;
      calls.thrown = thrown;
      calls.failing = (_call, made) => made === index;
      const error = await outcome(work).then(
        () => undefined,
        (reason: unknown) => ({ reason }),
      );
      calls.failing = undefined;
      const call = calls.made[index];
      if (call === undefined) break;
      if (error) requireOurs(error.reason, `${kind} from ${call}, the call ${index}`);
      await expect(outcome(await prepare()), `after ${kind} from ${call}, the call ${index}`).resolves.not.toThrow();
      done += 1;
    }
    expect(done).toBeGreaterThan(0);
    await requireAllSessions("after all");
  });

  test("with every function failing until it comes back", async () => {
    const work = await prepare();
    calls.made.length = 0;
    await outcome(work);
    const names = [...new Set(calls.made)];
    for (const [index, name] of names.entries()) {
      const again = await prepare();
      const [kind, thrown] = foreignErrors[index % foreignErrors.length] ?? [];
      calls.thrown = thrown;
      calls.failing = (call) => call === name;
      const error = await outcome(again).then(
        () => undefined,
        (reason: unknown) => ({ reason }),
      );
      calls.failing = undefined;
      if (error) requireOurs(error.reason, `${kind} from every ${name}`);
      await expect(outcome(await prepare()), `after ${kind} from every ${name}`).resolves.not.toThrow();
    }
    await requireAllSessions("after all");
  });
});

test("a call that its caller gave up on gives its session back once, when it ends well and when it fails", async () => {
  const key = await cipherKey(aes);
  const requests = { encrypt: message, decrypt: { ...message, data: await key.encrypt(message) } };
  for (const kind of ["encrypt", "decrypt"] as const) {
    for (const failure of [0, 0x05, 0x31]) {
      await slowDown();
      faulty.set("hang", 1);
      const before = faulty.get("calls");
      const giveUp = new AbortController();
      const call = outcome(() => key[kind]({ ...requests[kind], signal: giveUp.signal }));
      while (faulty.get("calls") === before) await sleep(5);
      giveUp.abort(new Error("no longer wanted"));
      await expect(call).rejects.toThrow("no longer wanted");
      faulty.set("failNext", failure);
      faulty.set("hang", 0);
      while (ledger.out.size > 0) await sleep(5);
      faulty.set("failNext", 0);
      await requireAllSessions(`${kind} and the code ${failure}`);
    }
  }
});

test("a CKR code of another realm's error is understood as any other", async () => {
  const key = await cipherKey(aes);
  const sealed = await key.encrypt(message);
  await speedUp();
  for (const [code, times] of [
    ["CKR_SESSION_HANDLE_INVALID:179", 1],
    ["CKR_USER_NOT_LOGGED_IN:257", 2],
    ["CKR_KEY_HANDLE_INVALID:96", 1],
  ] as const) {
    let left = times;
    calls.thrown = runInNewContext(`new Error(${JSON.stringify(code)})`);
    calls.failing = (name) => {
      left -= name === "C_DecryptInit" ? 1 : 0;
      return name === "C_DecryptInit" && left >= 0;
    };
    expect(Buffer.from(await key.decrypt({ ...message, data: sealed })), code).toEqual(message.data);
    if (code.startsWith("CKR_SESSION")) saidToBeLost += 1;
    calls.failing = undefined;
  }
  calls.thrown = runInNewContext('new Error("CKR_DEVICE_MEMORY:49")');
  calls.failing = (name) => name.startsWith("C_Decrypt") && name !== "C_DecryptInit";
  await expect(outcome(() => key.decrypt({ ...message, data: sealed }))).rejects.toMatchObject({
    code: "ERR_PROVIDER",
    cause: { ckr: "CKR_DEVICE_MEMORY", call: "C_Decrypt" },
    message: expect.stringContaining("full"),
  });
  calls.failing = undefined;
});

test("a PIN function that fails says so, and asks the token nothing", async () => {
  for (const [kind, thrown] of foreignErrors) {
    const pin = () => {
      throw thrown;
    };
    const before = faulty.get("logins");
    const error = await outcome(() => pkcs11({ ...options, pin }).open(host)).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error, kind).toMatchObject({ code: "ERR_PROVIDER", message: expect.stringMatching(/PIN.*function/) });
    expect(faulty.get("logins")).toBe(before);
  }
});
