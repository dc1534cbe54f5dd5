import { randomBytes } from "node:crypto";
import { renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { pkcs11 } from "lanelock/pkcs11";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CipherKey, KeyProvider } from "../../../src/kms/ports/index.ts";
import { createFaultyToken } from "../../tokens/faulty-token.ts";
import { createNssToken } from "../../tokens/nss.ts";
import { createSoftHsmToken, softHsmTokens } from "../../tokens/softhsm.ts";
import { binding, host, iv, outcome } from "../objects/key-objects.ts";
import { moreRoundTrips, startLoad } from "./load.ts";

const { PKCS11 } = createRequire(import.meta.url)("pkcs11js") as typeof import("pkcs11js");

const faulty = createFaultyToken("faulty");
const tokens = { SoftHSM: createSoftHsmToken("recovery"), NSS: createNssToken(), faulty: faulty.options };
const sessions = { max: 4, timeoutMs: 20_000 };
const providers = {
  SoftHSM: pkcs11({ ...tokens.SoftHSM, sessions }),
  NSS: pkcs11({ ...tokens.NSS, sessions }),
  faulty: pkcs11({ ...tokens.faulty, sessions }),
};
const keys: Partial<Record<keyof typeof providers, CipherKey[]>> = {};

async function makeKeys(provider: KeyProvider): Promise<CipherKey[]> {
  const made: CipherKey[] = [];
  for (let i = 0; i < 3; i += 1) {
    const bound = binding("Aliyun_AES_256");
    const { handle } = await provider.createKey({ binding: bound });
    made.push(await provider.loadCipherKey({ binding: bound, handle }));
  }
  return made;
}

beforeAll(async () => {
  for (const name of ["SoftHSM", "NSS", "faulty"] as const) {
    await providers[name].open(host);
    keys[name] = await makeKeys(providers[name]);
  }
});
afterAll(async () => {
  for (const provider of Object.values(providers)) await provider.close();
  faulty.dispose();
});

/** The module as other code of this process sees it. */
function strangerOf({ module, token }: { module: string; token: { label: string } }) {
  const api = new PKCS11();
  api.load(module);
  const slot = api.C_GetSlotList(true).find((one) => api.C_GetTokenInfo(one).label.trim() === token.label);
  if (!slot) throw new Error(`no token ${token.label}`);
  return { api, slot };
}

describe.each(["SoftHSM", "NSS"] as const)("%s under load", (name) => {
  const nothingWrong = { mismatches: 0, surprises: [] };

  test("logged out by other code of the process", async () => {
    const { api, slot } = strangerOf(tokens[name]);
    const load = startLoad(keys[name] ?? [], 20);
    await moreRoundTrips(load, 50);
    for (let i = 0; i < 3; i += 1) {
      const session = api.C_OpenSession(slot, 6);
      api.C_Logout(session);
      api.C_CloseSession(session);
      await moreRoundTrips(load, 50);
    }
    expect(await load.stop()).toMatchObject(nothingWrong);
  });

  // Between two loads: SoftHSM itself crashes when sessions are closed during a call that another thread makes in one of them.
  test("its sessions closed by other code of the process", async () => {
    const { api, slot } = strangerOf(tokens[name]);
    for (let i = 0; i < 3; i += 1) {
      const load = startLoad(keys[name] ?? [], 20);
      await moreRoundTrips(load, 50);
      expect(await load.stop()).toMatchObject(nothingWrong);
      api.C_CloseAllSessions(slot);
    }
    const load = startLoad(keys[name] ?? [], 20);
    await moreRoundTrips(load, 50);
    expect(await load.stop()).toMatchObject(nothingWrong);
  });
});

describe("a token that fails, under load", () => {
  /** With a delay, calls are made in the thread pool; without, synchronously. */
  test.each([0, 10])("restarted, with calls that take %i ms more", async (delayMs) => {
    faulty.set("delayMs", delayMs);
    const load = startLoad(keys.faulty ?? [], 20);
    await moreRoundTrips(load, 40);
    for (let i = 0; i < 5; i += 1) {
      faulty.again("restarts");
      await moreRoundTrips(load, 40);
    }
    faulty.set("delayMs", 0);
    const { mismatches, surprises } = await load.stop();
    expect({ mismatches, surprises }).toEqual({ mismatches: 0, surprises: [] });
  });

  test.each([0, 10])("logged out, with calls that take %i ms more", async (delayMs) => {
    faulty.set("delayMs", delayMs);
    const load = startLoad(keys.faulty ?? [], 20);
    await moreRoundTrips(load, 40);
    for (let i = 0; i < 5; i += 1) {
      faulty.again("logouts");
      await moreRoundTrips(load, 40);
    }
    faulty.set("delayMs", 0);
    const { mismatches, surprises } = await load.stop();
    expect({ mismatches, surprises }).toEqual({ mismatches: 0, surprises: [] });
  });

  test("removed and put back: calls fail with the CKR name, later ones succeed", async () => {
    const load = startLoad(keys.faulty ?? [], 20);
    await moreRoundTrips(load, 40);
    for (let i = 0; i < 2; i += 1) {
      load.report.failures.clear();
      faulty.set("removed", 1);
      while (load.report.failures.size === 0) await sleep(5);
      await sleep(100);
      faulty.set("removed", 0);
      await moreRoundTrips(load, 40);
      for (const ckr of load.report.failures.keys()) expect(ckr).toMatch(/^CKR_(DEVICE_REMOVED|TOKEN_NOT_PRESENT)$/);
    }
    const { mismatches, surprises } = await load.stop();
    expect({ mismatches, surprises }).toEqual({ mismatches: 0, surprises: [] });
  });

  test("a failure that passes does not make a good ciphertext a forgery", async () => {
    const [key] = keys.faulty ?? [];
    const request = { data: randomBytes(20), iv: iv("GCM") };
    const sealed = (await key?.encrypt(request)) ?? new Uint8Array();
    for (const code of [0x05, 0x06, 0x40, 0x80000001]) {
      faulty.set("failNext", code | 0);
      expect(Buffer.from((await key?.decrypt({ ...request, data: sealed })) ?? [])).toEqual(request.data);
    }
    for (const [code, ckr] of [
      [0x02, "CKR_HOST_MEMORY"],
      [0x31, "CKR_DEVICE_MEMORY"],
      [0xb3, "CKR_SESSION_HANDLE_INVALID"],
    ] as const) {
      faulty.set("failNext", code);
      await expect(outcome(() => key?.decrypt({ ...request, data: sealed }))).rejects.toMatchObject({
        code: "ERR_PROVIDER",
        cause: { ckr, call: "C_Decrypt" },
      });
    }
    expect(Buffer.from((await key?.decrypt({ ...request, data: sealed })) ?? [])).toEqual(request.data);
  });
});

test("SoftHSM whose token was moved away and back", async () => {
  const [key] = keys.SoftHSM ?? [];
  const request = { data: randomBytes(20), iv: iv("GCM") };
  const sealed = (await key?.encrypt(request)) ?? new Uint8Array();
  renameSync(softHsmTokens, `${softHsmTokens}.away`);
  await expect(outcome(() => key?.encrypt(request))).rejects.toMatchObject({ code: "ERR_PROVIDER" });
  await expect(providers.SoftHSM.createKey({ binding: binding("Aliyun_AES_256") })).rejects.toMatchObject({
    code: "ERR_PROVIDER",
  });
  // What SoftHSM made in its place meanwhile is empty.
  rmSync(softHsmTokens, { recursive: true, force: true });
  renameSync(`${softHsmTokens}.away`, softHsmTokens);
  await sleep(1100);
  const opened = await outcome(() => key?.decrypt({ ...request, data: sealed }));
  expect(Buffer.from(opened ?? [])).toEqual(request.data);
});

test("SoftHSM whose token is moved away and back, under load", async () => {
  const load = startLoad(keys.SoftHSM ?? [], 20);
  await moreRoundTrips(load, 50);
  for (let i = 0; i < 2; i += 1) {
    load.report.failures.clear();
    renameSync(softHsmTokens, `${softHsmTokens}.away`);
    while (load.report.failures.size === 0) await sleep(5);
    await sleep(100);
    rmSync(softHsmTokens, { recursive: true, force: true });
    renameSync(`${softHsmTokens}.away`, softHsmTokens);
    await moreRoundTrips(load, 50);
  }
  const { mismatches, failures, surprises } = await load.stop();
  for (const ckr of failures.keys()) expect(ckr).toMatch(/^CKR_/);
  expect({ mismatches, surprises }).toEqual({ mismatches: 0, surprises: [] });
});
