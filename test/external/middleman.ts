import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import type { Certificate } from "./certificates.ts";

export interface Exchange {
  readonly path: string;
  readonly status: number;
  readonly headers: Record<string, string>;
  body: Buffer;
}

/** What a middleman does with an answer of the real key manager, or instead of asking it. */
export interface Behaviour {
  /** Instead of asking the real one; true when it has answered. */
  readonly instead?: (incoming: IncomingMessage, response: ServerResponse) => boolean;
  /** Changes an answer on its way back. */
  readonly alter?: (answer: Exchange) => void;
}

/**
 * Stands where the client believes its key manager to be, with a certificate that the client trusts, and passes on to the real
 * one as it likes: a key manager that lies, as its client sees it.
 */
export async function startMiddleman({
  own,
  ca,
  realUrl,
  asClient,
}: {
  own: Certificate;
  ca: string;
  realUrl: string;
  /** The certificate to ask the real one with; without, only what the client's HMAC allows is passed. */
  asClient?: Certificate;
}) {
  let behaviour: Behaviour = {};
  let asked = 0;
  const server = createServer({ cert: own.certificate, key: own.privateKey }, (incoming, response) => {
    asked += 1;
    response.on("error", () => undefined);
    if (behaviour.instead?.(incoming, response)) return;
    const identity = asClient ? { cert: asClient.certificate, key: asClient.privateKey } : {};
    const { method = "", url = "", headers } = incoming;
    const onward = request(new URL(url, realUrl), { method, headers, ca, ...identity, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => {
        const mac = answer.headers["x-lanelock-mac"];
        const exchange: Exchange = {
          path: url,
          status: answer.statusCode ?? 0,
          headers: typeof mac === "string" ? { "x-lanelock-mac": mac } : {},
          body: Buffer.concat(chunks),
        };
        behaviour.alter?.(exchange);
        response.writeHead(exchange.status, exchange.headers).end(exchange.body);
      });
    });
    onward.on("error", () => response.destroy());
    incoming.pipe(onward);
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    /** Requests that came in so far. */
    asked: () => asked,
    behave: (next: Behaviour) => {
      behaviour = next;
    },
    goDown: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    comeBack: () => listen(port),
  };
}
