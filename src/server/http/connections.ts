import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

type Response = ServerResponse<IncomingMessage>;

/** The requests of each connection that are not answered yet, in their order. Pipelining makes it more than one. */
export class Connections {
  readonly #open = new WeakMap<Duplex, Set<Response>>();
  readonly #refused = new WeakSet<Duplex>();

  /** Follows the requests of `server`: to be called before its other listeners are added. */
  constructor(server: Server) {
    const open = this.#open;
    // One listener for all responses: a closure for each would cost every request as much as the rest of this.
    function forget(this: Response): void {
      open.get(this.req.socket)?.delete(this);
    }
    server.on("request", ({ socket }: IncomingMessage, response: Response) => {
      const known = open.get(socket);
      if (known === undefined) open.set(socket, new Set([response]));
      else known.add(response);
      response.on("close", forget);
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
    await Promise.all(open.filter(({ req }) => req.complete).map(ended));
    return socket.writable && !open.some(({ req, headersSent }) => !req.complete && headersSent);
  }
}

function ended(response: ServerResponse): Promise<void> {
  if (response.closed) return Promise.resolve();
  return new Promise((resolve) => response.once("close", resolve));
}
