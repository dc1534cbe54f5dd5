import { LanelockError } from "../errors.ts";
import { throwIfAborted } from "../shared/abortable.ts";
import { concatBytes } from "../shared/encoding.ts";
import { textOf } from "../shared/utf8.ts";
import { type HttpAnswer, improper } from "./answer.ts";

/** The longest true answer, a page of 100 aliases, has some 60 KB. */
const MAX_ANSWER_BYTES = 1_048_576;

/** A connection that was refused or lost. The request may or may not have been carried out. */
export class ConnectionLost extends LanelockError {
  constructor(operation: string, cause: unknown) {
    const advice = "check the endpoint, and whether its server runs";
    super("ERR_PROVIDER", `The connection to the KMS failed at ${operation}${reasonOf(cause)}: ${advice}.`, { cause });
  }
}

export interface SignedRequest {
  readonly operation: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Sends one request and reads its answer in full, up to 1 MiB. Redirects are not followed: the signature is for one host.
 *
 * @throws ConnectionLost; LanelockError `ERR_PROVIDER` for an answer that is too long; the signal's reason
 */
export async function exchange(
  fetch: typeof globalThis.fetch,
  { operation, url, headers }: SignedRequest,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  // Not every fetch looks at the signal of a request that comes too late.
  throwIfAborted(signal);
  try {
    const response = await fetch(url, { method: "POST", headers, redirect: "manual", signal });
    if (response.type === "opaqueredirect") return { status: 302, requestId: null, text: "" };
    const text = await readBody(operation, response);
    return { status: response.status, requestId: response.headers.get("x-acs-request-id"), text };
  } catch (error) {
    if (signal.aborted || error instanceof LanelockError) throw error;
    throw new ConnectionLost(operation, error);
  }
}

async function readBody(operation: string, response: Response): Promise<string> {
  const { body } = response;
  if (body === null) return "";
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  for (let length = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > MAX_ANSWER_BYTES) {
      void reader.cancel().catch(() => undefined);
      throw improper(operation, `more than ${MAX_ANSWER_BYTES.toLocaleString("en")} bytes`);
    }
    parts.push(value);
  }
  const [first = new Uint8Array()] = parts;
  return textOf(parts.length > 1 ? concatBytes(...parts) : first);
}

/** The code of a failed connection, like `ECONNREFUSED`. Messages of the platform may repeat the URL, which holds plaintexts. */
function reasonOf(error: unknown): string {
  const cause = typeof error === "object" && error !== null && "cause" in error ? error.cause : undefined;
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  return typeof code === "string" && /^[A-Z_0-9]{1,64}$/.test(code) ? ` (${code})` : "";
}
