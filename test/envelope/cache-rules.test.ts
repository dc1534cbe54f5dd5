import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { checkLimits } from "../../src/envelope/keys/cache-limits.ts";
import type { DataKey } from "../../src/envelope/keys/data-key.ts";
import { DataKeyCache } from "../../src/envelope/keys/data-key-cache.ts";
import { SingleFlight } from "../../src/envelope/keys/single-flight.ts";
import { useOnce } from "../../src/envelope/keys/use-once.ts";

vi.mock("../../src/shared/timers.ts", () => import("../shared/late-timers.ts"));

// The cache of data keys alone: which data key a request gets, when it is wiped, and who asks for another.

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const reason = new Error("enough");
const closed = { code: "ERR_STATE" };

/** A source of data keys, each with its number as its bytes. It answers at once, or when it is told to. */
function source() {
  const keys: Uint8Array[] = [];
  const signals: (AbortSignal | undefined)[] = [];
  const held: (() => void)[] = [];
  let holds = false;
  const load = (signal: AbortSignal | undefined): Promise<DataKey> => {
    signals.push(signal);
    const dataKey = new Uint8Array(32).fill(signals.length);
    const answer = () => {
      keys.push(dataKey);
      return { dataKey, wrappedKey: new Uint8Array(96), keyId: "k" };
    };
    if (!holds) return Promise.resolve(answer());
    return new Promise((resolve) => {
      held.push(() => resolve(answer()));
    });
  };
  return {
    ...{ keys, signals, load },
    hold: () => {
      holds = true;
    },
    answer: () => {
      holds = false;
      for (const one of held.splice(0)) one();
    },
    wiped: () => keys.map((key) => key.every((byte) => byte === 0)),
  };
}

function over(limits = {}) {
  const from = source();
  const cache = new DataKeyCache(limits);
  /** The number of the data key that a request gets. */
  const ask = async (id = "a", bytes = 1, signal?: AbortSignal) =>
    cache.use({ id, bytes, signal, load: from.load, use: ({ dataKey }) => dataKey[0] });
  return { ...from, cache, ask };
}

describe("limits", () => {
  test("have defaults, and are taken at their ends", () => {
    expect(checkLimits({})).toEqual({ maxAge: 60_000, maxMessages: 100_000, maxBytes: 2 ** 36, maxEntries: 256 });
    const most = { maxAge: 2 ** 31 - 1, maxMessages: 2 ** 53 - 1, maxBytes: 2 ** 53 - 1, maxEntries: 2 ** 53 - 1 };
    expect(checkLimits(most)).toEqual(most);
    const least = { maxAge: Number.MIN_VALUE, maxMessages: 1, maxBytes: 1, maxEntries: 1 };
    expect(checkLimits(least)).toEqual(least);
    expect(checkLimits({ maxAge: undefined, maxBytes: undefined }).maxAge).toBe(60_000);
  });

  test.each([
    ...[2 ** 31, 0, -1, Number.NaN, "5", null].map((maxAge) => ({ maxAge })),
    ...["maxMessages", "maxBytes", "maxEntries"].flatMap((name) =>
      [0, 2 ** 53, 1.5, "5", null].map((value) => ({ [name]: value })),
    ),
    { maxage: 5 },
  ])("of %o are refused", (limits) => {
    expect(() => checkLimits(limits as object)).toThrow(expect.objectContaining({ code: "ERR_ARGUMENT" }));
  });
});

describe("a data key is used", () => {
  test("for requests of its id, up to the messages and to the very bytes of its limits", async () => {
    const { ask, wiped } = over({ maxMessages: 3, maxBytes: 10 });
    expect([await ask(), await ask(), await ask(), await ask()]).toEqual([1, 1, 1, 2]);
    expect(wiped()).toEqual([true, false]);
    expect([await ask("b", 4), await ask("b", 6), await ask("b", 1)]).toEqual([3, 3, 4]);
    expect(wiped()).toEqual([true, false, true, false]);
    // Empty messages fit a data key whose bytes are used up.
    expect([await ask("c", 10), await ask("c", 0), await ask("c", 1)]).toEqual([5, 5, 6]);
  });

  test("by one message alone that is above the limit of bytes, and wiped; the shared one stays", async () => {
    const { ask, wiped, cache } = over({ maxBytes: 10 });
    expect([await ask("a", 10), await ask("a", 11)]).toEqual([1, 2]);
    await vi.waitFor(() => expect(wiped()).toEqual([false, true]));
    cache.close();
    await expect(ask("a", 11)).rejects.toMatchObject(closed);
    await expect(ask("a", 1)).rejects.toMatchObject(closed);
  });

  test("until its bytes go beyond the limit, counted afterwards too", async () => {
    const { ask, wiped, cache } = over({ maxBytes: 10 });
    await ask("a", 4);
    cache.charge("other", 100);
    cache.charge("a", 6);
    expect(wiped()).toEqual([false]);
    cache.charge("a", 1);
    expect(wiped()).toEqual([true]);
    cache.charge("a", 1);
    expect(await ask("a", 4)).toBe(2);
  });

  test("until it is as old as the limit, counted from the call that fetched it", async () => {
    const { ask, hold, answer, wiped } = over({ maxAge: 100 });
    hold();
    const asking = ask();
    await vi.advanceTimersByTimeAsync(60);
    answer();
    expect(await asking).toBe(1);
    await vi.advanceTimersByTimeAsync(39);
    expect(await ask()).toBe(1);
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + 1);
    expect(await ask()).toBe(2);
    expect(wiped()).toEqual([true, false]);
  });

  test("by the message that fetched it, however old it is by then, and by no other", async () => {
    const { ask, hold, answer } = over({ maxAge: 100 });
    hold();
    const asking = [ask(), ask()];
    await vi.advanceTimersByTimeAsync(500);
    answer();
    expect(await Promise.all(asking)).toEqual([1, 2]);
  });
});

describe("data keys are wiped", () => {
  test("when they are too old, by one timer, without another request", async () => {
    const { ask, wiped } = over({ maxAge: 1_000 });
    await ask("a");
    await vi.advanceTimersByTimeAsync(400.5);
    await ask("b");
    await ask("c");
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(599);
    expect(wiped()).toEqual([false, false, false]);
    await vi.advanceTimersByTimeAsync(1);
    expect([wiped(), vi.getTimerCount()]).toEqual([[true, false, false], 1]);
    await vi.advanceTimersByTimeAsync(401);
    expect([wiped(), vi.getTimerCount()]).toEqual([[true, true, true], 0]);
    await ask("d");
    expect(vi.getTimerCount()).toBe(1);
  });

  test("by a timer that does not keep the process alive, and does not spin", async () => {
    const timer = { unref: vi.fn() };
    const waiting = vi.spyOn(globalThis, "setTimeout").mockReturnValue(timer as never);
    const { ask } = over({ maxAge: 0.25 });
    await ask();
    expect(waiting.mock.calls.map(([, milliseconds]) => milliseconds)).toEqual([1]);
    expect(timer.unref).toHaveBeenCalledTimes(1);
  });

  test("when there are too many: the one that was not used for longest", async () => {
    const { ask, wiped } = over({ maxEntries: 2 });
    await ask("a");
    await ask("b");
    await ask("a");
    await ask("c");
    expect(wiped()).toEqual([false, true, false]);
    expect([await ask("a"), await ask("c"), await ask("b")]).toEqual([1, 3, 4]);
    expect(wiped()).toEqual([true, true, false, false]);
  });

  test("at the end, with the timer; what is still on its way is given up, and wiped when it comes", async () => {
    const { ask, cache, hold, answer, signals, wiped } = over();
    await ask("a");
    await ask("b");
    hold();
    const asking = [ask("c"), ask("c")].map((one) => one.catch((error: unknown) => error));
    await vi.waitFor(() => expect(signals.length).toBe(3));
    cache.close();
    expect([wiped(), vi.getTimerCount()]).toEqual([[true, true], 0]);
    expect(signals[2]?.aborted).toBe(true);
    expect(signals[2]?.reason).toMatchObject(closed);
    answer();
    for (const one of asking) expect(await one).toMatchObject(closed);
    await vi.waitFor(() => expect(wiped()).toEqual([true, true, true]));
    expect(vi.getTimerCount()).toBe(0);
    await expect(ask("a")).rejects.toMatchObject(closed);
    expect(signals.length).toBe(3);
  });
});

describe("a request that is given up", () => {
  test("before it begins asks for nothing and does not count", async () => {
    const { ask, signals } = over({ maxMessages: 1 });
    await expect(ask("a", 1, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(signals.length).toBe(0);
    await ask();
    await expect(ask("a", 1, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  test("while the data key comes leaves it to the others, and is not counted", async () => {
    const { ask, hold, answer, wiped } = over({ maxMessages: 2 });
    hold();
    const abort = new AbortController();
    const [first, ...others] = [ask("a", 1, abort.signal), ask(), ask(), ask()];
    abort.abort(reason);
    await expect(first).rejects.toBe(reason);
    answer();
    expect(await Promise.all(others)).toEqual([1, 1, 2]);
    expect(wiped()).toEqual([true, false]);
  });

  test("while another fetched the data key ends with its own reason, and does not ask again", async () => {
    const { ask, hold, answer, signals } = over({ maxMessages: 1 });
    hold();
    const abort = new AbortController();
    const asking = [ask(), ask("a", 1, abort.signal)];
    abort.abort(reason);
    await expect(asking[1]).rejects.toBe(reason);
    answer();
    expect(await asking[0]).toBe(1);
    expect(signals.length).toBe(1);
  });
});

test("a use that fails fails its own request alone; the data key stays", async () => {
  const { cache, load, ask, wiped } = over();
  const use = () => {
    throw reason;
  };
  await expect((async () => cache.use({ id: "a", bytes: 1, signal: undefined, load, use }))()).rejects.toBe(reason);
  expect([await ask(), wiped()]).toEqual([1, [false]]);
});

describe("a call that several wait for", () => {
  const pending = () => {
    let resolve = (_: string) => {};
    let reject = (_: Error) => {};
    const call = vi.fn(
      () =>
        new Promise<string>((yes, no) => {
          [resolve, reject] = [yes, no];
        }),
    );
    return { call, resolve: (value: string) => resolve(value), reject: (error: Error) => reject(error) };
  };

  test("is joined while it is under way, and not afterwards", async () => {
    const flights = new SingleFlight<string>();
    const { call, resolve } = pending();
    expect(flights.join("a", undefined)).toBeUndefined();
    const leading = flights.lead("a", undefined, call);
    const joined = flights.join("a", undefined);
    expect(flights.join("b", undefined)).toBeUndefined();
    resolve("answer");
    expect([await leading, await joined]).toEqual(["answer", "answer"]);
    expect(flights.join("a", undefined)).toBeUndefined();
  });

  test("fails for all who wait, and can be made again", async () => {
    const flights = new SingleFlight<string>();
    const { call, reject } = pending();
    const waiting = [flights.lead("a", undefined, call), flights.join("a", undefined)];
    reject(reason);
    for (const one of waiting) await expect(one).rejects.toBe(reason);
    expect(flights.join("a", undefined)).toBeUndefined();
  });

  test("is aborted with the reason of the last who leaves; then another begins, which the end of the first leaves alone", async () => {
    const flights = new SingleFlight<string>();
    const [one, two] = [new AbortController(), new AbortController()];
    const first = pending();
    const leading = flights.lead("a", one.signal, first.call);
    const joined = flights.join("a", two.signal);
    const [signal] = first.call.mock.calls[0] as unknown as [AbortSignal];
    one.abort(new Error("the first"));
    await expect(leading).rejects.toThrow("the first");
    expect(signal.aborted).toBe(false);
    two.abort(reason);
    await expect(joined).rejects.toBe(reason);
    expect([signal.aborted, signal.reason]).toEqual([true, reason]);
    expect(flights.join("a", undefined)).toBeUndefined();
    const second = pending();
    const again = flights.lead("a", undefined, second.call);
    first.resolve("late");
    await vi.advanceTimersByTimeAsync(1);
    const stillJoined = flights.join("a", undefined);
    expect(stillJoined).toBeDefined();
    second.resolve("answer");
    expect([await again, await stillJoined]).toEqual(["answer", "answer"]);
  });

  test("that ended is not aborted by a signal that comes later", async () => {
    const flights = new SingleFlight<string>();
    const { call, resolve } = pending();
    const abort = new AbortController();
    const leading = flights.lead("a", abort.signal, call);
    const [signal] = call.mock.calls[0] as unknown as [AbortSignal];
    resolve("answer");
    await leading;
    abort.abort(reason);
    expect(signal.aborted).toBe(false);
  });

  test("ends with all others at once", async () => {
    const flights = new SingleFlight<string>();
    const [one, two] = [pending(), pending()];
    const waiting = [flights.lead("a", undefined, one.call), flights.lead("b", undefined, two.call)];
    for (const given of waiting) given.catch(() => {});
    flights.abortAll(reason);
    const signals = [one, two].map(({ call }) => call.mock.calls[0] as unknown as [AbortSignal]);
    expect(signals.map(([signal]) => signal.reason)).toEqual([reason, reason]);
    expect([flights.join("a", undefined), flights.join("b", undefined)]).toEqual([undefined, undefined]);
  });
});

describe("a data key for one message", () => {
  const once = (from: ReturnType<typeof source>, use: (key: DataKey) => unknown, signal?: AbortSignal) =>
    useOnce({ load: from.load, use, signal });

  test("is wiped after its use, also if that fails", async () => {
    const from = source();
    expect(await once(from, ({ dataKey }) => dataKey[5])).toBe(1);
    const failing = () => {
      throw reason;
    };
    await expect(once(from, failing)).rejects.toBe(reason);
    await vi.waitFor(() => expect(from.wiped()).toEqual([true, true]));
  });

  test("is wiped when it comes too late, and a failure to load it is no unhandled rejection", async () => {
    const from = source();
    from.hold();
    const abort = new AbortController();
    const using = once(from, () => "used", abort.signal);
    expect(from.signals).toEqual([abort.signal]);
    abort.abort(reason);
    await expect(using).rejects.toBe(reason);
    from.answer();
    await vi.waitFor(() => expect(from.wiped()).toEqual([true]));
    await expect(useOnce({ load: () => Promise.reject(reason), use: () => 1, signal: undefined })).rejects.toBe(reason);
  });

  test("is not asked for by a message that was given up before", async () => {
    const from = source();
    await expect(once(from, () => "used", AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(from.signals).toEqual([]);
  });
});
