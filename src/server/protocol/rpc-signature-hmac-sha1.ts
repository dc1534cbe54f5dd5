import { equalTexts } from "./equal-texts.ts";
import { hmacText } from "./hmac-text.ts";
import { namesInOrder, type Parameters } from "./parameters.ts";
import { percentEncode } from "./percent-encoding.ts";
import { ServiceError } from "./service-error.ts";
import type { Claim, SignedRequest } from "./signed-request.ts";

/** A parameter of some clients that says nothing. The operations know the other ones of the protocol, and pass over them. */
const IGNORED = "ResourceOwnerAccount";

/**
 * The signature 1.0 of Alibaba Cloud's RPC style: base64(HMAC-SHA-1(secret ‖ "&", string to sign)), over the method and all
 * parameters of query and form body but the signature, in the order of their names (Alibaba Cloud, "RPC signature mechanism").
 */
export function readRpcClaim(request: SignedRequest): Claim {
  const all = merged(request.query, request.form);
  const signature = required(all, "Signature");
  const accessKeyId = required(all, "AccessKeyId");
  const timestamp = required(all, "Timestamp");
  if ((all.get("SignatureMethod") ?? "HMAC-SHA1") !== "HMAC-SHA1" || (all.get("SignatureVersion") ?? "1.0") !== "1.0") {
    throw incomplete("SignatureMethod must be HMAC-SHA1 and SignatureVersion 1.0.");
  }
  return {
    // Never from the headers, which this signature does not cover.
    action: all.get("Action") ?? "",
    version: all.get("Version") ?? "",
    accessKeyId,
    securityToken: all.get("SecurityToken"),
    timestamp: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(timestamp) ? Date.parse(timestamp) : Number.NaN,
    replayId: all.get("SignatureNonce") ?? signature,
    parameters: operationParameters(all),
    isSignedWith: (secret) =>
      (request.form.size === 0 && equalTexts(signature, signatureAsSent(secret, request) ?? "")) ||
      equalTexts(signature, rpcSignature(secret, request.method, all)),
  };
}

/** Base64 of the 20-byte signature. */
export function rpcSignature(secret: string, method: string, parameters: Parameters): string {
  let stringToSign = `${method}&%2F&`;
  let separator = "";
  for (const name of namesInOrder(parameters)) {
    if (name === "Signature") continue;
    stringToSign += `${separator}${encodedTwice(name)}%3D${encodedTwice(parameters.get(name) ?? "")}`;
    separator = "%26";
  }
  return hmacText("sha1", `${secret}&`, stringToSign, "base64");
}

/** Base64 of the signature over the query as it came, without the signature in it. `undefined` where that is not worth trying. */
function signatureAsSent(secret: string, { method, orderedQuery }: SignedRequest): string | undefined {
  const start = orderedQuery?.indexOf("&Signature=") ?? -1;
  if (orderedQuery === undefined || start < 0) return undefined;
  const end = orderedQuery.indexOf("&", start + 1);
  const signed = orderedQuery.slice(0, start) + (end < 0 ? "" : orderedQuery.slice(end));
  return hmacText("sha1", `${secret}&`, `${method}&%2F&${encodeURIComponent(signed)}`, "base64");
}

/** What is encoded once has nothing but `%` to encode. */
function encodedTwice(text: string): string {
  return percentEncode(text).replaceAll("%", "%25");
}

function merged(query: Parameters, form: Parameters): Parameters {
  if (form.size === 0) return query;
  const all = new Map(query);
  for (const [name, value] of form) {
    if (all.has(name))
      throw new ServiceError("ParseRequestParameterException", "A parameter is in the query and the body.");
    all.set(name, value);
  }
  return all;
}

function operationParameters(all: Parameters): Parameters {
  if (!all.has(IGNORED)) return all;
  const own = new Map(all);
  own.delete(IGNORED);
  return own;
}

function required(all: Parameters, name: string): string {
  const value = all.get(name);
  if (value !== undefined && value !== "") return value;
  throw incomplete(`The parameter "${name}" is needed but not provided.`);
}

function incomplete(reason: string): ServiceError {
  return new ServiceError(
    "IncompleteSignature",
    `The request signature does not conform to Aliyun standards. ${reason}`,
  );
}
