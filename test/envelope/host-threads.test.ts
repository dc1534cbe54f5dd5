import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ThreadEvents } from "../../src/envelope/workers/thread.ts";

// How a thread is started: in Node with nothing of the process's own, on a page from a URL of the package's own source, which it forgets,
// and under Trusted Types if they are demanded. The classes are stand-ins; real browsers are in test/browser.

class PageWorker {
  static made: PageWorker[] = [];
  static refuses: ((url: unknown) => Error | undefined) | undefined;
  readonly url: unknown;
  readonly posted: unknown[][] = [];
  terminated = 0;
  onmessage: ((event: { data: unknown }) => void) | undefined;
  onerror: ((event: object) => void) | undefined;

  constructor(url: unknown) {
    const refusal = PageWorker.refuses?.(url);
    if (refusal) throw refusal;
    this.url = url;
    PageWorker.made.push(this);
  }

  postMessage(...message: unknown[]): void {
    this.posted.push(message);
  }

  terminate(): void {
    this.terminated += 1;
  }
}

let urls: Blob[] = [];
let revoked: string[] = [];
beforeEach(() => {
  PageWorker.made = [];
  PageWorker.refuses = undefined;
  urls = [];
  revoked = [];
  vi.stubGlobal("process", undefined);
  vi.stubGlobal("Worker", PageWorker);
  vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => `blob:${urls.push(blob as Blob)}`);
  vi.spyOn(URL, "revokeObjectURL").mockImplementation((url) => void revoked.push(url));
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const events = () => ({ reply: vi.fn(), ended: vi.fn() }) satisfies ThreadEvents;
/** The module without a policy of Trusted Types. */
async function fresh() {
  vi.unstubAllGlobals();
  vi.resetModules();
  const module = await import("../../src/envelope/workers/thread.ts");
  vi.stubGlobal("process", undefined);
  vi.stubGlobal("Worker", PageWorker);
  return module;
}

describe("threads", () => {
  test("are there on a page with workers, Blobs and their URLs, and on no other host without Node", async () => {
    const { platformSpawn } = await fresh();
    expect(platformSpawn()).toBeDefined();
    for (const name of ["Worker", "Blob"]) {
      const { [name as "Blob"]: own } = globalThis;
      vi.stubGlobal(name, undefined);
      expect(platformSpawn(), name).toBeUndefined();
      vi.stubGlobal(name, own);
    }
    vi.mocked(URL.createObjectURL).mockRestore();
    const { createObjectURL } = URL;
    Object.assign(URL, { createObjectURL: undefined });
    expect(platformSpawn()).toBeUndefined();
    Object.assign(URL, { createObjectURL });
  });

  test("are Node's own where the module of threads has them", async () => {
    const { platformSpawn } = await fresh();
    for (const old of [{}, { getBuiltinModule: () => ({}) }, { getBuiltinModule: () => undefined }]) {
      vi.stubGlobal("process", old);
      expect(platformSpawn()?.name).toBe("spawnInBrowser");
    }
    vi.stubGlobal("process", { getBuiltinModule: () => ({ Worker: class {} }) });
    expect(platformSpawn()?.name).not.toBe("spawnInBrowser");
  });
});

describe("a thread of Node", () => {
  class NodeWorker {
    static made: NodeWorker[] = [];
    readonly listeners = new Map<string, (value: unknown) => void>();
    readonly calls: unknown[][] = [];
    readonly given: unknown[];
    constructor(...given: unknown[]) {
      this.given = given;
      NodeWorker.made.push(this);
    }
    on(name: string, listener: (value: unknown) => void): void {
      this.listeners.set(name, listener);
    }
    tell(name: string, value: unknown): void {
      this.listeners.get(name)?.(value);
    }
    postMessage = (...message: unknown[]) => this.calls.push(["post", ...message]);
    ref = () => this.calls.push(["ref"]);
    unref = () => this.calls.push(["unref"]);
    terminate = async () => {
      this.calls.push(["terminate"]);
    };
  }

  async function started() {
    NodeWorker.made = [];
    const { platformSpawn, workerSource } = await fresh();
    vi.stubGlobal("process", { getBuiltinModule: () => ({ Worker: NodeWorker }) });
    const told = events();
    const thread = platformSpawn()?.(told);
    const [worker] = NodeWorker.made;
    if (thread === undefined || worker === undefined) throw new Error("no thread");
    return { thread, worker, told, source: workerSource() };
  }

  test("runs the package's source, with nothing of the process's flags and environment", async () => {
    const { worker, source } = await started();
    expect(worker.given).toEqual([source, { eval: true, execArgv: [], env: {}, name: "lanelock-segments" }]);
  });

  test("passes on what is posted and said, and keeps the process as it is told", async () => {
    const { thread, worker, told } = await started();
    const buffer = new ArrayBuffer(8);
    thread.post({ kind: "forget", message: 1 }, [buffer]);
    thread.keepProcess(true);
    thread.keepProcess(false);
    expect(worker.calls).toEqual([["post", { kind: "forget", message: 1 }, [buffer]], ["ref"], ["unref"]]);
    worker.tell("message", { kind: "ready" });
    expect(told.reply.mock.calls).toEqual([[{ kind: "ready" }]]);
  });

  test("that ends by itself is told of, with its error or its status; one that is ended is not", async () => {
    const failed = await started();
    const error = new Error("it broke");
    failed.worker.tell("error", error);
    expect(failed.told.ended).not.toHaveBeenCalled();
    failed.worker.tell("exit", 1);
    expect(failed.told.ended.mock.calls).toEqual([[error]]);
    const left = await started();
    left.worker.tell("exit", 7);
    expect(left.told.ended.mock.calls).toEqual([[new Error("the thread exited with status 7")]]);
    const ended = await started();
    await ended.thread.terminate();
    ended.worker.tell("exit", 1);
    expect([ended.worker.calls, ended.told.ended.mock.calls]).toEqual([[["terminate"]], []]);
  });
});

describe("a page's thread", () => {
  async function started() {
    const { platformSpawn, workerSource } = await fresh();
    const told = events();
    const thread = platformSpawn()?.(told);
    const [worker] = PageWorker.made;
    if (thread === undefined || worker === undefined) throw new Error("no thread");
    return { thread, worker, told, source: workerSource() };
  }

  test("runs the package's source, whose URL is forgotten when it has started", async () => {
    const { worker, told, source } = await started();
    expect([worker.url, urls[0]?.type, await urls[0]?.text()]).toEqual(["blob:1", "text/javascript", source]);
    worker.onmessage?.({ data: { kind: "done" } });
    expect(revoked).toEqual([]);
    worker.onmessage?.({ data: { kind: "ready" } });
    expect(revoked).toEqual(["blob:1"]);
    expect(told.reply.mock.calls).toEqual([[{ kind: "done" }], [{ kind: "ready" }]]);
  });

  test("is sent what is posted, with what is transferred, and ended", async () => {
    const { thread, worker } = await started();
    const buffer = new ArrayBuffer(8);
    thread.post({ kind: "forget", message: 1 }, [buffer]);
    expect(worker.posted).toEqual([[{ kind: "forget", message: 1 }, [buffer]]]);
    thread.keepProcess(true);
    await thread.terminate();
    expect(worker.terminated).toBe(1);
  });

  test.each([
    [{ error: "the error", message: "text" }, "the error"],
    [{ message: "text" }, new Error("text")],
    [{}, new Error("the browser refused to start the thread")],
  ])("that fails is ended, its URL forgotten, and the page is not told: %o", async (event, cause) => {
    const { worker, told } = await started();
    const preventDefault = vi.fn();
    worker.onerror?.({ ...event, preventDefault });
    expect([preventDefault.mock.calls.length, worker.terminated, revoked]).toEqual([1, 1, ["blob:1"]]);
    expect(told.ended.mock.calls).toEqual([[cause]]);
  });
});

describe("Trusted Types", () => {
  const refusal = new Error("This document requires 'TrustedScriptURL' assignment");
  const demanded = () => {
    PageWorker.refuses = (url) => (typeof url === "string" ? refusal : undefined);
  };

  test("that are not demanded get no policy", async () => {
    const createPolicy = vi.fn();
    const { platformSpawn } = await fresh();
    vi.stubGlobal("trustedTypes", { createPolicy });
    platformSpawn()?.(events());
    expect(createPolicy).not.toHaveBeenCalled();
  });

  test("are given by one policy, lanelock's, that trusts the URL as it is", async () => {
    demanded();
    const createPolicy = vi.fn((_: string, rules: { createScriptURL(url: string): string }) => ({
      createScriptURL: (url: string) => ({ trusted: rules.createScriptURL(url) }),
    }));
    const { platformSpawn } = await fresh();
    vi.stubGlobal("trustedTypes", { createPolicy });
    for (let i = 0; i < 2; i++) platformSpawn()?.(events());
    expect(PageWorker.made.map(({ url }) => url)).toEqual([{ trusted: "blob:1" }, { trusted: "blob:2" }]);
    expect(createPolicy.mock.calls.map(([name]) => name)).toEqual(["lanelock"]);
  });

  test.each([
    ["on a host without them", undefined],
    [
      "where the page does not allow the policy",
      {
        createPolicy: () => {
          throw new Error("not this policy");
        },
      },
    ],
  ])("%s, the first refusal passes, and the URL is forgotten", async (_, trustedTypes) => {
    demanded();
    const { platformSpawn } = await fresh();
    vi.stubGlobal("trustedTypes", trustedTypes);
    expect(() => platformSpawn()?.(events())).toThrow(refusal);
    expect(revoked).toEqual(["blob:1"]);
  });
});
