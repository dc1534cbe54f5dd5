import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it arrived. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders & Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** Keeps what arrives, and gives everybody the same answer. */
export class RecordingServer implements AsyncDisposable {
  readonly seen: Seen[] = [];
  readonly host: string;
  readonly #server: Server;

  private constructor(server: Server, host: string) {
    this.#server = server;
    this.host = host;
  }

  static async start(answer: object, status = 200): Promise<RecordingServer> {
    const server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += String(chunk);
      const { method = "", url = "", headers } = request;
      recording.seen.push({ method, url, headers: headers as Seen["headers"], body });
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const recording = new RecordingServer(server, `127.0.0.1:${(server.address() as AddressInfo).port}`);
    return recording;
  }

  /** The one request that `work` sends. */
  async during(work: () => Promise<unknown>): Promise<Seen> {
    const before = this.seen.length;
    await work();
    const [seen, ...more] = this.seen.slice(before);
    if (seen === undefined || more.length > 0) throw new Error(`There were ${this.seen.length - before} requests`);
    return seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
