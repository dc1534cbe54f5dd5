import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** Does with a connection what it will, once a request's head has arrived. */
export type Behaviour = (socket: Socket, head: string) => void;

/** A server under a stranger's control, and all that clients sent it. */
export class RawServer implements AsyncDisposable {
  /** What arrived, by connection. */
  readonly received: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(behaviour: Behaviour) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      const index = this.received.push("") - 1;
      socket.on("error", () => undefined);
      socket.on("data", (chunk) => {
        this.received[index] += chunk.toString("latin1");
        if (chunk.includes("\r\n\r\n")) behaviour(socket, chunk.toString("latin1"));
      });
    });
  }

  static async start(behaviour: Behaviour): Promise<RawServer> {
    const server = new RawServer(behaviour);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Connections that are open now. */
  get open(): number {
    return [...this.#sockets].filter(({ destroyed }) => !destroyed).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** An answer in full. */
export function answer(status: number, body: string, headers: Readonly<Record<string, string>> = {}): string {
  const own = { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)), ...headers };
  const lines = Object.entries(own).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Any\r\n${lines.join("")}\r\n${body}`;
}
