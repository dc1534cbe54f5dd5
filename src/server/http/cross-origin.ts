import type { FastifyReply, FastifyRequest } from "fastify";

/** The headers that clients of this protocol send; no others need a page's permission. */
const ALLOWED_HEADERS = [
  ...["authorization", "content-type", "x-acs-accesskey-id", "x-acs-action", "x-acs-content-sha256"],
  ...["x-acs-credentials-provider", "x-acs-date", "x-acs-security-token", "x-acs-signature-nonce", "x-acs-version"],
  "x-lanelock-plaintext",
].join(", ");
/** How long a browser may keep the answer to a preflight, in seconds. */
const MAX_AGE = "600";

/**
 * Lets pages of named origins read answers (Fetch Standard §3.3, "CORS protocol"). Requests are signed, so it protects no state; it
 * decides which pages can use an access key that they have. Operations alone are open: the probes and the metrics are not.
 */
export class CrossOrigin {
  readonly #origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
  }

  /** Says in the headers of the answer whether the page may read it. */
  mark({ raw, headers }: FastifyRequest, reply: FastifyReply): void {
    if (this.#origins.size === 0 || !isOperation(raw.url)) return;
    // A cache must not give one page what another may read.
    reply.header("vary", "Origin");
    const { origin } = headers;
    if (origin === undefined || !this.#origins.has(origin)) return;
    reply.header("access-control-allow-origin", origin).header("access-control-expose-headers", "x-acs-request-id");
  }

  /** Whether a request asks, before another one, if a page of a named origin may send that. */
  isPreflight({ method, raw, headers }: FastifyRequest): boolean {
    const { origin } = headers;
    const asks = headers["access-control-request-method"] !== undefined;
    return method === "OPTIONS" && asks && isOperation(raw.url) && origin !== undefined && this.#origins.has(origin);
  }

  /** After {@link mark}. */
  permit(reply: FastifyReply): FastifyReply {
    return reply
      .code(204)
      .header("access-control-allow-methods", "POST, GET")
      .header("access-control-allow-headers", ALLOWED_HEADERS)
      .header("access-control-max-age", MAX_AGE);
  }
}

function isOperation(url: string | undefined): boolean {
  return url === "/" || url?.startsWith("/?") === true;
}
