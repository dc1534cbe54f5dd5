import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from "node:http";
import { type RequestOptions, request } from "node:https";
import { codeOf } from "../../shared/thrown.ts";
import { reasonOf } from "./advice.ts";
import { maxMessageLength } from "./protocol.ts";

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The server closed a kept connection just as it was used again. */
export class StaleConnection extends Error {}

/** An HTTP request and its answer, which can be cut short. */
export class Exchange {
  #outgoing: ClientRequest | undefined;
  #cut = false;

  /**
   * Sends a request and reads its answer to the end, if it is no longer than a message of the protocol.
   *
   * @throws StaleConnection when the request may be sent again; otherwise the connection's error
   */
  async run(options: RequestOptions, body: Buffer): Promise<RawAnswer> {
    if (this.#cut) throw new Error("the call ended before it was sent");
    try {
      return await new Promise<RawAnswer>((resolve, reject) => {
        const outgoing = request(options, (incoming) => readAnswer(incoming, { resolve, reject }));
        this.#outgoing = outgoing;
        outgoing.on("error", (error: unknown) => {
          const isStale = outgoing.reusedSocket && ["ECONNRESET", "EPIPE"].includes(codeOf(error) ?? "");
          reject(isStale ? new StaleConnection(reasonOf(error)) : error);
        });
        // After an answer or an error this has no effect.
        outgoing.on("close", () => reject(new Error("the connection ended before its answer")));
        outgoing.end(body);
      });
    } catch (error) {
      this.#outgoing?.destroy();
      throw error;
    } finally {
      this.#outgoing = undefined;
    }
  }

  /** Ends the connection of a request whose answer nobody waits for any more. */
  cut(): void {
    this.#cut = true;
    this.#outgoing?.destroy();
  }
}

interface Settle {
  readonly resolve: (answer: RawAnswer) => void;
  readonly reject: (error: unknown) => void;
}

function readAnswer(incoming: IncomingMessage, { resolve, reject }: Settle): void {
  const chunks: Buffer[] = [];
  let length = 0;
  incoming.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length > maxMessageLength) reject(new Error(`it answered with more than ${maxMessageLength} bytes`));
    else chunks.push(chunk);
  });
  incoming.on("error", reject);
  incoming.on("aborted", () => reject(new Error("it ended its answer too early")));
  incoming.on("end", () => {
    resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) });
  });
}
