// The code of a worker thread. `tools/build-worker.mjs` bundles it, without the engine's binary, into the source text that the pool
// starts its threads from: an application's bundle needs no extra file.
import type { Reply, Request } from "./messages.ts";
import { SegmentService } from "./segment-service.ts";

/** Threads of Node and of browsers differ in where messages come from and go to. */
interface Port {
  postMessage(message: Reply, transfer: ArrayBuffer[]): void;
  listen(handle: (request: Request) => void): void;
}

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

const port = portOfThread();
const service = new SegmentService();
port.listen((request) => {
  const reply = service.handle(request);
  if (reply) port.postMessage(reply, reply.kind === "done" ? [reply.bytes] : []);
});
port.postMessage(service.ready(), []);
