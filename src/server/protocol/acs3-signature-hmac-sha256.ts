import { hash } from "node:crypto";
import { equalTexts } from "./equal-texts.ts";
import { hmacText } from "./hmac-text.ts";
import { namesInOrder, type Parameters } from "./parameters.ts";
import { percentEncode } from "./percent-encoding.ts";
import { ServiceError } from "./service-error.ts";
import type { Claim, SignedRequest } from "./signed-request.ts";

export const ACS3 = "ACS3-HMAC-SHA256";

const AUTHORIZATION =
  /^ACS3-HMAC-SHA256 +Credential=([^, ]{1,128}), *SignedHeaders=([a-z0-9;-]{1,2048}), *Signature=([0-9a-f]{64})$/;

/** Headers that must be signed, or the signature would not cover the whole request. */
const MUST_SIGN = ["host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-content-sha256"];

/** Parameters that some clients put into the query besides the headers. */
const COMMON = new Set(["Action", "Version", "Format", "RegionId"]);

export function isAcs3({ headers }: SignedRequest): boolean {
  return headers.authorization?.startsWith(ACS3) === true;
}

/**
 * The signature ACS3-HMAC-SHA256: hex(HMAC-SHA-256(secret, string to sign)) over method, path, query, the signed headers and the
 * SHA-256 of the body (Alibaba Cloud, "V3 request body and signature mechanism").
 *
 * @throws ServiceError `IncompleteSignature` when the header is malformed, leaves a needed header unsigned, or names a hash that is
 * not the body's
 */
export function readAcs3Claim(request: SignedRequest): Claim {
  const [, accessKeyId, signedHeaders, signature] = AUTHORIZATION.exec(request.headers.authorization ?? "") ?? [];
  if (accessKeyId === undefined || signedHeaders === undefined || signature === undefined) {
    throw incomplete("Authorization must be ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=….");
  }
  const names = signedHeaders.split(";");
  requireSigned(request, names);
  requireBodyHash(request);
  const date = single(request, "x-acs-date");
  const all = new Map(request.query);
  for (const [name, value] of request.form) {
    if (all.has(name))
      throw new ServiceError("ParseRequestParameterException", "A parameter is in the query and the body.");
    all.set(name, value);
  }
  for (const name of COMMON) all.delete(name);
  return {
    action: single(request, "x-acs-action"),
    version: single(request, "x-acs-version"),
    accessKeyId,
    securityToken: "x-acs-security-token" in request.headers ? single(request, "x-acs-security-token") : undefined,
    timestamp: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(date) ? Date.parse(date) : Number.NaN,
    replayId: "x-acs-signature-nonce" in request.headers ? single(request, "x-acs-signature-nonce") : signature,
    parameters: all,
    isSignedWith: (secret) =>
      (request.orderedQuery !== undefined &&
        equalTexts(signature, acs3Signature(secret, request, names, request.orderedQuery))) ||
      equalTexts(signature, acs3Signature(secret, request, names)),
  };
}

/** Hex of the 32-byte signature over the named headers, and over `signedQuery`, which is that of the parameters unless given. */
export function acs3Signature(
  secret: string,
  request: SignedRequest,
  names: readonly string[],
  signedQuery = canonicalQuery(request.query),
): string {
  const { method, path } = request;
  const headers = names.map((name) => `${name}:${single(request, name).trim()}\n`).join("");
  const bodyHash = single(request, "x-acs-content-sha256");
  const canonical = `${method}\n${path}\n${signedQuery}\n${headers}\n${names.join(";")}\n${bodyHash}`;
  return hmacText("sha256", secret, `${ACS3}\n${hash("sha256", canonical, "hex")}`, "hex");
}

function canonicalQuery(query: Parameters): string {
  return namesInOrder(query)
    .map((name) => `${percentEncode(name)}=${percentEncode(query.get(name) ?? "")}`)
    .join("&");
}

/** Every header of the protocol must be signed, the nonce and the security token too; so must the type of a body. */
function requireSigned({ headers, body }: SignedRequest, names: readonly string[]): void {
  const needed = new Set(MUST_SIGN);
  for (const name of Object.keys(headers)) if (name.startsWith("x-acs-")) needed.add(name);
  if (body.length > 0 && headers["content-type"] !== undefined) needed.add("content-type");
  const unsigned = [...needed].find((name) => !names.includes(name));
  if (unsigned !== undefined) throw incomplete(`The header ${unsigned} must be signed.`);
  if (new Set(names).size !== names.length) throw incomplete("A header is signed twice.");
}

function requireBodyHash(request: SignedRequest): void {
  if (single(request, "x-acs-content-sha256").toLowerCase() !== hash("sha256", request.body, "hex")) {
    throw incomplete("x-acs-content-sha256 is not the SHA-256 of the body.");
  }
}

function single({ headers }: SignedRequest, name: string): string {
  const value = headers[name];
  if (typeof value === "string") return value;
  throw incomplete(`The header ${name} must be given once.`);
}

function incomplete(reason: string): ServiceError {
  return new ServiceError(
    "IncompleteSignature",
    `The request signature does not conform to Aliyun standards. ${reason}`,
  );
}
