import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Spawn } from "../../src/envelope/workers/thread.ts";
import { WorkerChoice } from "../../src/envelope/workers/worker-choice.ts";
import type { LanelockError } from "../../src/errors.ts";
import { ownThreads } from "./own-thread.ts";

const host = vi.hoisted(() => ({ spawn: undefined as Spawn | undefined }));
vi.mock("../../src/envelope/workers/thread.ts", () => ({ platformSpawn: () => host.spawn }));
vi.mock("../../src/shared/timers.ts", () => import("../shared/late-timers.ts"));

// Whether messages go to threads, and what is said where none start.

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  host.spawn = undefined;
});

/** A host whose threads start at once, unless they are told not to. */
function threads() {
  const own = ownThreads();
  let failure: { code: string; message: string } | undefined;
  host.spawn = (events) => {
    const thread = own.spawn(events);
    queueMicrotask(() => events.reply({ kind: "ready", engineFailure: failure }));
    return thread;
  };
  return {
    ...own,
    withoutEngine: (code: string) => {
      failure = { code, message: "no room" };
    },
  };
}

/** A module that has not counted the processors yet. */
async function choiceWith(processors: number | undefined, browser?: number) {
  vi.resetModules();
  const { getBuiltinModule } = process;
  const builtin = (name: string) =>
    name === "node:os" ? { availableParallelism: () => processors } : getBuiltinModule(name);
  vi.stubGlobal("process", processors === undefined ? undefined : { getBuiltinModule: builtin });
  vi.stubGlobal("navigator", { hardwareConcurrency: browser });
  const module = await import("../../src/envelope/workers/worker-choice.ts");
  const choice = new module.WorkerChoice("auto");
  const wants = choice.wantsPool("wasm");
  return { choice, wants };
}

describe("threads are wanted", () => {
  test.each([
    [0, "wasm", false],
    [1, "wasm", false],
    [2, "wasm", true],
    [2, "native", true],
    [1, "native", false],
  ] as const)("workers: %i, %s: %s", (workers, backend, wanted) => {
    expect(new WorkerChoice(workers).wantsPool(backend)).toBe(wanted);
  });

  test.each([
    [1, false, 1],
    [2, true, 2],
    [8, true, 8],
    [32, true, 8],
  ])('under "auto" of a host with %i processors: %s, %i', async (processors, wanted, count) => {
    threads();
    const { choice, wants } = await choiceWith(processors);
    vi.unstubAllGlobals();
    expect([wants, choice.wantsPool("native")]).toEqual([wanted, false]);
    expect((await choice.pool("wasm"))?.threads).toBe(count);
    await choice.close();
  });

  test.each([
    [undefined, false],
    [1, false],
    [2, true],
  ])('under "auto" of a page whose host says %o: %s', async (says, wanted) => {
    const { wants } = await choiceWith(undefined, says);
    expect(wants).toBe(wanted);
  });
});

describe("the pool", () => {
  test("is one, of as many threads as were asked for, and ends with the envelope", async () => {
    const { threads: started } = threads();
    const choice = new WorkerChoice(3);
    const pool = await choice.pool("wasm");
    expect([pool?.threads, started.length, (await choice.pool("native")) === pool]).toEqual([3, 1, true]);
    await choice.close();
    expect(started.map(({ terminated }) => terminated)).toEqual([1]);
    await expect(choice.pool("wasm")).rejects.toMatchObject({ code: "ERR_STATE" });
  });

  test("that was never made is closed without one", async () => {
    const choice = new WorkerChoice(2);
    await choice.close();
    await expect(choice.pool("wasm")).rejects.toMatchObject({ code: "ERR_STATE" });
  });

  test.each([2, "auto"] as const)(
    "whose envelope is closed while its thread fails is ERR_STATE: %s",
    async (workers) => {
      const { spawn, threads: started } = ownThreads();
      host.spawn = spawn;
      const choice = new WorkerChoice(workers);
      const starting = choice.pool("native").catch((error: unknown) => error);
      const closing = choice.close();
      started[0]?.events.ended(new Error("no memory"));
      expect(await starting).toMatchObject({ code: "ERR_STATE" });
      await closing;
    },
  );
});

describe("where no thread starts", () => {
  const refusing = (cause: unknown) => {
    host.spawn = () => {
      throw cause;
    };
  };
  const refusal = (workers: number) => new WorkerChoice(workers).pool("wasm").catch((error: LanelockError) => error);

  test('"auto" goes on without, and tries again after ten seconds', async () => {
    vi.spyOn(performance, "now").mockReturnValue(1_000);
    const { threads: started, state } = threads();
    state.refuses = new Error("no memory");
    const choice = new WorkerChoice("auto");
    expect(await choice.pool("wasm")).toBeUndefined();
    state.refuses = undefined;
    vi.mocked(performance.now).mockReturnValue(10_999);
    expect([await choice.pool("wasm"), started.length]).toEqual([undefined, 0]);
    vi.mocked(performance.now).mockReturnValue(11_000);
    expect(await choice.pool("wasm")).toBeDefined();
    await choice.close();
    vi.restoreAllMocks();
  });

  test("a number of workers is refused, each time anew, with why and what to do", async () => {
    const cause = new Error("no memory");
    refusing(cause);
    const choice = new WorkerChoice(2);
    const refused = { code: "ERR_UNSUPPORTED", cause, message: expect.stringMatching(/\(no memory\): use workers: 1/) };
    await expect(choice.pool("wasm")).rejects.toMatchObject(refused);
    threads();
    const other = new WorkerChoice(2);
    expect(await other.pool("wasm")).toBeDefined();
    await other.close();
  });

  test.each(["ERR_WASM", "ERR_LIMIT"] as const)("because it has no engine, it says so: %s", async (code) => {
    threads().withoutEngine(code);
    const error = await refusal(2);
    expect(error).toMatchObject({ code, message: expect.stringContaining("no room"), cause: { code } });
  });

  test("a host without threads is ERR_UNSUPPORTED", async () => {
    const error = await refusal(2);
    expect(error).toMatchObject({ code: "ERR_UNSUPPORTED", cause: { code: "ERR_UNSUPPORTED" } });
    expect(await new WorkerChoice("auto").pool("wasm")).toBeUndefined();
  });

  test.each([
    ["Node's permissions", Object.assign(new Error("x"), { code: "ERR_ACCESS_DENIED" }), "--allow-worker"],
    [
      "Trusted Types of Chromium",
      new Error("This document requires 'TrustedScriptURL' assignment"),
      "trusted-types lanelock",
    ],
    ["Trusted Types of Firefox", new Error("Sink type mismatch violation"), "trusted-types lanelock"],
    ["anything else", new Error("no memory"), "(no memory)"],
  ])("names what forbids them: %s", async (_, cause, text) => {
    refusing(cause);
    const error = (await refusal(2)) as LanelockError;
    expect(error).toMatchObject({ code: "ERR_UNSUPPORTED", message: expect.stringContaining(text) });
    expect(error.message).not.toContain("worker-src");
  });

  test("in Node it is not, though a test environment has a document", async () => {
    vi.stubGlobal("document", {});
    refusing(new Error("refused"));
    const error = (await refusal(2)) as LanelockError;
    vi.unstubAllGlobals();
    expect(error.message).not.toContain("worker-src");
  });

  test("on a page it may be the policy, but not where the page has no threads at all", async () => {
    vi.stubGlobal("document", {});
    vi.stubGlobal("process", undefined);
    refusing(new Error("refused"));
    const error = await refusal(2);
    host.spawn = undefined;
    const none = await refusal(2);
    vi.unstubAllGlobals();
    expect((error as LanelockError).message).toContain('worker-src blob:"; refused');
    expect((none as LanelockError).message).not.toContain("worker-src");
  });
});
