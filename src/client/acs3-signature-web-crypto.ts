import { LanelockError } from "../errors.ts";
import { toHex, utf8 } from "../shared/encoding.ts";
import { sha256OfText } from "../shared/hash/sha256.ts";
import { percentEncode } from "../shared/percent-encoding.ts";
import type { Credentials } from "./credentials.ts";

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

/** Signs requests, and keeps the key of the secret that it used last: importing one takes as long as signing. */
export class Acs3Signer {
  #secret: string | undefined;
  #key: Promise<CryptoKey> | undefined;

  /**
   * The header Authorization: hex(HMAC-SHA-256(secret, string to sign)) over method, path, query, headers and the SHA-256 of the body
   * (Alibaba Cloud, "V3 request body and signature mechanism").
   *
   * @throws LanelockError `ERR_UNSUPPORTED` for a host without WebCrypto
   */
  async authorization(
    { query, host, headers }: UnsignedRequest,
    { accessKeyId, accessKeySecret }: Credentials,
  ): Promise<string> {
    const signed: Readonly<Record<string, string>> = { ...headers, host };
    const names = Object.keys(signed).sort();
    const lines = names.map((name) => `${name}:${signed[name]}\n`).join("");
    const canonical = `POST\n/\n${query}\n${lines}\n${names.join(";")}\n${EMPTY_BODY_SHA256}`;
    // Not by WebCrypto: its hash comes from another thread, which takes longer than hashing here.
    const stringToSign = `${ALGORITHM}\n${toHex(sha256OfText(canonical))}`;
    const { subtle } = webCrypto();
    const key = await this.#keyOf(accessKeySecret);
    const signature = await subtle.sign("HMAC", key, utf8(stringToSign) as BufferSource);
    return `${ALGORITHM} Credential=${accessKeyId},SignedHeaders=${names.join(";")},Signature=${toHex(new Uint8Array(signature))}`;
  }

  #keyOf(secret: string): Promise<CryptoKey> {
    if (this.#key !== undefined && this.#secret === secret) return this.#key;
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = webCrypto().subtle.importKey("raw", utf8(secret) as BufferSource, algorithm, false, ["sign"]);
    this.#secret = secret;
    this.#key = key;
    return key;
  }
}

/** Looked up at first use: test environments hide the global `crypto`, and Node's module still has it. */
function webCrypto(): { readonly subtle: Pick<SubtleCrypto, "importKey" | "sign"> } {
  const found = globalThis.crypto?.subtle
    ? globalThis.crypto
    : globalThis.process?.getBuiltinModule?.("node:crypto")?.webcrypto;
  if (found !== undefined) return found;
  throw new LanelockError(
    "ERR_UNSUPPORTED",
    "This host has no WebCrypto, which signs requests. A page has it if it comes by https or from this machine.",
  );
}
