import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { pkcs11 } from "lanelock/pkcs11";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { CipherKey } from "../../../src/kms/ports/index.ts";
import { createFaultyToken } from "../../tokens/faulty-token.ts";
import { binding, host, iv, outcome } from "../objects/key-objects.ts";
import { startLoad } from "./load.ts";

const token = createFaultyToken("sessions");
const bound = binding("Aliyun_AES_256");
let handle: Uint8Array;

beforeAll(async () => {
  const maker = pkcs11(token.options);
  await maker.open(host);
  ({ handle } = await maker.createKey({ binding: bound }));
  await maker.close();
});
afterEach(() => {
  for (const field of ["hang", "delayMs", "maxSessions", "failNext"] as const) token.set(field, 0);
});
afterAll(() => token.dispose());

/** Runs `work` with the key on a provider of its own, whose sessions are limited. */
async function withKey(sessions: object, work: (key: CipherKey) => Promise<void>): Promise<void> {
  const provider = pkcs11({ ...token.options, sessions });
  await provider.open(host);
  try {
    await work(await provider.loadCipherKey({ binding: bound, handle }));
  } finally {
    token.set("hang", 0);
    await provider.close();
  }
  expect(token.get("openSessions")).toBe(0);
}

const request = () => ({ data: randomBytes(32), iv: iv("GCM") });

describe("callers beyond the number of sessions", () => {
  test("wait in the order they came, and never more sessions are open", async () => {
    await withKey({ max: 2 }, async (key) => {
      token.set("delayMs", 5);
      const order: number[] = [];
      let most = 0;
      const calls = Array.from({ length: 30 }, async (_, index) => {
        await key.encrypt(request());
        most = Math.max(most, token.get("openSessions"));
        order.push(index);
      });
      await Promise.all(calls);
      expect(most).toBeLessThanOrEqual(2);
      // Two work at once, so that neighbours may change places.
      for (const [place, index] of order.entries()) expect(Math.abs(place - index)).toBeLessThanOrEqual(2);
    });
  });

  test("get an error that says so when a time or a number is exceeded", async () => {
    await withKey({ max: 1, maxWaiting: 2, timeoutMs: 300 }, async (key) => {
      await key.encrypt(request());
      token.set("hang", 1);
      const calls = Array.from({ length: 4 }, () => outcome(() => key.encrypt(request())));
      const answers = await Promise.allSettled(calls);
      const messages = answers.map((answer) => (answer.status === "rejected" ? answer.reason.message : "done"));
      expect(answers.map((answer) => answer.status === "rejected" && answer.reason.code)).toEqual(
        Array.from({ length: 4 }, () => "ERR_PROVIDER"),
      );
      expect(messages.filter((message) => message.includes("callers wait already"))).toHaveLength(1);
      expect(messages.filter((message) => message.includes("C_Encrypt did not return within 0.3 s"))).toHaveLength(1);
      expect(messages.filter((message) => message.includes("became free within 0.3 s"))).toHaveLength(2);
      // The session that hung is used again as soon as the token answers.
      token.set("hang", 0);
      expect(await key.encrypt(request())).toHaveLength(48);
    });
  });

  test("can be aborted while they wait and while the token works, and lose nothing for others", async () => {
    await withKey({ max: 1 }, async (key) => {
      await key.encrypt(request());
      token.set("hang", 1);
      const [inToken, waiting] = [new AbortController(), new AbortController()];
      const first = outcome(() => key.encrypt({ ...request(), signal: inToken.signal }));
      const second = outcome(() => key.encrypt({ ...request(), signal: waiting.signal }));
      const third = outcome(() => key.encrypt(request()));
      const already = outcome(() => key.encrypt({ ...request(), signal: AbortSignal.abort(new Error("no more")) }));
      await expect(already).rejects.toThrow("no more");
      waiting.abort(new Error("changed my mind"));
      await expect(second).rejects.toThrow("changed my mind");
      inToken.abort(new Error("too slow"));
      await expect(first).rejects.toThrow("too slow");
      token.set("hang", 0);
      expect(await third).toHaveLength(48);
    });
  });

  test("share what the token has when it has room for fewer sessions than allowed", async () => {
    token.set("maxSessions", 2);
    await withKey({ max: 8 }, async (key) => {
      token.set("delayMs", 2);
      const sealed = await Promise.all(Array.from({ length: 50 }, async () => key.encrypt(request())));
      expect(sealed.every((one) => one.length === 48)).toBe(true);
    });
  });
});

test("a slow or hanging token does not hold up the event loop", async () => {
  await withKey({ max: 2 }, async (key) => {
    for (let i = 0; i < 20; i += 1) await key.encrypt(request());
    // The first slow call is made synchronously, if the token was quick so far. On a busy machine it may be taken as quick only now,
    // for calls of before; three slow calls later nothing speaks for it.
    token.set("delayMs", 60);
    for (let i = 0; i < 4; i += 1) await key.encrypt(request());
    token.set("delayMs", 0);
    token.set("hang", 1);
    const call = outcome(() => key.encrypt(request()));
    await sleep(20);
    token.set("hang", 0);
    expect(await call).toHaveLength(48);
  });
});

const seconds = process.env.LANELOCK_LONG === "1" ? 60 : 5;

test(`200 callers on 4 sessions for ${seconds} s: no error, no mismatch, no session left`, async () => {
  await withKey({ max: 4 }, async (key) => {
    const load = startLoad([key], 200);
    let most = 0;
    for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
      await sleep(50);
      most = Math.max(most, token.get("openSessions"));
    }
    const { roundTrips, ...rest } = await load.stop();
    console.log(`${roundTrips} round trips by 200 callers on 4 sessions in ${seconds} s`);
    expect(rest).toEqual({ mismatches: 0, failures: new Map(), surprises: [] });
    expect(roundTrips).toBeGreaterThan(200);
    expect(most).toBeLessThanOrEqual(4);
  });
});
