import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** The requests of each connection that are not answered yet, in their order. Pipelining makes it more than one. */
export class Connections {
  readonly #open = new WeakMap<Duplex, Set<Exchange>>();
  readonly #refused = new WeakSet<Duplex>();

  /** Follows the requests of `server`: to be called before its other listeners are added. */
  constructor(server: Server) {
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      const { socket } = request;
      const open = this.#open.get(socket) ?? new Set<Exchange>();
      this.#open.set(socket, open);
      const exchange = { request, response };
      open.add(exchange);
      response.once("close", () => open.delete(exchange));
    });
  }

  /** Whether bytes on this connection were refused: it takes no more, and its open request needs no answer. */
  isRefused(socket: Duplex): boolean {
    return this.#refused.has(socket);
  }

  markRefused(socket: Duplex): void {
    this.#refused.add(socket);
  }

  /**
   * Waits until the requests that arrived in full on this connection are answered, so that a refusal of what came after them is not
   * taken for the answer to one of them.
   *
   * @returns whether a refusal may follow: false when the request that failed has an answer already, or the connection is gone
   */
  async drained(socket: Duplex): Promise<boolean> {
    const open = [...(this.#open.get(socket) ?? [])];
    await Promise.all(open.filter(({ request }) => request.complete).map(({ response }) => ended(response)));
    return socket.writable && !open.some(({ request, response }) => !request.complete && response.headersSent);
  }
}

function ended(response: ServerResponse): Promise<void> {
  if (response.closed) return Promise.resolve();
  return new Promise((resolve) => response.once("close", resolve));
}
