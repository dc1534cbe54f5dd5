import { afterEach, describe, expect, test, vi } from "vitest";
import { AES_256_GCM, SM4_GCM } from "../../src/envelope/format/suites.ts";
import type { MessageKeys } from "../../src/envelope/keys/message-keys.ts";
import { chooseBackend } from "../../src/envelope/segments/choose-backend.ts";
import { findCrossover, nativeCrossover, nativeMaker, raceOf } from "../../src/envelope/segments/crossover.ts";
import { EngineSegments } from "../../src/envelope/segments/engine-segments.ts";
import { NodeSegments } from "../../src/envelope/segments/node-segments.ts";
import type { SegmentCipher } from "../../src/envelope/segments/segment-cipher.ts";
import { WebSegments } from "../../src/envelope/segments/web-segments.ts";

/** A host that lacks a part, or memory. */
const host = vi.hoisted(() => ({ hasNodeCrypto: true, engineFails: false }));
vi.mock("../../src/shared/node-crypto.ts", async (original) => {
  const real = await original<typeof import("../../src/shared/node-crypto.ts")>();
  return { nodeCrypto: () => (host.hasNodeCrypto ? real.nodeCrypto() : undefined) };
});
vi.mock("../../src/envelope/segments/engine-segments.ts", async (original) => {
  const real = await original<typeof import("../../src/envelope/segments/engine-segments.ts")>();
  class Engine extends real.EngineSegments {
    constructor(keys: MessageKeys) {
      if (host.engineFails) throw new Error("no memory");
      super(keys);
    }
  }
  return { EngineSegments: Engine };
});
vi.mock("../../src/shared/timers.ts", () => import("../shared/late-timers.ts"));

// `"auto"` measures which of two implementations is faster, and does without one that fails.

afterEach(() => {
  Object.assign(host, { hasNodeCrypto: true, engineFails: false });
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const keys: MessageKeys = {
  ...{ suite: AES_256_GCM, segmentSize: 65_536, commitment: new Uint8Array(0) },
  ...{ segmentKey: new Uint8Array(32), noncePrefix: new Uint8Array(7) },
};
const never = Number.POSITIVE_INFINITY;

describe("the crossover is the smallest size", () => {
  const times = (native: number[], engine: number[]) => async (size: number) => ({
    native: native[size] ?? never,
    engine: engine[size] ?? never,
  });

  test.each([
    ["at which the platform's AES is as fast", [9, 5, 4, 1], [4, 4, 4, 4], 2],
    ["of all, if it always is", [1, 1, 1, 1], [2, 2, 2, 2], 0],
    ["that there is not, if it never is", [5, 5, 5, 5], [2, 2, 2, 2], never],
    ["that there is not, if neither works", [], [], never],
    ["of all, if the engine does not work", [5, 5, 5, 5], [], 0],
  ])("%s", async (_, native, engine, wanted) => {
    expect(await findCrossover(times(native, engine), [0, 1, 2, 3])).toBe(wanted);
  });

  test("of 256 bytes to 64 KiB", async () => {
    const sizes: number[] = [];
    await findCrossover(async (size) => {
      sizes.push(size);
      return { native: 2, engine: 1 };
    });
    expect(sizes).toEqual([256, 1_024, 4_096, 16_384, 65_536]);
  });
});

describe("a race", () => {
  /** Makes real ciphers, and keeps what each was given and whether it was disposed of afterwards. */
  function watched(make: (keys: MessageKeys) => SegmentCipher | Promise<SegmentCipher>, failsAt = never) {
    const events: string[] = [];
    const maker = async (given: MessageKeys): Promise<SegmentCipher> => {
      events.push("made");
      if (events.filter((event) => event === "made").length === failsAt) throw new Error("no memory");
      const cipher = await make(given);
      return {
        ...{ batchSegments: 1, parallelBatches: 1, reserve: () => undefined },
        seal: async (batch) => {
          expect([batch.first, batch.final]).toEqual([0, true]);
          const sealed = await cipher.seal(batch);
          await new Promise((resolve) => setImmediate(resolve));
          events.push(`sealed ${sealed.length}`);
          return sealed;
        },
        open: (batch) => cipher.open(batch),
        dispose: () => {
          events.push("disposed");
          cipher.dispose();
        },
      };
    };
    return { events, maker };
  }
  const six = (...events: string[]) => Array(6).fill(events).flat();

  test("seals six messages with each, and disposes of each cipher once its message is sealed", async () => {
    const native = watched((given) => WebSegments.create(given));
    const engine = watched((given) => new EngineSegments(given));
    const failed = new Set<string>();
    const best = await raceOf({ native: native.maker, engine: engine.maker }, failed)(300);
    expect(native.events).toEqual(six("made", "sealed 316", "disposed"));
    expect(engine.events).toEqual(native.events);
    expect([best.native, best.engine].map((time) => time > 0 && time < never)).toEqual([true, true]);
    expect([...failed]).toEqual([]);
  });

  test("counts the best of the times", async () => {
    const clock = [0, 9, 9, 16, 16, 20, 20, 29, 29, 38, 38, 47, 47, 56, 56, 65, 65, 74, 74, 83, 83, 92, 92, 101];
    vi.spyOn(performance, "now").mockImplementation(() => clock.shift() ?? Number.NaN);
    const best = await raceOf(
      { native: nativeMaker() as never, engine: (given) => new EngineSegments(given) },
      new Set(),
    )(16);
    expect(best).toEqual({ native: 4, engine: 7 });
  });

  test.each([1, 4])("leaves out one that fails at its message %i, now and at the next sizes", async (failsAt) => {
    const native = watched((given) => WebSegments.create(given), failsAt);
    const engine = watched((given) => new EngineSegments(given));
    const failed = new Set<string>();
    const race = raceOf({ native: native.maker, engine: engine.maker }, failed);
    for (let size = 1; size < 3; size++) {
      const best = await race(size);
      expect([best.native, best.engine < never]).toEqual([never, true]);
    }
    expect([...failed]).toEqual(["native"]);
    expect(native.events.filter((event) => event === "made").length).toBe(failsAt);
    expect(engine.events.filter((event) => event === "made").length).toBe(12);
  });
});

describe("the measurement", () => {
  /** Nothing is measured yet. */
  async function fresh() {
    vi.resetModules();
    const module = await import("../../src/envelope/segments/crossover.ts");
    const made = vi.fn((given: MessageKeys) => WebSegments.create(given) as Promise<SegmentCipher>);
    return { measure: () => module.nativeCrossover(made), made };
  }

  test("is made once, also where several messages ask at once, and is kept", async () => {
    const { measure, made } = await fresh();
    const [first, second] = [measure(), measure()];
    expect(first).toBe(second);
    const size = await first;
    const count = made.mock.calls.length;
    expect([256, 1_024, 4_096, 16_384, 65_536, never]).toContain(size);
    expect(count % 6).toBe(0);
    vi.spyOn(performance, "now").mockReturnValue(Number.MAX_SAFE_INTEGER);
    expect(measure()).toBe(size);
    expect(made.mock.calls.length).toBe(count);
  });

  test.each([
    ["the platform's AES", true, false, never],
    ["the engine", false, true, 0],
    ["both", true, true, never],
  ])("in which %s failed is repeated after ten seconds", async (_, nativeFails, engineFails, size) => {
    const { measure, made } = await fresh();
    if (nativeFails) made.mockRejectedValue(new Error("no memory"));
    host.engineFails = engineFails;
    const clock = vi.spyOn(performance, "now").mockReturnValue(1_000);
    expect(await measure()).toBe(size);
    const count = made.mock.calls.length;
    clock.mockReturnValue(10_999);
    expect(measure()).toBe(size);
    expect(made.mock.calls.length).toBe(count);
    clock.mockReturnValue(11_000);
    made.mockReset();
    made.mockImplementation((given) => WebSegments.create(given));
    host.engineFails = false;
    expect(await measure()).toBe(256);
    expect(made.mock.calls.length).toBe(6);
    // It is kept now.
    clock.mockReturnValue(1_000_000);
    expect(measure()).toBe(256);
  });
});

describe("the platform's own AES", () => {
  const kind = async () => {
    const cipher = await nativeMaker()?.(keys);
    cipher?.dispose();
    return cipher?.constructor;
  };

  test("is node:crypto, or else WebCrypto, or else there is none", async () => {
    expect(await kind()).toBe(NodeSegments);
    host.hasNodeCrypto = false;
    expect(await kind()).toBe(WebSegments);
    vi.stubGlobal("crypto", {});
    expect(nativeMaker()).toBeUndefined();
    vi.stubGlobal("crypto", undefined);
    expect(nativeMaker()).toBeUndefined();
  });
});

describe("the backend", () => {
  const choose = (backend: "auto" | "native" | "wasm", segmentLength: number, suite = AES_256_GCM) =>
    chooseBackend({ backend, suite, segmentLength });

  test("is the one that was asked for, however short the segments", () => {
    expect([choose("native", 0), choose("wasm", 2 ** 24), choose("wasm", 0, SM4_GCM)]).toEqual([
      "native",
      "wasm",
      "wasm",
    ]);
  });

  test('"native" is refused where the platform has none: for SM4, and on a host without ciphers', () => {
    const unsupported = expect.objectContaining({ code: "ERR_UNSUPPORTED" });
    expect(() => choose("native", 2 ** 24, SM4_GCM)).toThrow(unsupported);
    host.hasNodeCrypto = false;
    vi.stubGlobal("crypto", undefined);
    expect(() => choose("native", 2 ** 24)).toThrow(unsupported);
    expect([choose("auto", 2 ** 24), choose("wasm", 2 ** 24)]).toEqual(["wasm", "wasm"]);
  });

  test('"auto" is the platform\'s from the measured size on, and the engine below it and for SM4', async () => {
    // With a clock that stands still, the platform's is as fast at the smallest size.
    const clock = vi.spyOn(performance, "now").mockReturnValue(5);
    expect(await choose("auto", 256)).toBe("native");
    clock.mockRestore();
    expect(await nativeCrossover(nativeMaker() as never)).toBe(256);
    expect([choose("auto", 256), choose("auto", 257), choose("auto", 255), choose("auto", 0)]).toEqual([
      ...["native", "native", "wasm", "wasm"],
    ]);
    expect(choose("auto", 2 ** 24, SM4_GCM)).toBe("wasm");
  });
});
