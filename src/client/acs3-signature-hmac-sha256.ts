import { sha256Hex } from "../shared/hash/sha256.ts";
import type { MaybePromise } from "../shared/maybe-promise.ts";
import { percentEncode } from "../shared/percent-encoding.ts";
import type { Credentials } from "./credentials.ts";
import { hmacSha256, type TextHmac } from "./hmac-sha256.ts";

const ALGORITHM = "ACS3-HMAC-SHA256";
/** SHA-256 of no bytes: parameters travel in the query, and the body is empty. */
export const EMPTY_BODY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** A request by POST to the path `/` with an empty body, before it is signed. */
export interface UnsignedRequest {
  /** From {@link canonicalQuery}. */
  readonly query: string;
  readonly host: string;
  /** By their names in lower case. All of them are signed. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The query of a request as it is signed and sent: in the order of the names, percent-encoded (RFC 3986 §2.3). */
export function canonicalQuery(parameters: Readonly<Record<string, string>>): string {
  return Object.keys(parameters)
    .sort()
    .map((name) => `${percentEncode(name)}=${percentEncode(parameters[name] ?? "")}`)
    .join("&");
}

/** Signs requests, and keeps the key of the secret that it used last. */
export class Acs3Signer {
  #secret: string | undefined;
  #hmac: TextHmac | undefined;

  /**
   * The header Authorization: hex(HMAC-SHA-256(secret, string to sign)) over method, path, query, headers and the SHA-256 of the body
   * (Alibaba Cloud, "V3 request body and signature mechanism").
   *
   * @throws LanelockError `ERR_UNSUPPORTED` for a host without WebCrypto
   */
  authorization(
    { query, host, headers }: UnsignedRequest,
    { accessKeyId, accessKeySecret }: Credentials,
  ): MaybePromise<string> {
    const names = Object.keys(headers);
    names.push("host");
    names.sort();
    let lines = "";
    for (const name of names) lines += `${name}:${name === "host" ? host : headers[name]}\n`;
    const list = names.join(";");
    const canonical = `POST\n/\n${query}\n${lines}\n${list}\n${EMPTY_BODY_SHA256}`;
    const begin = `${ALGORITHM} Credential=${accessKeyId},SignedHeaders=${list},Signature=`;
    const signature = this.#hmacOf(accessKeySecret)(`${ALGORITHM}\n${sha256Hex(canonical)}`);
    return typeof signature === "string" ? begin + signature : signature.then((text) => begin + text);
  }

  #hmacOf(secret: string): TextHmac {
    if (this.#hmac !== undefined && this.#secret === secret) return this.#hmac;
    this.#hmac = hmacSha256(secret);
    this.#secret = secret;
    return this.#hmac;
  }
}
