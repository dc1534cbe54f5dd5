import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Pkcs11Module } from "../../../src/providers/pkcs11/session/module.ts";
import { Token } from "../../../src/providers/pkcs11/session/token.ts";
import { TokenError } from "../../../src/providers/pkcs11/session/token-error.ts";

vi.mock("../../../src/shared/timers.ts", () => import("../../shared/late-timers.ts"));
/** The library that pkcs11js loads in this file. */
const library = vi.hoisted(() => ({ api: {} as object }));
vi.mock("pkcs11js", () => ({
  default: {
    PKCS11: class {
      load(): void {
        Object.assign(this, library.api);
      }
    },
  },
}));

// What is restored after each error of a token, and what is not touched, on a library whose every answer the test can change.

let now = 0;
beforeEach(() => {
  now = 10_000;
  vi.spyOn(performance, "now").mockImplementation(() => now);
});
afterEach(() => vi.restoreAllMocks());

const INITIALIZED = 0x400;
const LOGGED_IN = 3;
let count = 0;

/** A module with one token. Each function's calls are counted, and may be answered otherwise. */
function scriptedLibrary() {
  let sessions = 0;
  let isLoggedIn = false;
  const info = { label: "t   ", serialNumber: "42\0\0", model: "Model  ", manufacturerID: "", flags: INITIALIZED };
  const api = {
    C_Initialize: vi.fn((_: object) => {}),
    C_Finalize: vi.fn(() => {}),
    C_GetSlotList: vi.fn((_: boolean) => [Buffer.of(1)]),
    C_GetTokenInfo: vi.fn((_: Buffer) => info),
    C_GetMechanismList: vi.fn((_: Buffer) => [5]),
    C_GetMechanismInfo: vi.fn((_: Buffer, mechanism: number) => ({ flags: mechanism, minKeySize: 0, maxKeySize: 0 })),
    C_OpenSession: vi.fn((_: Buffer, __: number) => Buffer.from(`session ${++sessions}`)),
    C_CloseSession: vi.fn((_: Buffer) => {}),
    C_GetSessionInfo: vi.fn((_: Buffer) => ({ state: isLoggedIn ? LOGGED_IN : 2 })),
    C_Login: vi.fn((_: Buffer, __: number, ___: string) => {
      isLoggedIn = true;
    }),
  };
  library.api = api;
  count += 1;
  const options = {
    module: `/library-${count}.so`,
    token: { label: "t" },
    pin: "1234",
    sessions: { max: 3, timeoutMs: 500 },
  };
  return {
    ...{ api, info, options },
    logOut: () => {
      isLoggedIn = false;
    },
  };
}
async function openToken(more: object = {}) {
  const scripted = scriptedLibrary();
  const token = await Token.open({ ...scripted.options, ...more });
  const closed = () => scripted.api.C_CloseSession.mock.calls.map(([handle]) => handle.toString());
  for (const call of Object.values(scripted.api)) call.mockClear();
  return { ...scripted, token, closed };
}
const wait = { timeoutMs: 500 };
const ckr = (name: string) => new TokenError(name, "C_Encrypt");
const thrower = (text: string) => () => {
  throw new Error(text);
};

describe("a token", () => {
  test("is opened by one login in one session, and named by model, label and serial number", async () => {
    const { api, options } = scriptedLibrary();
    const token = await Token.open(options);
    expect([token.name, token.timeoutMs, token.openSessions, token.waitingCallers]).toEqual([
      ...['Model "t" (serial 42)', 500, 1, 0],
    ]);
    // CKF_OS_LOCKING_OK; a session that may write; the user's PIN.
    expect(api.C_Initialize.mock.calls).toEqual([[{ flags: 2 }]]);
    expect(api.C_OpenSession.mock.calls).toEqual([[Buffer.of(1), 6]]);
    expect(api.C_Login.mock.calls).toEqual([[Buffer.from("session 1"), 1, "1234"]]);
    expect([...token.mechanisms]).toEqual([[5, { flags: 5, minKeySize: 0, maxKeySize: 0 }]]);
    expect(token.place).toBe(`${options.module}\0${"42"}`);
    await token.close();
    expect(api.C_CloseSession.mock.calls).toEqual([[Buffer.from("session 1")]]);
    await expect(token.take(wait)).rejects.toMatchObject({ code: "ERR_STATE" });
  });

  test.each([
    ["CKR_GENERAL_ERROR", 0],
    ["CKR_OPERATION_ACTIVE", 0],
    ["CKR_KEY_HANDLE_INVALID", 0],
    ["CKR_USER_NOT_LOGGED_IN", 1],
    ["CKR_DEVICE_REMOVED", 1],
    ["CKR_SESSION_HANDLE_INVALID", 1],
    ["CKR_CRYPTOKI_NOT_INITIALIZED", 1],
  ])("whose session failed with %s ends what that shows to be lost", async (name, generations) => {
    const { token, api, closed } = await openToken();
    const taken = [await token.take(wait), await token.take(wait), await token.take(wait)];
    const [failing, known, forgotten] = taken;
    if (!failing || !known || !forgotten) throw new Error("no sessions");
    token.give(known);
    token.give(forgotten);
    // The token knows one of the idle sessions, and not the other.
    api.C_GetSessionInfo.mockImplementation((handle) => {
      if (handle.equals(forgotten.handle)) throw new Error("CKR_SESSION_HANDLE_INVALID:179");
      return { state: LOGGED_IN };
    });
    const { generation } = token;
    token.discard(failing, ckr(name));
    expect(token.generation - generation).toBe(generations);
    const isLost = ["CKR_SESSION_HANDLE_INVALID", "CKR_CRYPTOKI_NOT_INITIALIZED"].includes(name);
    const [one, two, three] = taken.map(({ handle }) => handle.toString());
    if (generations === 0) expect([closed(), token.openSessions]).toEqual([[one], 2]);
    // A number that the token does not know may be another's session: it is not closed.
    else if (isLost) expect([closed(), token.openSessions]).toEqual([[], 1]);
    else expect([closed(), token.openSessions]).toEqual([[two, three, one], 0]);
    if (isLost) expect((await token.take(wait)).handle.toString()).toBe(two);
  });

  test.each([
    ["CKR_GENERAL_ERROR", false, 0, 0],
    ["CKR_OPERATION_ACTIVE", true, 0, 0],
    ["CKR_SESSION_CLOSED", true, 0, 0],
    ["CKR_TOKEN_NOT_PRESENT", true, 1, 0],
    ["CKR_CRYPTOKI_NOT_INITIALIZED", true, 1, 1],
  ])(
    "is looked for again, or its module initialized, only after what shows that: %s",
    async (name, again, searches, starts) => {
      const { token, api } = await openToken();
      const session = await token.take(wait);
      expect(token.recover(ckr(name), session)).toBe(again);
      expect([api.C_GetSlotList.mock.calls.length, api.C_Initialize.mock.calls.length]).toEqual([searches, starts]);
      expect(token.recover(new Error("foreign"), await token.take(wait))).toBe(false);
    },
  );

  test.each(["CKR_OBJECT_HANDLE_INVALID", "CKR_USER_NOT_LOGGED_IN"])(
    "is logged in to again if need be, in the same session, after %s",
    async (name) => {
      const { token, api, logOut } = await openToken();
      const session = await token.take(wait);
      const { generation } = token;
      expect(token.recover(ckr(name), session)).toBe(true);
      expect([api.C_Login.mock.calls.length, token.generation - generation]).toEqual([0, 0]);
      const again = await token.take(wait);
      expect(again).toBe(session);
      logOut();
      expect(token.recover(ckr(name), again)).toBe(true);
      expect([api.C_Login.mock.calls.length, token.generation - generation]).toEqual([1, 1]);
      expect(await token.take(wait)).toBe(session);
    },
  );

  test("that refuses the PIN when it is logged in to again fails with that, once and for all", async () => {
    const { token, api, logOut } = await openToken();
    const session = await token.take(wait);
    logOut();
    api.C_Login.mockImplementation(thrower("CKR_PIN_INCORRECT:160"));
    const refused = expect.objectContaining({
      code: "ERR_PROVIDER",
      message: expect.stringContaining("refused the PIN"),
    });
    expect(() => token.recover(ckr("CKR_USER_NOT_LOGGED_IN"), session)).toThrow(refused);
    await expect(token.take(wait)).rejects.toEqual(refused);
    expect(api.C_Login).toHaveBeenCalledTimes(1);
  });

  test("in its slot is present; another one there is not it", async () => {
    const { token, api, info } = await openToken();
    const { generation } = token;
    expect([token.isPresent(), token.generation - generation]).toEqual([true, 0]);
    api.C_GetTokenInfo.mockImplementationOnce(() => ({ ...info, serialNumber: "43" }));
    expect(token.isPresent()).toBe(false);
    expect(token.generation).toBeGreaterThan(generation);
    api.C_GetTokenInfo.mockImplementationOnce(thrower("CKR_DEVICE_REMOVED:50"));
    expect(token.isPresent()).toBe(false);
    expect(token.openSessions).toBe(0);
  });

  test("that is nowhere is lost, with why; its module is restarted to find it, at most once a second", async () => {
    const { token, api } = await openToken();
    api.C_Initialize.mockImplementation(thrower("CKR_CRYPTOKI_ALREADY_INITIALIZED:401"));
    api.C_GetSlotList.mockReturnValue([]);
    const cause = ckr("CKR_DEVICE_REMOVED");
    const lost = {
      code: "ERR_PROVIDER",
      message: expect.stringMatching(
        /^The token Model "t" \(serial 42\) is lost: .*\. The next call looks for it again\.$/,
      ),
      cause,
    };
    const recover = async () => token.recover(cause, await token.take(wait));
    await expect(recover()).rejects.toMatchObject(lost);
    expect(api.C_Finalize).toHaveBeenCalledTimes(1);
    now += 999;
    await expect(recover()).rejects.toMatchObject({ code: "ERR_PROVIDER" });
    expect(api.C_Finalize).toHaveBeenCalledTimes(1);
    now += 1;
    api.C_OpenSession.mockImplementation((slot) => {
      if (slot[0] === 1) throw new Error("CKR_SLOT_ID_INVALID:3");
      return Buffer.from("in the other slot");
    });
    api.C_GetSlotList.mockReturnValueOnce([]).mockReturnValue([Buffer.of(2)]);
    const session = await token.take(wait);
    expect(api.C_OpenSession.mock.calls.at(-1)?.[0]).toEqual(Buffer.of(2));
    token.give(session);
    expect(api.C_Finalize).toHaveBeenCalledTimes(2);
  });

  test("whose module was initialized anew has none of its sessions any more, and none is closed", async () => {
    const { token, closed } = await openToken();
    const [idle, used] = [await token.take(wait), await token.take(wait)];
    token.give(idle);
    token.module.epoch += 1;
    token.give(used);
    const fresh = token.tryTake();
    expect([idle, used].includes(fresh as typeof idle)).toBe(false);
    expect([closed(), token.openSessions]).toEqual([[], 1]);
    if (fresh) token.give(fresh);
    token.module.epoch += 1;
    expect((await token.take(wait)).epoch).toBe(token.module.epoch);
    expect(closed()).toEqual([]);
  });

  test("runs work again after a loss that was restored, three times in all", async () => {
    const { token } = await openToken();
    const run = (...failures: (Error | undefined)[]) => {
      const work = vi.fn((_: object) => {
        const failure = failures.shift();
        if (failure) throw failure;
        return "done";
      });
      const done = token.withSession(wait, work).catch((error: unknown) => error);
      return { work, done };
    };
    const lost = ckr("CKR_SESSION_HANDLE_INVALID");
    const twice = run(lost, lost, undefined);
    expect([await twice.done, twice.work.mock.calls.length]).toEqual(["done", 3]);
    const thrice = run(lost, lost, lost, undefined);
    expect([await thrice.done, thrice.work.mock.calls.length]).toEqual([lost, 3]);
    const other = ckr("CKR_DATA_INVALID");
    const once = run(other, undefined);
    expect([await once.done, once.work.mock.calls.length]).toEqual([other, 1]);
    expect(await run(undefined).done).toBe("done");
  });

  test("that is full, or refuses the PIN, is not looked for; after any other failure it is, once", async () => {
    const { token, api } = await openToken();
    await token.take(wait);
    api.C_OpenSession.mockImplementationOnce(thrower("CKR_SESSION_COUNT:177"));
    // It has a session, so the caller waits for it.
    expect(token.tryTake()).toBeUndefined();
    expect(api.C_GetSlotList).not.toHaveBeenCalled();
    api.C_OpenSession.mockImplementationOnce(thrower("CKR_FUNCTION_FAILED:6"));
    expect(token.tryTake()).toBeDefined();
    expect(api.C_GetSlotList).toHaveBeenCalledTimes(1);
    api.C_OpenSession.mockImplementation(thrower("CKR_FUNCTION_FAILED:6"));
    expect(() => token.tryTake()).toThrow(expect.objectContaining({ ckr: "CKR_FUNCTION_FAILED" }));
  });
});

describe("a module", () => {
  test("is initialized once, and again if other code finalized it", async () => {
    const { api, options } = scriptedLibrary();
    const module = await Pkcs11Module.load(options);
    api.C_Initialize.mockImplementation(thrower("CKR_CRYPTOKI_ALREADY_INITIALIZED:401"));
    expect(await Pkcs11Module.load(options)).toBe(module);
    expect([module.epoch, module.initialize()]).toEqual([1, false]);
    api.C_Initialize.mockImplementation(() => {});
    expect([module.initialize(), module.epoch]).toEqual([true, 2]);
    api.C_Initialize.mockImplementation(thrower("CKR_ARGUMENTS_BAD:7"));
    const failed = { code: "ERR_PROVIDER", message: expect.stringContaining("NSS softokn needs libraryParameters") };
    expect(() => module.initialize()).toThrow(expect.objectContaining(failed));
    const other = Pkcs11Module.load({ ...options, libraryParameters: "x" });
    await expect(other).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
  });

  test("gets its parameters with one character more, which pkcs11js cuts off", async () => {
    const { api, options } = scriptedLibrary();
    await Pkcs11Module.load({ ...options, libraryParameters: "configdir='x'" });
    expect(api.C_Initialize.mock.calls).toEqual([[{ flags: 2, libraryParameters: "configdir='x' " }]]);
  });

  test("is restarted by who initialized it, if nobody forbids it, no call runs, and a second has passed", async () => {
    const { api, options } = scriptedLibrary();
    const module = await Pkcs11Module.load(options);
    expect([module.restart(), api.C_Finalize.mock.calls.length, module.epoch]).toEqual([true, 1, 2]);
    now += 999;
    expect(module.restart()).toBe(false);
    now += 1;
    let end = (_: string) => {};
    const running = module.running(
      new Promise<string>((resolve) => {
        end = resolve;
      }),
    );
    expect(module.restart()).toBe(false);
    end("answer");
    expect(await running).toBe("answer");
    expect(module.restart()).toBe(true);
    await expect(module.running(Promise.reject(new Error("x")))).rejects.toThrow("x");
    now += 1_000;
    api.C_Finalize.mockImplementationOnce(thrower("CKR_CRYPTOKI_NOT_INITIALIZED:400"));
    expect(module.restart()).toBe(true);
    now += 1_000;
    api.C_Finalize.mockImplementationOnce(thrower("CKR_FUNCTION_FAILED:6"));
    expect(() => module.restart()).toThrow(expect.objectContaining({ ckr: "CKR_FUNCTION_FAILED" }));
    now += 1_000;
    await Pkcs11Module.load({ ...options, reinitialize: true });
    expect(module.restart()).toBe(true);
    now += 1_000;
    await Pkcs11Module.load({ ...options, reinitialize: false });
    await Pkcs11Module.load({ ...options, reinitialize: true });
    expect(module.restart()).toBe(false);
    const elsewhere = scriptedLibrary();
    elsewhere.api.C_Initialize.mockImplementation(thrower("CKR_CRYPTOKI_ALREADY_INITIALIZED:401"));
    expect((await Pkcs11Module.load(elsewhere.options)).restart()).toBe(false);
  });
});
