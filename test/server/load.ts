import { Agent, request } from "node:http";
import { type Answer, type Signer, signedPath } from "./signed.ts";

/** Connections that stay open and carry one request at a time each. */
export class Caller {
  readonly #url: string;
  readonly #signer: Signer;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(url: string, signer: Signer) {
    this.#url = url;
    this.#signer = signer;
  }

  call(operation: string, parameters: Readonly<Record<string, string>>): Promise<Answer> {
    const url = this.#url + signedPath(this.#signer, operation, parameters);
    return new Promise((resolve, reject) => {
      const sent = request(url, { method: "POST", agent: this.#agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () => {
          resolve({ status: response.statusCode ?? 0, json: JSON.parse(Buffer.concat(chunks).toString("utf8")) });
        });
      });
      sent.once("error", reject);
      sent.end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** The value at a share of the whole, from the smallest to the largest. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
