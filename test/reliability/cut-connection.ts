import { createConnection, createServer, type Server, type Socket } from "node:net";

/** Two ends of one connection: the client's, and the one this proxy has to the server. */
interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** Passes connections on to a server on this machine, until one of them is cut so that its client notices nothing. */
export class CuttableProxy {
  readonly #listener: Server;
  readonly #pairs = new Set<Pair>();
  readonly #cut: Socket[] = [];

  private constructor(listener: Server) {
    this.#listener = listener;
  }

  static async to(port: number): Promise<CuttableProxy> {
    const listener = createServer();
    const proxy = new CuttableProxy(listener);
    listener.on("connection", (client) => proxy.#pass(client, port));
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    const address = this.#listener.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return address.port;
  }

  #pass(client: Socket, port: number): void {
    const server = createConnection(port, "127.0.0.1");
    const pair = { client, server };
    this.#pairs.add(pair);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on("error", () => to.destroy());
      from.on("close", () => this.#pairs.has(pair) && to.destroy());
      from.pipe(to);
    }
  }

  /** Cuts the connection that the server knows by this port of its client: nothing passes any more, not even its end. */
  cut(serversClientPort: number): void {
    for (const pair of this.#pairs) {
      if (pair.server.localPort !== serversClientPort) continue;
      this.#pairs.delete(pair);
      this.#cut.push(pair.client);
      pair.client.unpipe().pause();
      pair.server.unpipe().destroy();
      return;
    }
    throw new Error(`no connection from port ${serversClientPort} passes here`);
  }

  async close(): Promise<void> {
    for (const client of [...this.#cut, ...[...this.#pairs].map((pair) => pair.client)]) client.destroy();
    await new Promise((resolve) => this.#listener.close(resolve));
  }
}
