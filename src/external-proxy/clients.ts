import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";
import { answerMac, clockTolerance, headers, requestMac, sameMac } from "../providers/external/protocol.ts";

export interface KnownClient {
  readonly name: string;
  /** The header that makes the answer authentic, for a client that is known by an HMAC. */
  readonly signAnswer?: (status: number, body: Uint8Array) => string;
}

/** Nonces that were used, for as long as their requests could be sent again. */
class UsedNonces {
  readonly #until = new Map<string, number>();

  /** Whether the nonce is new; it is not any more then. */
  use(nonce: string, now: number): boolean {
    // In order of use, and so of expiry.
    for (const [old, until] of this.#until) {
      if (until >= now) break;
      this.#until.delete(old);
    }
    if (this.#until.has(nonce)) return false;
    this.#until.set(nonce, now + 2 * clockTolerance);
    return true;
  }
}

/** Tells which client a request comes from. */
export class Clients {
  readonly #secrets: ReadonlyMap<string, Uint8Array>;
  readonly #byCertificate: boolean;
  readonly #used = new UsedNonces();

  constructor(secrets: Readonly<Record<string, Uint8Array>>, byCertificate: boolean) {
    this.#secrets = new Map(Object.entries(secrets));
    this.#byCertificate = byCertificate;
  }

  /** Undefined for a request of nobody that is known, one from another time, and one that was there before. */
  identify(request: IncomingMessage, body: Uint8Array): KnownClient | undefined {
    return this.#ofCertificate(request) ?? this.#ofHmac(request, body);
  }

  #ofCertificate({ socket }: IncomingMessage): KnownClient | undefined {
    if (!this.#byCertificate || !(socket instanceof TLSSocket) || !socket.authorized) return undefined;
    const name = socket.getPeerCertificate().subject?.CN;
    return typeof name === "string" && name !== "" ? { name: `certificate:${name}` } : undefined;
  }

  #ofHmac({ method = "", url = "", headers: given }: IncomingMessage, body: Uint8Array): KnownClient | undefined {
    const [name, time, nonce] = [headers.client, headers.time, headers.nonce].map((header) => given[header]);
    if (typeof name !== "string" || typeof time !== "string" || typeof nonce !== "string") return undefined;
    const secret = this.#secrets.get(name);
    if (!secret || !/^[0-9]{1,12}$/.test(time) || !/^[0-9a-f]{32}$/.test(nonce)) return undefined;
    const mac = requestMac(secret, { method, path: url, body, time, nonce });
    if (!sameMac(given[headers.mac], mac)) return undefined;
    const now = Date.now() / 1000;
    if (Math.abs(now - Number(time)) > clockTolerance || !this.#used.use(`${name} ${nonce}`, now)) return undefined;
    return {
      name: `hmac:${name}`,
      signAnswer: (status, content) => answerMac(secret, { nonce, status, body: content }),
    };
  }
}
