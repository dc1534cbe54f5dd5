import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { adviceFor } from "../../../src/providers/pkcs11/session/advice.ts";
import { checkPkcs11Options } from "../../../src/providers/pkcs11/session/options.ts";
import { Pace } from "../../../src/providers/pkcs11/session/pace.ts";
import { readPin } from "../../../src/providers/pkcs11/session/pin.ts";
import { SessionPool } from "../../../src/providers/pkcs11/session/session-pool.ts";
import { findToken } from "../../../src/providers/pkcs11/session/slots.ts";
import {
  failedWith,
  providerError,
  remedyFor,
  TokenError,
  tokenError,
} from "../../../src/providers/pkcs11/session/token-error.ts";

vi.mock("../../../src/shared/timers.ts", () => import("../../shared/late-timers.ts"));

// Parts of a session that need no token: slots, errors, pace, the pool, the PIN and the options.

let now = 0;
beforeEach(() => {
  now = 10_000;
  vi.spyOn(performance, "now").mockImplementation(() => now);
});
afterEach(() => vi.restoreAllMocks());

const ckr = (name: string) => new TokenError(name, "C_Encrypt");

test("slots that do not answer are the cause where no token is found", () => {
  const info = { label: "t   ", serialNumber: "42\0\0", model: "Model  ", manufacturerID: "", flags: 0x400 };
  const slots = [Buffer.of(1), Buffer.of(2), Buffer.of(3)];
  const api = { C_GetSlotList: vi.fn(() => slots), C_GetTokenInfo: vi.fn((_: Buffer) => info) };
  const find = (selector: object) => findToken(api as never, selector as never);
  const failing = (handle: Buffer) => {
    if (handle[0] === 1) throw new Error("CKR_DEVICE_REMOVED:50");
    return handle[0] === 2 ? { ...info, flags: 0 } : info;
  };
  api.C_GetTokenInfo.mockImplementation(failing);
  expect(find({ label: "t" }).slot).toEqual(Buffer.of(3));
  expect(find({ serial: "42" }).slot).toEqual(Buffer.of(3));
  const silent = {
    code: "ERR_PROVIDER",
    cause: { ckr: "CKR_DEVICE_REMOVED" },
    message: expect.stringContaining("1 slots did not answer"),
  };
  expect(() => find({ label: "u" })).toThrow(
    expect.objectContaining({ ...silent, cause: expect.objectContaining(silent.cause) }),
  );
  api.C_GetTokenInfo.mockReturnValue(info);
  const two = () => find({ label: "t" });
  expect(two).toThrow("3 tokens have the label");
  try {
    find({ serial: "1" });
  } catch (error) {
    expect("cause" in (error as Error)).toBe(false);
  }
});

test("errors of pkcs11js are named, and say what is lost", () => {
  const named = (thrown: unknown) => tokenError(thrown, "C_Sign");
  expect(named(new Error("CKR_DEVICE_REMOVED:50"))).toMatchObject({ ckr: "CKR_DEVICE_REMOVED", call: "C_Sign" });
  expect(named(Object.assign(new Error("CKR_VENDOR_DEFINED"), { code: 320 }))).toMatchObject({
    ckr: "CKR_CURVE_NOT_SUPPORTED",
  });
  expect(named(new Error("CKR_VENDOR_DEFINED:2147483649"))).toMatchObject({ ckr: "CKR_VENDOR_DEFINED (0x80000001)" });
  for (const other of [new TypeError("x"), undefined, "text", ckr("CKR_OK")]) expect(named(other)).toBe(other);
  const remedies = [
    "CKR_OBJECT_HANDLE_INVALID",
    "CKR_USER_NOT_LOGGED_IN",
    "CKR_SESSION_CLOSED",
    "CKR_SLOT_ID_INVALID",
    "CKR_OK",
  ];
  expect(remedies.map((name) => remedyFor(ckr(name)))).toEqual(["handle", "login", "session", "token", "none"]);
  expect([remedyFor(new Error("CKR_SESSION_CLOSED")), failedWith(new Error("CKR_OK"), "CKR_OK")]).toEqual([
    "none",
    false,
  ]);
  expect([failedWith(ckr("CKR_OK"), "CKR_X", "CKR_OK"), failedWith(ckr("CKR_OK"), "CKR_X")]).toEqual([true, false]);
  const reason = new Error("enough");
  expect(providerError("t", reason, AbortSignal.abort(reason))).toBe(reason);
  const failed = { code: "ERR_PROVIDER", cause: reason };
  expect(providerError("t", reason)).toMatchObject(failed);
  expect(providerError("t", reason, AbortSignal.abort(new Error("other")))).toMatchObject(failed);
  const full = providerError("t", ckr("CKR_DEVICE_MEMORY"));
  expect(full).toMatchObject({ message: expect.stringContaining("destroy keys that are no longer needed") });
  expect(providerError("t", full)).toBe(full);
  expect([adviceFor("CKR_SESSION_COUNT"), adviceFor("CKR_OK")]).toEqual([
    expect.stringContaining("lower sessions.max"),
    "The log of the token or of its library may say more.",
  ]);
});

test("a quick token is called at once until its calls have taken the turn's time", async () => {
  const pace = new Pace();
  for (let i = 0; i < 3; i++) pace.calledInThreadPool(now);
  const began = now;
  now += 1;
  pace.calledSynchronously(began);
  expect(pace.quick).toBe("now");
  now += 6;
  expect(pace.quick).toBe("now");
  now += 1;
  expect(pace.quick).toBe("next turn");
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  expect(pace.quick).toBe("now");
});

test("a pool with no session in use is not held back", async () => {
  let opened = 0;
  const source = { open: () => ++opened, close: () => {}, isFull: () => false };
  const pool = new SessionPool<number>(source, { max: 2, maxWaiting: 0 });
  pool.holdBack(60_000);
  expect(pool.tryTake()).toBe(1);
  pool.holdBack(60_000);
  expect(pool.tryTake()).toBeUndefined();
  pool.give(1);
  expect([pool.tryTake(), pool.tryTake()]).toEqual([1, 2]);
  await Promise.all([pool.close(1_000), pool.discard(1), pool.discard(2)]);
});

test("a PIN is a string that is not empty, from wherever it comes", async () => {
  expect(await readPin(() => "1234")).toBe("1234");
  for (const pin of ["", ["1234"], new Uint8Array(4), 1234, null, undefined, { length: 4 }]) {
    await expect(readPin((() => pin) as never)).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
  }
});

test("options of every wrong kind are ERR_ARGUMENT", () => {
  const good = { module: "/x.so", token: { label: "t" }, pin: "1234" };
  const check = (options: unknown) => () => checkPkcs11Options(options as never);
  const limits = { max: 1, maxWaiting: Number.POSITIVE_INFINITY, timeoutMs: 2 ** 31 - 1 };
  for (const more of [
    {},
    { token: { serial: "1" } },
    { pin: () => "" },
    { pin: { file: "/pin" } },
    { sessions: limits },
  ]) {
    expect(check({ ...good, ...more })).not.toThrow();
  }
  const wrong = [
    ...[undefined, null, 5].map((options) => options),
    ...["", 5].map((module) => ({ ...good, module })),
    ...[undefined, null, {}, { label: "" }, { label: "t", serial: "1" }, { name: "t" }].map((token) => ({
      ...good,
      token,
    })),
    ...[undefined, null, "", 5, {}, { file: "" }, { file: "/pin", mode: 5 }].map((pin) => ({ ...good, pin })),
    ...["", 5].map((libraryParameters) => ({ ...good, libraryParameters })),
    ...[5, "yes"].flatMap((value) => [
      { ...good, reinitialize: value },
      { ...good, requireOnToken: value },
    ]),
    ...[5, "x", { max: 0 }, { max: 1.5 }, { maxWaiting: -1 }, { maxWaiting: 1.5 }, { maximum: 1 }].map((sessions) => ({
      ...good,
      sessions,
    })),
    ...[0, -1, 2 ** 31, Number.NaN, "5"].map((timeoutMs) => ({ ...good, sessions: { timeoutMs } })),
    ...[null, 5, {}, { SM4_KEY_GEN: 1 }].map((vendorMechanisms) => ({ ...good, vendorMechanisms })),
    { ...good, modul: "x" },
  ];
  for (const options of wrong) {
    expect(check(options), JSON.stringify(options)).toThrow(expect.objectContaining({ code: "ERR_ARGUMENT" }));
  }
});
