import crypto, { randomBytes } from "node:crypto";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { KeyPair } from "../../../src/asymmetric/platform.ts";
import { generateKeyPair, storePrivateKey } from "../../../src/providers/pkcs11/objects/key-pairs.ts";
import { createObject } from "../../../src/providers/pkcs11/objects/new-objects.ts";
import { type Operation, operate, withKey } from "../../../src/providers/pkcs11/objects/operation.ts";
import { TokenObject } from "../../../src/providers/pkcs11/objects/token-object.ts";
import { TokenError } from "../../../src/providers/pkcs11/session/token-error.ts";
import { testPair } from "../../asymmetric/test-keys.ts";
import { outcome } from "./key-objects.ts";
import { namesOf, scriptedToken } from "./scripted-token.ts";

vi.mock("../../../src/shared/timers.ts", () => import("../../shared/late-timers.ts"));

// An operation is a begin call and an end call in one session: what is repeated, what is given back, what is wiped. And pairs of keys.

const [yes, no] = [Buffer.of(1), Buffer.of(0)];
const id = randomBytes(20);
const number = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value);
  return bytes;
};

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function keyOf() {
  const scripted = scriptedToken();
  const { token, objects, instead } = scripted;
  objects.set("key", { 3: Buffer.from("label"), 258: id, 256: number(0x1f), 259: yes, 354: no });
  const object = new TokenObject(token, { objectClass: 4, keyType: 0x1f, id, label: "label" });
  const reverse = (_: Buffer, data: Buffer, into: Buffer) => {
    Buffer.from(data).reverse().copy(into);
    return into.subarray(0, data.length);
  };
  Object.assign(instead, {
    C_Encrypt: reverse,
    C_EncryptAsync: async (...args: Parameters<typeof reverse>) => reverse(...args),
  });
  const operation = (more: Partial<Operation> = {}): Operation => {
    return { kind: "encrypt", mechanism: { mechanism: 5 }, data: Buffer.of(1, 2, 3), room: 8, quick: true, ...more };
  };
  const run = (more: Partial<Operation> = {}) => outcome(() => operate(object, operation(more)));
  const found = async () => {
    await object.locate();
    scripted.calls.length = 0;
    return scripted;
  };
  return { ...scripted, object, operation, run, found };
}
const ckr = (name: string) => new TokenError(name, "x");
const lost = () => {
  throw new Error("CKR_SESSION_HANDLE_INVALID:179");
};
const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

describe("an operation in the thread pool", () => {
  test("begins in a session that it waited for, ends there, and gives it back", async () => {
    const { run, found, calls, token, session } = keyOf();
    await found();
    const signal = new AbortController().signal;
    const output = await run({ signal });
    expect([output, output.buffer.byteLength]).toEqual([Buffer.of(3, 2, 1), 8]);
    expect(namesOf(calls)).toEqual(["C_EncryptInit", "C_EncryptAsync"]);
    expect(calls[0]).toEqual(["C_EncryptInit", session.handle, { mechanism: 5 }, Buffer.from("key")]);
    expect(token.take.mock.calls).toEqual([[{ timeoutMs: 1_000, signal }]]);
    expect([token.give.mock.calls, token.discard.mock.calls]).toEqual([[[session]], []]);
    expect(token.pace.calledInThreadPool).toHaveBeenCalledTimes(1);
    await run({ quick: false });
    expect(token.pace.calledInThreadPool).toHaveBeenCalledTimes(1);
  });

  test("works on a copy, which is wiped; empty data is no null pointer", async () => {
    const { run, found, calls } = keyOf();
    await found();
    const data = randomBytes(5);
    const running = run({ data });
    const before = Buffer.from(data);
    expect(await running).toEqual(Buffer.from(before).reverse());
    await run({ data: new Uint8Array(0), room: 0 });
    await turns(1);
    const [[, , input] = [], [, , nothing] = []] = calls.filter(([name]) => name === "C_EncryptAsync");
    expect([data, input]).toEqual([before, Buffer.alloc(5)]);
    expect([(nothing as Buffer).length, (nothing as Buffer).buffer.byteLength > 0]).toEqual([0, true]);
  });

  test.each([1, 2])(
    "whose begin call finds %i sessions lost is repeated, after another search for the key",
    async (failures) => {
      const { run, found, calls, token, instead } = keyOf();
      await found();
      token.recover.mockReturnValue(true);
      let left = failures;
      instead.C_EncryptInit = () => (left-- > 0 ? lost() : undefined);
      expect(await run()).toEqual(Buffer.of(3, 2, 1));
      expect(calls.filter(([name]) => name === "C_EncryptInit").length).toBe(failures + 1);
      expect(calls.filter(([name]) => name === "C_FindObjectsInit").length).toBe(failures);
      const error = expect.objectContaining({ ckr: "CKR_SESSION_HANDLE_INVALID", call: "C_EncryptInit" });
      expect(token.recover.mock.calls.map(([reason]) => reason)).toEqual(Array(failures).fill(error));
    },
  );

  test("is begun three times at most; then its session is ended", async () => {
    const { run, found, calls, token, instead, session } = keyOf();
    await found();
    token.recover.mockReturnValue(true);
    instead.C_EncryptInit = lost;
    await expect(run()).rejects.toMatchObject({ ckr: "CKR_SESSION_HANDLE_INVALID" });
    expect(calls.filter(([name]) => name === "C_EncryptInit").length).toBe(3);
    expect(token.recover).toHaveBeenCalledTimes(2);
    expect(token.discard.mock.calls).toEqual([
      [session, expect.objectContaining({ ckr: "CKR_SESSION_HANDLE_INVALID" })],
    ]);
  });

  test("whose begin call fails for nothing that can be restored fails with that", async () => {
    const { run, found, token, instead } = keyOf();
    await found();
    instead.C_EncryptInit = lost;
    await expect(run()).rejects.toMatchObject({ ckr: "CKR_SESSION_HANDLE_INVALID" });
    expect([token.recover.mock.calls.length, token.discard.mock.calls.length]).toEqual([1, 0]);
  });

  test("whose key is gone from its handle is found again, and fails if it is gone each time", async () => {
    const { run, found, token, object, session } = keyOf();
    await found();
    const handle = vi.spyOn(object, "handleIn").mockReturnValueOnce(undefined);
    expect(await run()).toEqual(Buffer.of(3, 2, 1));
    expect(token.give.mock.calls).toEqual([[session], [session]]);
    handle.mockReturnValue(undefined);
    await expect(run()).rejects.toMatchObject({ ckr: "CKR_OBJECT_HANDLE_INVALID" });
  });

  test("whose end call fails is not repeated, and its session ends", async () => {
    const { run, found, calls, token, instead, session } = keyOf();
    await found();
    token.recover.mockReturnValue(true);
    instead.C_EncryptAsync = async () => lost();
    const error = expect.objectContaining({ ckr: "CKR_SESSION_HANDLE_INVALID", call: "C_Encrypt" });
    await expect(run()).rejects.toEqual(error);
    expect([token.discard.mock.calls, token.give.mock.calls]).toEqual([[[session, error]], []]);
    expect([token.recover.mock.calls.length, namesOf(calls)]).toEqual([0, ["C_EncryptInit", "C_EncryptAsync"]]);
    const [, , input] = calls[1] ?? [];
    expect(input).toEqual(Buffer.alloc(3));
  });

  test("that does not return in time fails; its session comes back when it does", async () => {
    const { run, found, calls, token, instead } = keyOf();
    await found();
    let finish = (_: Buffer) => {};
    instead.C_EncryptAsync = () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    vi.useFakeTimers();
    const waiting = run().catch((error) => error);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await waiting).toMatchObject({
      code: "ERR_PROVIDER",
      message: expect.stringContaining("C_Encrypt did not return"),
    });
    const [, , input] = calls[1] ?? [];
    expect([token.give.mock.calls.length, input]).toEqual([0, Buffer.of(1, 2, 3)]);
    finish(Buffer.alloc(3));
    await vi.advanceTimersByTimeAsync(0);
    expect([token.give.mock.calls.length, input]).toEqual([1, Buffer.alloc(3)]);
  });
});

describe("an operation of a quick token", () => {
  test("is called at once, and its result is no promise", async () => {
    const { object, operation, found, calls, token, session } = keyOf();
    await found();
    token.pace.quick = "now";
    expect(operate(object, operation())).toEqual(Buffer.of(3, 2, 1));
    expect(namesOf(calls)).toEqual(["C_EncryptInit", "C_Encrypt"]);
    expect([token.give.mock.calls, token.take.mock.calls]).toEqual([[[session]], []]);
    expect(token.pace.calledSynchronously).toHaveBeenCalledTimes(1);
    // Not if it takes long.
    expect(operate(object, operation({ quick: false }))).toBeInstanceOf(Promise);
  });

  test("goes to the thread pool without a session, without a handle, or after a loss that was restored", async () => {
    const { run, found, object, calls, token, instead } = keyOf();
    await found();
    token.pace.quick = "now";
    token.tryTake.mockReturnValueOnce(undefined);
    expect(await run()).toEqual(Buffer.of(3, 2, 1));
    object.forget();
    expect(await run()).toEqual(Buffer.of(3, 2, 1));
    expect(token.give).toHaveBeenCalledTimes(3);
    token.recover.mockReturnValueOnce(true);
    let left = 1;
    instead.C_EncryptInit = () => (left-- > 0 ? lost() : undefined);
    calls.length = 0;
    expect(await run()).toEqual(Buffer.of(3, 2, 1));
    expect(namesOf(calls).filter((name) => name === "C_FindObjectsInit").length).toBe(1);
    expect(namesOf(calls).at(-1)).toBe("C_EncryptAsync");
  });

  test.each([
    ["C_EncryptInit", 1, 0],
    ["C_Encrypt", 0, 1],
  ] as const)("that fails in %s fails with that", async (name, recoveries, discards) => {
    const { object, operation, found, token, instead } = keyOf();
    await found();
    token.pace.quick = "now";
    token.recover.mockReturnValue(name === "C_Encrypt");
    instead[name] = lost;
    const failed = expect.objectContaining({ ckr: "CKR_SESSION_HANDLE_INVALID", call: name });
    expect(() => operate(object, operation())).toThrow(failed);
    expect([token.recover.mock.calls.length, token.discard.mock.calls.length]).toEqual([recoveries, discards]);
  });

  test("waits for its turn while others have used up theirs, unless its caller gives up", async () => {
    const { run, found, calls, token } = keyOf();
    await found();
    token.pace.quick = "next turn";
    const abort = new AbortController();
    const [waiting, given] = [run(), run({ signal: abort.signal }).catch((error) => error)];
    await turns(3);
    expect(calls).toEqual([]);
    abort.abort(new Error("enough"));
    token.pace.quick = "now";
    expect([await waiting, (await given).message]).toEqual([Buffer.of(3, 2, 1), "enough"]);
    expect(namesOf(calls)).toEqual(["C_EncryptInit", "C_Encrypt"]);
  });
});

describe("calls with a key's handle in one session", () => {
  const using = (more: ReturnType<typeof keyOf>, ...failures: Error[]) => {
    const work = vi.fn((_: object, handle: Buffer) => {
      const failure = failures.shift();
      if (failure) throw failure;
      return handle.toString();
    });
    return { work, done: withKey(more.object, undefined, work).catch((error: unknown) => error) };
  };

  test("are made again after a loss that was restored, three times in all", async () => {
    const all = keyOf();
    all.token.recover.mockReturnValue(true);
    const error = ckr("CKR_SESSION_HANDLE_INVALID");
    const twice = using(all, error, error);
    expect([await twice.done, twice.work.mock.calls.length, all.token.give.mock.calls.length]).toEqual(["key", 3, 1]);
    const thrice = using(all, error, error, error);
    expect([await thrice.done, thrice.work.mock.calls.length]).toEqual([error, 3]);
    expect(all.token.discard.mock.calls).toEqual([[all.session, error]]);
    all.token.recover.mockReturnValue(false);
    const once = using(all, error);
    expect([await once.done, once.work.mock.calls.length]).toEqual([error, 1]);
    vi.spyOn(all.object, "handleIn").mockReturnValue(undefined);
    expect(await using(all).done).toMatchObject({ ckr: "CKR_OBJECT_HANDLE_INVALID" });
    expect(all.token.take.mock.calls.every(([wait]) => (wait as { timeoutMs: number }).timeoutMs === 1_000)).toBe(true);
  });
});

test("a creation that failed ends when what may be left of it is destroyed", async () => {
  const { token, objects } = scriptedToken();
  let search = () => {};
  const searching = new Promise<void>((resolve) => {
    search = resolve;
  });
  token.withObjects
    .mockImplementationOnce((_, work) => work())
    .mockImplementationOnce(async (_, work) => {
      await searching;
      return work();
    });
  const make = () => {
    objects.set("half", { 3: Buffer.from("label"), 258: id });
    throw ckr("CKR_DEVICE_MEMORY");
  };
  const identity = { objectClass: 4, keyType: 0x1f, label: "label", id } as const;
  let ended = false;
  const creating = createObject(token, { identity, usages: [], make }).catch((error) => {
    ended = true;
    return error;
  });
  await turns(3);
  expect([ended, objects.size]).toEqual([false, 1]);
  search();
  expect([await creating, objects.size]).toEqual([ckr("CKR_DEVICE_MEMORY"), 0]);
});

describe("a pair of keys", () => {
  let pairs: Record<"RSA_2048" | "EC_P256", KeyPair>;
  beforeAll(async () => {
    const [rsa, ec] = await Promise.all([testPair("RSA_2048"), testPair("EC_P256")]);
    pairs = { RSA_2048: rsa, EC_P256: ec };
  });
  const jwk = (spec: keyof typeof pairs) =>
    crypto
      .createPrivateKey({ key: Buffer.from(pairs[spec].privateKey), format: "der", type: "pkcs8" })
      .export({ format: "jwk" });
  const field = (value: string | undefined) => Buffer.from(value ?? "", "base64url");
  const wanted = (keySpec: keyof typeof pairs) => ({ keySpec, keyUsage: "SIGN/VERIFY", id, label: "label" }) as const;

  /** A token that makes pairs with these attributes of the public key. */
  function making(attributes: Record<number, Buffer>) {
    const scripted = scriptedToken();
    const { objects, instead } = scripted;
    instead.C_GenerateKeyPairAsync = async () => {
      objects.set("public", attributes);
      objects.set("private", { 259: yes, 354: no });
      return { publicKey: Buffer.from("public"), privateKey: Buffer.from("private") };
    };
    return scripted;
  }

  test("of RSA has a modulus of its length and the exponent 65,537; the public key does not stay", async () => {
    const { n, e } = jwk("RSA_2048");
    const { token, objects, calls } = making({ 288: field(n), 290: field(e) });
    const publicKey = await generateKeyPair(token, wanted("RSA_2048"));
    expect(Buffer.from(publicKey)).toEqual(Buffer.from(pairs.RSA_2048.publicKey));
    const [, , mechanism, template] = calls.find(([name]) => name === "C_GenerateKeyPairAsync") ?? [];
    expect(mechanism).toEqual({ mechanism: 0 });
    expect(template).toEqual([
      { type: 1, value: false },
      { type: 0x121, value: 2048 },
      { type: 0x122, value: Buffer.of(1, 0, 1) },
    ]);
    expect([...objects.keys()]).toEqual(["private"]);
  });

  test("of EC has its point as PKCS#11 writes it, or bare, and in no other form", async () => {
    const { x, y } = jwk("EC_P256");
    const point = Buffer.concat([Buffer.of(4), field(x), field(y)]);
    for (const written of [point, Buffer.concat([Buffer.of(4, 65), point])]) {
      const { token, calls } = making({ 385: written });
      expect(Buffer.from(await generateKeyPair(token, wanted("EC_P256")))).toEqual(
        Buffer.from(pairs.EC_P256.publicKey),
      );
      const [, , mechanism, template] = calls.find(([name]) => name === "C_GenerateKeyPairAsync") ?? [];
      expect([mechanism, template]).toEqual([
        { mechanism: 0x1040 },
        [
          { type: 1, value: false },
          { type: 0x180, value: Buffer.from("06082a8648ce3d030107", "hex") },
        ],
      ]);
    }
    const compressed = Buffer.concat([Buffer.of(2), field(x)]);
    for (const wrong of [
      compressed,
      point.subarray(0, 64),
      Buffer.concat([point, no]),
      Buffer.alloc(65, 3),
      Buffer.alloc(0),
    ]) {
      const { token } = making({ 385: wrong });
      const refused = { code: "ERR_KEY", message: expect.stringContaining("uncompressed point") };
      await expect(generateKeyPair(token, wanted("EC_P256"))).rejects.toMatchObject(refused);
    }
  });

  test("that is imported is stored by its parts, which are wiped; the caller's bytes stay", async () => {
    for (const spec of ["RSA_2048", "EC_P256"] as const) {
      const { token, objects, instead } = scriptedToken();
      const seen: { type: number; value: Buffer; copy: Buffer }[] = [];
      instead.C_CreateObject = ((_: Buffer, template: { type: number; value: unknown }[]) => {
        for (const { type, value } of template) {
          if (Buffer.isBuffer(value) && type !== 0x102 && type !== 0x180)
            seen.push({ type, value, copy: Buffer.from(value) });
        }
        objects.set("private", { 259: yes, 354: no });
        return Buffer.from("private");
      }) as never;
      const own = pairs[spec].privateKey.slice();
      await storePrivateKey(token, wanted(spec), own);
      expect(own).toEqual(pairs[spec].privateKey);
      const { n, e, d, p, q, dp, dq, qi } = jwk(spec);
      const parts =
        spec === "EC_P256"
          ? [[0x11, d]]
          : [n, e, d, p, q, dp, dq, qi].map((part, at) => [0x120 + at + (at > 0 ? 1 : 0), part]);
      expect(seen.map(({ type, copy }) => [type, copy])).toEqual(
        parts.map(([type, part]) => [type, field(part as string)]),
      );
      expect(seen.every(({ value }) => value.every((byte) => byte === 0))).toBe(true);
    }
  });
});
