import type { IncomingHttpHeaders } from "node:http";
import type { Parameters } from "./parameters.ts";

/** The raw parts of a request that a signature covers. */
export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  /** Of the query string. */
  readonly query: Parameters;
  /**
   * The query string as it came, if its names stand in order: most likely the very text that was signed. A signature that fits it is
   * as good as one that fits the text which is made of `query` again: only that text was signed, and `query` is what it says.
   */
  readonly orderedQuery?: string | undefined;
  /** Of the form body; empty for other bodies. */
  readonly form: Parameters;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** The unverified claims of a request about itself and its caller. */
export interface Claim {
  readonly action: string;
  readonly version: string;
  readonly accessKeyId: string;
  readonly securityToken: string | undefined;
  /** Milliseconds since 1970; `NaN` when it is not a time. */
  readonly timestamp: number;
  /** What makes the request unique under its access key: the nonce, or the signature where there is no nonce. */
  readonly replayId: string;
  /** The parameters of the operation, and perhaps those of the protocol. */
  readonly parameters: Parameters;
  /** Compares the signature with that of `secret` in constant time. */
  readonly isSignedWith: (secret: string) => boolean;
}
