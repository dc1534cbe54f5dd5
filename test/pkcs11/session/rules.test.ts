import { runInNewContext } from "node:vm";
import { pkcs11 } from "lanelock/pkcs11";
import { describe, expect, test, vi } from "vitest";
import { Pace } from "../../../src/providers/pkcs11/session/pace.ts";
import { readPin } from "../../../src/providers/pkcs11/session/pin.ts";
import { SessionPool } from "../../../src/providers/pkcs11/session/session-pool.ts";

// Rules of sessions that a single wrong line would break, without a token.

/** Time stands still, however busy the machine is. */
vi.mock("../../../src/shared/timers.ts", async (original) => ({
  ...(await original<typeof import("../../../src/shared/timers.ts")>()),
  performance: { now: () => NOW },
}));
const NOW = vi.hoisted(() => 1_000_000);

describe("a token's pace", () => {
  /** A call that took so many ms. */
  const ago = (milliseconds: number) => NOW - milliseconds;

  function quickPace(): Pace {
    const pace = new Pace();
    for (let trial = 0; trial < 3; trial += 1) {
      expect(pace.quick).toBeUndefined();
      pace.calledInThreadPool(ago(trial === 1 ? 0 : 30));
    }
    expect(pace.quick).toBe("now");
    return pace;
  }

  test("is quick after three calls of which one was, and not before", () => {
    quickPace();
    const slow = new Pace();
    for (let trial = 0; trial < 9; trial += 1) slow.calledInThreadPool(ago(30));
    expect(slow.quick).toBeUndefined();
    // Each three are judged by themselves.
    slow.calledInThreadPool(ago(0));
    expect(slow.quick).toBeUndefined();
    slow.calledInThreadPool(ago(30));
    slow.calledInThreadPool(ago(30));
    expect(slow.quick).toBeDefined();
  });

  test("is slow after three slow calls in a row, or one very slow call", () => {
    const pace = quickPace();
    for (const took of [10, 10, 0, 10, 10]) pace.calledSynchronously(ago(took));
    expect(pace.quick).toBeDefined();
    pace.calledSynchronously(ago(10));
    expect(pace.quick).toBeUndefined();
    const other = quickPace();
    other.calledSynchronously(ago(60));
    expect(other.quick).toBeUndefined();
    // Three in a row are counted afresh afterwards.
    other.calledInThreadPool(ago(0));
    other.calledInThreadPool(ago(0));
    expect(other.quick).toBeUndefined();
  });

  test("gives the event loop a turn between synchronous calls, and goes on in it", async () => {
    const pace = quickPace();
    pace.calledSynchronously(ago(9));
    expect(pace.quick).toBe("next turn");
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(pace.quick).toBe("now");
  });
});

describe("a session that is replaced", () => {
  function pool(max: number) {
    const closed: number[] = [];
    let opened = 0;
    const source = {
      open: () => {
        opened += 1;
        return opened;
      },
      close: (session: number) => closed.push(session),
      isFull: () => false,
    };
    const sessions = new SessionPool<number>(source, { max, maxWaiting: 0 });
    return { sessions, closed, opened: () => opened };
  }

  test("ends without another where others keep the login", async () => {
    const { sessions, closed, opened } = pool(2);
    const [first] = [await sessions.take({ timeoutMs: 1000 }), await sessions.take({ timeoutMs: 1000 })];
    sessions.replace(first);
    expect([opened(), sessions.open, closed]).toEqual([2, 1, [1]]);
  });

  test("ends without another where the pool is closed, or those in use are held back", async () => {
    const closing = pool(1);
    const only = await closing.sessions.take({ timeoutMs: 1000 });
    const ended = closing.sessions.close(60_000);
    closing.sessions.replace(only);
    await ended;
    expect([closing.opened(), closing.closed]).toEqual([1, [1]]);
    const held = pool(1);
    const session = await held.sessions.take({ timeoutMs: 1000 });
    held.sessions.holdBack(60_000);
    held.sessions.replace(session);
    expect([held.opened(), held.closed]).toEqual([1, [1]]);
  });
});

test("what a PIN function threw is the cause of the error", async () => {
  for (const thrown of [
    new Error("the safe is shut"),
    "a text",
    undefined,
    runInNewContext("new Error('elsewhere')"),
  ]) {
    const source = () => {
      throw thrown;
    };
    for (const failing of [source, () => Promise.reject(thrown)]) {
      const error = await readPin(failing).catch((reason) => reason);
      expect(error).toMatchObject({ code: "ERR_PROVIDER" });
      expect(error.cause).toBe(thrown);
    }
  }
});

test("a vendor's numbers are those that 32 bits hold", () => {
  const numbers = { SM4_KEY_GEN: 0, SM4_GCM: 2 ** 32 - 1, SM4_KEY_TYPE: 1 };
  const options = { module: "/usr/lib/none.so", token: { label: "t" }, pin: "1234" };
  expect(pkcs11({ ...options, vendorMechanisms: numbers })).toBeDefined();
  for (const name of Object.keys(numbers)) {
    for (const wrong of [-1, 2 ** 32, 1.5, Number.NaN, "1", null, undefined, 1n]) {
      const vendorMechanisms = { ...numbers, [name]: wrong } as never;
      expect(() => pkcs11({ ...options, vendorMechanisms }), `${name} ${wrong}`).toThrow(
        expect.objectContaining({ code: "ERR_ARGUMENT", message: expect.stringContaining(name) }),
      );
    }
  }
});
