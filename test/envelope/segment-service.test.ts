import { afterEach, describe, expect, test, vi } from "vitest";
import { AES_256_GCM } from "../../src/envelope/format/suites.ts";
import { EngineSegments } from "../../src/envelope/segments/engine-segments.ts";
import type { Reply, Request } from "../../src/envelope/workers/messages.ts";
import { SegmentService } from "../../src/envelope/workers/segment-service.ts";

const SIZE = 4_096;
const keys = { suite: AES_256_GCM, segmentSize: SIZE, commitment: new Uint8Array(0) };
const batch = (length: number) => ({ bytes: new Uint8Array(length).fill(9), first: 0, final: true });

describe("the service of a thread", () => {
  const secret = () => new Uint8Array(39).fill(5).buffer;
  const taking = { kind: "keys", message: 3, segmentSize: SIZE, backend: "wasm" } as const;
  const sealing = { kind: "seal", message: 3, batch: 4, first: 0, final: true } as const;

  test("refuses a suite that there is not", () => {
    const refused = expect.objectContaining({ code: "ERR_ARGUMENT" });
    expect(() => new SegmentService().handle({ ...taking, suite: 9 as 1, secret: secret() })).toThrow(refused);
  });

  test("answers every batch of a message whose key it could not load with the failure, until it is forgotten", () => {
    const service = new SegmentService();
    const own = secret();
    // SM4 has keys of 16 bytes; the rest would be a nonce prefix that is too long.
    expect(service.handle({ ...taking, suite: 2, secret: own })).toBeUndefined();
    expect(new Uint8Array(own).every((byte) => byte === 0)).toBe(true);
    const failed = service.handle({ ...sealing, bytes: new ArrayBuffer(116) });
    expect(failed).toMatchObject({ kind: "failed", batch: 4 });
    expect(service.handle({ kind: "forget", message: 3 })).toBeUndefined();
    const unknown = service.handle({ ...sealing, bytes: new ArrayBuffer(116) });
    expect(unknown).toMatchObject({ kind: "failed", batch: 4, failure: { code: "ERR_STATE" } });
  });

  test("seals and opens several segments in place, and answers a forgery with its code", () => {
    const service = new SegmentService();
    service.handle({ ...taking, suite: 1, secret: secret() });
    const length = 2 * SIZE + 10;
    const bytes = new Uint8Array(length + 48);
    for (let at = 0; at < bytes.length; at += SIZE + 16) bytes.fill(9, at, Math.min(at + SIZE, bytes.length - 16));
    const sealed = service.handle({ ...sealing, bytes: bytes.buffer });
    expect(sealed).toMatchObject({ kind: "done", batch: 4, length: length + 48 });
    const cipher = new EngineSegments({
      ...keys,
      ...{ segmentKey: new Uint8Array(32).fill(5), noncePrefix: new Uint8Array(7).fill(5) },
    });
    expect(bytes).toEqual(cipher.seal(batch(length)));
    // Not the last batch: none of its segments is.
    const more = new Uint8Array(SIZE + 16).fill(9);
    service.handle({ ...sealing, first: 7, final: false, bytes: more.buffer });
    const plain = new Uint8Array(SIZE).fill(9);
    expect(more).toEqual(cipher.seal({ bytes: plain, first: 7, final: false }));
    const copy = bytes.slice();
    const opened = service.handle({ ...sealing, kind: "open", bytes: copy.buffer });
    expect(opened).toMatchObject({ kind: "done", length });
    expect(copy.subarray(0, length)).toEqual(new Uint8Array(length).fill(9));
    bytes[5] = (bytes[5] ?? 0) ^ 1;
    const forged = service.handle({ ...sealing, kind: "open", bytes: bytes.buffer });
    expect(forged).toMatchObject({ kind: "failed", failure: { code: "ERR_AUTHENTICATION" } });
    cipher.dispose();
  });
});

describe("the code of a thread", () => {
  afterEach(() => vi.unstubAllGlobals());

  test.each(["Node", "a browser"])("says that it has started, and answers each batch, of %s", async (kind) => {
    const { process } = globalThis;
    const posted: { readonly reply: Reply; readonly transfer: unknown }[] = [];
    let handle = (_: Request) => {};
    if (kind === "Node") {
      const parentPort = {
        postMessage: (reply: Reply, transfer: unknown) => posted.push({ reply, transfer }),
        on: (_: string, listener: typeof handle) => {
          handle = listener;
        },
      };
      vi.stubGlobal("process", { getBuiltinModule: () => ({ parentPort }) });
    } else {
      vi.stubGlobal("process", undefined);
      const postMessage = (reply: Reply, options: { transfer: unknown }) => posted.push({ reply, ...options });
      vi.stubGlobal("postMessage", postMessage);
      vi.stubGlobal("addEventListener", (_: string, listener: (event: { data: Request }) => void) => {
        handle = (data) => listener({ data });
      });
    }
    vi.resetModules();
    await import("../../src/envelope/workers/segment-worker.ts");
    vi.stubGlobal("process", process);
    expect(posted).toEqual([{ reply: { kind: "ready", engineFailure: undefined }, transfer: [] }]);
    const secret = new Uint8Array(39).fill(5).buffer;
    handle({ kind: "keys", message: 1, suite: 1, segmentSize: SIZE, backend: "wasm", secret });
    expect(posted.length).toBe(1);
    const [good, forged] = [new ArrayBuffer(116), new ArrayBuffer(116)];
    const request = { message: 1, first: 0, final: true } as const;
    handle({ ...request, kind: "seal", batch: 1, bytes: good });
    handle({ ...request, kind: "open", batch: 2, bytes: forged });
    expect(posted.slice(1).map(({ reply, transfer }) => [reply.kind, transfer])).toEqual([
      ["done", [good]],
      ["failed", []],
    ]);
  });
});
