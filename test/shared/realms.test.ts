import { runInNewContext } from "node:vm";
import { describe, expect, test, vi } from "vitest";
import { abortable, isAbortSignal, throwIfAborted } from "../../src/shared/abortable.ts";
import { isPromise, whenReady } from "../../src/shared/maybe-promise.ts";
import { codeOf, messageOf } from "../../src/shared/thrown.ts";

// What comes from another realm, or from another implementation, is what it says it is.

/** As jsdom's and happy-dom's signals are: another class, with an EventTarget's methods, and without `throwIfAborted`. */
class ForeignSignal extends EventTarget {
  aborted = false;
  reason: unknown;
  abort(reason?: unknown): void {
    this.aborted = true;
    this.reason = reason;
    this.dispatchEvent(new Event("abort"));
  }
}

const asSignal = (signal: ForeignSignal) => signal as ForeignSignal & AbortSignal;

describe("isAbortSignal", () => {
  test("takes signals of any class that can be listened to", () => {
    expect(isAbortSignal(new AbortController().signal)).toBe(true);
    expect(isAbortSignal(new ForeignSignal())).toBe(true);
  });

  test.each([undefined, null, true, "signal", {}, { aborted: true }, new EventTarget(), () => 1])("not %o", (value) => {
    expect(isAbortSignal(value)).toBe(false);
  });
});

describe("abortable", () => {
  test("gives up with the reason of a signal of another class, and stops listening", async () => {
    const signal = new ForeignSignal();
    const stopped = vi.spyOn(signal, "removeEventListener");
    const waiting = abortable(new Promise(() => {}), asSignal(signal));
    const reason = new Error("enough");
    signal.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(await abortable(Promise.resolve(5), asSignal(new ForeignSignal()))).toBe(5);
    await abortable(Promise.reject(reason), asSignal(signal)).catch(() => {});
    expect(stopped).toHaveBeenCalled();
  });

  test("a signal without a reason gives an AbortError, as the standard has it", async () => {
    const signal = new ForeignSignal();
    signal.abort();
    await expect(abortable(new Promise(() => {}), asSignal(signal))).rejects.toMatchObject({ name: "AbortError" });
    expect(() => throwIfAborted(asSignal(signal))).toThrow(expect.objectContaining({ name: "AbortError" }));
    expect(() => throwIfAborted(undefined)).not.toThrow();
  });
});

test("a promise of another realm is waited for, not taken for the result", async () => {
  const foreign = runInNewContext("Promise.resolve(5)") as Promise<number>;
  expect(foreign instanceof Promise).toBe(false);
  expect(isPromise(foreign)).toBe(true);
  expect(await whenReady(foreign, (value) => value + 1)).toBe(6);
  for (const value of [5, null, undefined, "then", new Uint8Array(3)]) expect(isPromise(value)).toBe(false);
});

test("the code and the message of an error of another realm, and of a value that is not an error", () => {
  const foreign = runInNewContext("Object.assign(new Error('gone'), { code: 'ERR_AUTHENTICATION' })");
  expect([codeOf(foreign), messageOf(foreign)]).toEqual(["ERR_AUTHENTICATION", "gone"]);
  for (const value of [undefined, null, "text", 5, { code: 5 }]) expect(codeOf(value)).toBeUndefined();
  expect(messageOf(Object.create(null))).toBe("an error without a message");
});
