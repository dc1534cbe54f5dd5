import { LanelockError } from "lanelock";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AuditLog } from "../../../src/kms/audit/audit-log.ts";
import { type PendingEvent, pendingEvent } from "../../../src/kms/audit/event.ts";
import type { AuditSink } from "../../../src/kms/audit/sink.ts";

vi.mock("../../../src/shared/timers.ts", () => import("../../shared/late-timers.ts"));
beforeEach(() =>
  vi.useFakeTimers({ toFake: ["setTimeout", "setInterval", "clearTimeout", "clearInterval", "performance"] }),
);
afterEach(() => vi.useRealTimers());

const NAMES = ["check", "anchor", "recover", "close"] as const;
type Method = (typeof NAMES)[number] | "write";

/** A sink that keeps what it is given, and fails on demand. Its writes end at once, or when `finish` is called. */
class Sink implements AuditSink {
  readonly calls: string[] = [];
  readonly events: string[] = [];
  readonly fails = new Map<Method, unknown>();
  waits = false;
  finish = () => {};

  #call(method: Method, detail = ""): void {
    this.calls.push(method + detail);
    if (this.fails.has(method)) throw this.fails.get(method);
  }

  async write(events: readonly PendingEvent[], durable: boolean) {
    this.calls.push(`write ${events.length}${durable ? " durable" : ""}`);
    if (this.waits) await new Promise<void>((resolve) => (this.finish = resolve));
    if (this.fails.has("write")) throw this.fails.get("write");
    this.events.push(...events.map(({ operation }) => operation));
  }

  check = () => this.#call("check");
  anchor = async () => this.#call("anchor");
  recover = async () => this.#call("recover");
  close = async () => this.#call("close");
  finalAnchor = () => undefined;
}

const event = (operation: string) => pendingEvent(1, "me", operation);
const auditFailure = { code: "ERR_AUDIT" };
/** Until every promise that can settle has. */
const settled = () => new Promise((resolve) => setImmediate(resolve));
let sink: Sink;
beforeEach(() => {
  sink = new Sink();
});

describe("an event of the data plane", () => {
  test("is written 50 ms later, with those that came meanwhile", async () => {
    const log = new AuditLog(sink, "fail");
    vi.advanceTimersByTime(400);
    log.record(event("a"));
    vi.advanceTimersByTime(30);
    log.record(event("b"));
    vi.advanceTimersByTime(19);
    await settled();
    expect(sink.calls).toEqual([]);
    vi.advanceTimersByTime(1);
    await settled();
    expect(sink.calls).toEqual(["write 2"]);
    expect(sink.events).toEqual(["a", "b"]);
  });

  test("is written at once when 256 wait, or when the first has waited for more than 50 ms", async () => {
    const log = new AuditLog(sink, "fail");
    for (let n = 1; n < 256; n++) log.record(event("a"));
    expect(sink.calls).toEqual([]);
    log.record(event("a"));
    expect(sink.calls).toEqual(["write 256"]);
    await settled();
    log.record(event("b"));
    // The timer had no turn: the loop that records never leaves the microtask queue.
    vi.spyOn(globalThis.performance, "now").mockReturnValue(performance.now() + 50);
    log.record(event("b"));
    expect(sink.calls).toHaveLength(1);
    vi.spyOn(globalThis.performance, "now").mockReturnValue(performance.now() + 1);
    log.record(event("b"));
    expect(sink.calls).toEqual(["write 256", "write 3"]);
    vi.restoreAllMocks();
  });

  test("does not begin a second batch while one is being written", async () => {
    const log = new AuditLog(sink, "fail");
    sink.waits = true;
    for (let n = 0; n < 1_000; n++) log.record(event("a"));
    expect(sink.calls).toEqual(["write 256"]);
    sink.waits = false;
    sink.finish();
    await log.flush();
    expect(sink.calls.slice(0, 2)).toEqual(["write 256", "write 744 durable"]);
  });

  test("is not lost by a failure, which the next operation is told", async () => {
    const log = new AuditLog(sink, "fail");
    sink.fails.set("write", new Error("disk full"));
    log.record(event("a"));
    vi.advanceTimersByTime(50);
    await settled();
    await expect(log.ready()).rejects.toMatchObject({ ...auditFailure, message: expect.stringContaining("disk full") });
    sink.fails.clear();
    await log.ready();
    expect(log.ready()).toBeUndefined();
    expect(sink.events).toEqual(["a"]);
    expect(sink.calls).toEqual(["write 1", "recover", "write 1 durable", "recover", "write 1 durable"]);
  });

  test("has room until 8,192 wait, and then operations wait", async () => {
    const log = new AuditLog(sink, "fail");
    sink.waits = true;
    for (let n = 0; n < 256 + 8_191; n++) log.record(event("a"));
    expect(log.ready()).toBeUndefined();
    log.record(event("a"));
    const ready = log.ready();
    expect(ready).toBeInstanceOf(Promise);
    // Operations that had begun are not lost, for nothing has failed.
    log.record(event("late"));
    sink.waits = false;
    sink.finish();
    await ready;
    expect([sink.events.length, sink.events.at(-1)]).toEqual([256 + 8_193, "late"]);
    // It need not be on disk either.
    expect(sink.calls).toEqual(["write 256", "write 8193"]);
  });
});

describe("an event of the life cycle", () => {
  test("is on disk, behind those that waited, when commit returns", async () => {
    const log = new AuditLog(sink, "fail");
    log.record(event("a"));
    await log.commit(event("b"));
    expect([sink.calls, sink.events]).toEqual([["write 2 durable"], ["a", "b"]]);
    vi.advanceTimersByTime(50);
    await settled();
    expect(sink.calls).toHaveLength(1);
  });

  test("waits for the batch in progress", async () => {
    const log = new AuditLog(sink, "fail");
    sink.waits = true;
    const first = log.commit(event("a"));
    const second = log.commit(event("b"));
    await settled();
    expect(sink.calls).toEqual(["write 1 durable"]);
    sink.waits = false;
    sink.finish();
    await Promise.all([first, second]);
    expect(sink.events).toEqual(["a", "b"]);
  });

  test("is refused, and never written, while the log fails; those of the data plane are kept", async () => {
    const log = new AuditLog(sink, "fail");
    sink.fails.set("write", new Error("disk full"));
    log.record(event("data"));
    await expect(log.commit(event("a"))).rejects.toMatchObject(auditFailure);
    // It runs in a transaction, and recovering may need another.
    await expect(log.commit(event("b"))).rejects.toMatchObject(auditFailure);
    expect(sink.calls).toEqual(["write 2 durable"]);
    sink.fails.clear();
    await log.ready();
    await log.commit(event("c"));
    expect(sink.events).toEqual(["data", "c"]);
  });

  test("is refused with the sink's own error where that is one of the log", async () => {
    const log = new AuditLog(sink, "fail");
    const own = new LanelockError("ERR_AUDIT", "the claim was lost");
    sink.fails.set("write", own);
    await expect(log.commit(event("a"))).rejects.toBe(own);
    const other = new LanelockError("ERR_STORE", "no store");
    sink.fails.set("recover", other);
    await expect(log.ready()).rejects.toMatchObject({ ...auditFailure, cause: other });
  });

  test("is refused also where the sink throws nothing", async () => {
    const log = new AuditLog(sink, "fail");
    sink.fails.set("write", undefined);
    await expect(log.commit(event("a"))).rejects.toMatchObject(auditFailure);
    await expect(log.ready()).rejects.toMatchObject(auditFailure);
  });
});

describe("with the policy continue", () => {
  test("operations go on while the log fails, and the event is written later", async () => {
    const log = new AuditLog(sink, "continue");
    sink.fails.set("write", new Error("disk full"));
    await log.commit(event("a"));
    await log.ready();
    sink.fails.clear();
    await log.ready();
    expect(sink.events).toEqual(["a"]);
  });

  test("events beyond 8,192 are dropped, and their number is noted once", async () => {
    const log = new AuditLog(sink, "continue");
    sink.fails.set("write", new Error("disk full"));
    await log.commit(event("first"));
    const notes: PendingEvent[] = [];
    log.watch((events) => notes.push(...events.filter(({ operation }) => operation === "AuditGap")));
    // A batch of 256 is being written while more events come.
    sink.waits = true;
    for (let n = 1; n < 256; n++) log.record(event("kept"));
    await settled();
    for (let n = 0; n < 8_192; n++) log.record(event("kept"));
    for (let n = 0; n < 3; n++) log.record(event("dropped"));
    sink.finish();
    await settled();
    sink.waits = false;
    sink.fails.clear();
    await log.ready();
    expect(sink.events).toHaveLength(256 + 8_192 + 1);
    expect([sink.events.indexOf("dropped"), sink.events.at(-1)]).toEqual([-1, "AuditGap"]);
    expect(notes).toEqual([expect.objectContaining({ at: 1, caller: "system", outcome: "OK" })]);
    expect(notes[0]?.note).toMatch(/^3 events were lost/);
    await log.commit(event("later"));
    expect(sink.events.slice(-2)).toEqual(["AuditGap", "later"]);
  });

  test("closing a log that fails is no failure", async () => {
    const log = new AuditLog(sink, "continue");
    sink.fails.set("write", new Error("disk full"));
    log.record(event("a"));
    await log.close();
    expect(sink.calls.at(-1)).toBe("close");
  });
});

describe("the anchor", () => {
  test("is written within half a second of an event, and not without one", async () => {
    const log = new AuditLog(sink, "fail");
    vi.advanceTimersByTime(500);
    await settled();
    expect(sink.calls).toEqual(["check"]);
    await log.commit(event("a"));
    vi.advanceTimersByTime(499);
    await settled();
    expect(sink.calls).toEqual(["check", "write 1 durable"]);
    vi.advanceTimersByTime(1);
    await settled();
    expect(sink.calls.slice(2)).toEqual(["check", "anchor"]);
    vi.advanceTimersByTime(500);
    await settled();
    expect(sink.calls.slice(4)).toEqual(["check"]);
  });

  test("waits while a batch is written", async () => {
    const log = new AuditLog(sink, "fail");
    sink.waits = true;
    const committed = log.commit(event("a"));
    vi.advanceTimersByTime(500);
    await settled();
    expect(sink.calls).toEqual(["write 1 durable"]);
    sink.finish();
    await committed;
  });

  test.each(["check", "anchor"] as const)(
    "if %s fails, operations are refused until one is written",
    async (method) => {
      const log = new AuditLog(sink, "fail");
      await log.commit(event("a"));
      sink.fails.set(method, undefined);
      vi.advanceTimersByTime(500);
      await settled();
      await expect(log.ready()).rejects.toMatchObject(auditFailure);
      sink.fails.clear();
      await log.ready();
      expect(log.ready()).toBeUndefined();
      expect(sink.calls.slice(-4)).toEqual(["recover", "write 0 durable", "check", "anchor"]);
      // It is not due again.
      vi.advanceTimersByTime(500);
      await settled();
      expect(sink.calls.at(-1)).toBe("check");
    },
  );

  test("that failed is tried again by itself", async () => {
    const log = new AuditLog(sink, "fail");
    await log.commit(event("a"));
    sink.fails.set("anchor", new Error("read-only"));
    vi.advanceTimersByTime(500);
    await settled();
    sink.fails.clear();
    vi.advanceTimersByTime(500);
    await settled();
    expect(log.ready()).toBeUndefined();
  });
});

describe("closing", () => {
  test("writes, checks and anchors what waits, and stops the timers", async () => {
    const log = new AuditLog(sink, "fail");
    log.record(event("a"));
    await log.close();
    expect(sink.calls).toEqual(["write 1 durable", "check", "anchor", "close"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each(["write", "check", "anchor"] as const)("reports that %s failed, and closes the sink", async (method) => {
    const log = new AuditLog(sink, "fail");
    log.record(event("a"));
    sink.fails.set(method, new Error("disk full"));
    await expect(log.close()).rejects.toMatchObject(auditFailure);
    expect(sink.calls.at(-1)).toBe("close");
  });
});

describe("a watcher", () => {
  test("sees events once they are written, until it ends", async () => {
    const log = new AuditLog(sink, "fail");
    const seen: string[] = [];
    const end = log.watch((events) => seen.push(...events.map(({ operation }) => operation)));
    sink.fails.set("write", new Error("disk full"));
    log.record(event("a"));
    vi.advanceTimersByTime(50);
    await settled();
    expect(seen).toEqual([]);
    sink.fails.clear();
    await log.ready();
    expect(seen).toEqual(["a"]);
    end();
    await log.commit(event("b"));
    expect(seen).toEqual(["a"]);
  });

  test("sees events as they happen where no log is kept", async () => {
    const log = new AuditLog(undefined, "fail");
    const seen: string[] = [];
    log.record(event("unseen"));
    log.watch((events) => seen.push(...events.map(({ operation }) => operation)));
    log.record(event("a"));
    await log.commit(event("b"));
    expect(seen).toEqual(["a", "b"]);
    expect(log.ready()).toBeUndefined();
    expect(log.finalAnchor()).toBeUndefined();
    await log.flush();
    await log.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a log that is paused", () => {
  const refusal = new LanelockError("ERR_STATE", "The root key is being changed.");

  test("has written and anchored what it took, gives its file up, and takes nothing until it goes on", async () => {
    const log = new AuditLog(sink, "fail");
    log.record(event("a"));
    await log.pause(refusal);
    expect(sink.calls).toEqual(["write 1 durable", "check", "anchor", "close"]);
    expect(() => log.ready()).toThrow(refusal);
    await expect(log.commit(event("b"))).rejects.toBe(refusal);
    sink.calls.length = 0;
    await log.resume();
    await log.commit(event("c"));
    expect(sink.calls).toEqual(["recover", "write 1 durable"]);
    expect(sink.events).toEqual(["a", "c"]);
  });

  test("is not paused if its file could not be given up: nobody would let it go on", async () => {
    const log = new AuditLog(sink, "fail");
    sink.fails.set("close", new Error("no network"));
    await expect(log.pause(refusal)).rejects.toThrow("no network");
    expect(log.ready()).toBeUndefined();
    sink.fails.delete("close");
    await log.pause(refusal);
    expect(() => log.ready()).toThrow(refusal);
  });

  test("is closed without a word more: the file is not its own", async () => {
    const log = new AuditLog(sink, "fail");
    await log.pause(refusal);
    sink.calls.length = 0;
    await log.close();
    expect(sink.calls).toEqual(["close"]);
  });

  test("stays paused if it cannot have its file again", async () => {
    const log = new AuditLog(sink, "fail");
    await log.pause(refusal);
    sink.fails.set("recover", new Error("claimed"));
    await expect(log.resume()).rejects.toThrow("claimed");
    expect(() => log.ready()).toThrow(refusal);
  });
});
