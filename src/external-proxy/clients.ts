import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";
import { answerMac, clockTolerance, headers, requestMac, sameMac } from "../providers/external/protocol.ts";
import { copyOf } from "../shared/byte-input.ts";
import { systemTime } from "../shared/timers.ts";
import { UsedNonces } from "./used-nonces.ts";

export interface KnownClient {
  readonly name: string;
  /** The header that makes the answer authentic, for a client that is known by an HMAC. */
  readonly signAnswer?: (status: number, body: Uint8Array) => string;
  /** Whether it has sent more requests than the proxy can tell from repeated ones; this one is refused. */
  readonly hasFlooded?: boolean;
}

export interface ClientsOptions {
  /** By the client's name. */
  readonly secrets: Readonly<Record<string, Uint8Array>>;
  /** Whether a certificate of TLS makes a client. */
  readonly byCertificate: boolean;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Nonces remembered of each client. */
  readonly mostNonces?: number;
}

interface SecretClient {
  readonly secret: Uint8Array;
  readonly used: UsedNonces;
}

/** Finds out which client a request comes from. */
export class Clients {
  readonly #secretClients: ReadonlyMap<string, SecretClient>;
  readonly #byCertificate: boolean;
  readonly #now: () => number;

  constructor({ secrets, byCertificate, now = systemTime.now, mostNonces: most }: ClientsOptions) {
    // A request's time may be off by the tolerance to either side: it could be sent again for twice as long.
    const limits = { lifetime: 2 * clockTolerance, ...(most === undefined ? {} : { most }) };
    const known = ([name, secret]: [string, Uint8Array]) =>
      [name, { secret: copyOf(secret), used: new UsedNonces(limits) }] as const;
    this.#secretClients = new Map(Object.entries(secrets).map(known));
    this.#byCertificate = byCertificate;
    this.#now = now;
  }

  /** @returns undefined for a request of an unknown client, a request of another time, and one that was received before */
  identify(request: IncomingMessage, body: Uint8Array): KnownClient | undefined {
    return this.#ofCertificate(request) ?? this.#ofHmac(request, body);
  }

  #ofCertificate({ socket }: IncomingMessage): KnownClient | undefined {
    // Both classes are Node's own, of one realm: what is not a TLSSocket was not encrypted.
    if (!this.#byCertificate || !(socket instanceof TLSSocket) || !socket.authorized) return undefined;
    const name = socket.getPeerCertificate().subject?.CN;
    return typeof name === "string" && name !== "" ? { name: `certificate:${name}` } : undefined;
  }

  #ofHmac({ method = "", url = "", headers: given }: IncomingMessage, body: Uint8Array): KnownClient | undefined {
    const [name, time, nonce] = [headers.client, headers.time, headers.nonce].map((header) => given[header]);
    if (typeof name !== "string" || typeof time !== "string" || typeof nonce !== "string") return undefined;
    const client = this.#secretClients.get(name);
    if (!client || !/^[0-9]{1,12}$/.test(time) || !/^[0-9a-f]{32}$/.test(nonce)) return undefined;
    const { secret, used } = client;
    if (!sameMac(given[headers.mac], requestMac(secret, { method, path: url, body, time, nonce }))) return undefined;
    const now = this.#now() / 1000;
    if (Math.abs(now - Number(time)) > clockTolerance) return undefined;
    const nonceIs = used.use(nonce, now);
    if (nonceIs === "used") return undefined;
    return {
      name: `hmac:${name}`,
      signAnswer: (status, content) => answerMac(secret, { nonce, status, body: content }),
      hasFlooded: nonceIs === "full",
    };
  }
}
