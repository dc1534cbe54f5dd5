// What a thread of the pool runs. `tools/build-worker.mjs` bundles it, without the engine's binary, into the source text the
// pool starts its threads from: so it needs no file of its own beside a bundle.
import { LanelockError } from "../../errors.ts";
import { TAG_LENGTH } from "../format/segment-layout.ts";
import { suiteOfId } from "../format/suites.ts";
import type { MessageKeys } from "../keys/message-keys.ts";
import { EngineSegments } from "../segments/engine-segments.ts";
import { NodeSegments, nodeCrypto } from "../segments/node-segments.ts";
import type { BatchRequest, KeysRequest, Reply, Request } from "./messages.ts";

type Cipher = EngineSegments | NodeSegments;

/** The two kinds of threads differ in where messages go and come from. */
interface Port {
  postMessage(message: Reply, transfer: ArrayBuffer[]): void;
  listen(handle: (request: Request) => void): void;
}

const messages = new Map<number, { cipher: Cipher; segmentSize: number }>();

function portOfThread(): Port {
  const parent = globalThis.process?.getBuiltinModule?.("node:worker_threads")?.parentPort;
  if (parent) {
    return {
      postMessage: (message, transfer) => parent.postMessage(message, transfer),
      listen: (handle) => parent.on("message", handle),
    };
  }
  return {
    postMessage: (message, transfer) => globalThis.postMessage(message, { transfer }),
    listen: (handle) => globalThis.addEventListener("message", (event: MessageEvent<Request>) => handle(event.data)),
  };
}

function takeKeys({ message, suite: id, segmentSize, backend, secret }: KeysRequest): void {
  const bytes = new Uint8Array(secret);
  const suite = suiteOfId(id);
  if (suite === undefined) throw new LanelockError("ERR_ARGUMENT", `There is no suite ${id}`);
  const keys: MessageKeys = {
    suite,
    segmentSize,
    segmentKey: bytes.subarray(0, suite.keyLength),
    noncePrefix: bytes.subarray(suite.keyLength),
    commitment: new Uint8Array(0),
  };
  const node = backend === "native" ? nodeCrypto() : undefined;
  messages.set(message, { cipher: node ? new NodeSegments(node, keys) : new EngineSegments(keys), segmentSize });
  bytes.fill(0);
}

function processInPlace({ kind, message, first, final, bytes: buffer }: BatchRequest): number {
  const entry = messages.get(message);
  if (entry === undefined) throw new LanelockError("ERR_STATE", "This thread was given no keys for the message");
  const { cipher, segmentSize } = entry;
  const bytes = new Uint8Array(buffer);
  if (kind === "open") return cipher.open({ bytes, first, final }, bytes).length;
  const unit = segmentSize + TAG_LENGTH;
  for (let start = 0, index = first; start < bytes.length; start += unit, index++) {
    const place = bytes.subarray(start, Math.min(start + unit, bytes.length));
    const last = final && start + unit >= bytes.length;
    cipher.seal({ bytes: place.subarray(0, place.length - TAG_LENGTH), first: index, final: last }, place);
  }
  return bytes.length;
}

function answer(request: BatchRequest): Reply {
  const { batch, bytes } = request;
  try {
    return { kind: "done", batch, bytes, length: processInPlace(request) };
  } catch (error) {
    const forged = error instanceof LanelockError && error.code === "ERR_AUTHENTICATION";
    return { kind: "failed", batch, forged, reason: String(error) };
  }
}

const port = portOfThread();
port.listen((request) => {
  if (request.kind === "keys") {
    takeKeys(request);
  } else if (request.kind === "forget") {
    messages.get(request.message)?.cipher.dispose();
    messages.delete(request.message);
  } else {
    const reply = answer(request);
    port.postMessage(reply, reply.kind === "done" ? [reply.bytes] : []);
  }
});
port.postMessage({ kind: "ready" }, []);
