import { copyOf } from "../../shared/byte-input.ts";
import { whenReady } from "../../shared/maybe-promise.ts";
import type { Call } from "../core/call.ts";
import { invalidParameter, missingParameter } from "../ports/errors.ts";
import type { MaybePromise, SignatureAlgorithm } from "../ports/index.ts";
import { choice, requiredBytes } from "../wire/request-fields.ts";
import { type AsymmetricAnswer, type AsymmetricFields, useAsymmetricKey } from "./asymmetric-use.ts";

export type MessageType = "RAW" | "DIGEST";

/** What is signed: `digest`, or `message` with its type. */
export interface SignedFields extends AsymmetricFields<SignatureAlgorithm> {
  /** 32 bytes, which are not hashed again: SHA-256, or another hash of that length. */
  readonly digest?: Uint8Array | undefined;
  /** In place of `digest`: a message of any length, or with `messageType: "DIGEST"` its digest. */
  readonly message?: Uint8Array | undefined;
  /** `RAW`, the default, hashes `message` with SHA-256. In a browser, RSA takes nothing else. */
  readonly messageType?: MessageType | undefined;
}

export interface AsymmetricSignRequest extends SignedFields {}

export interface AsymmetricSignResponse extends AsymmetricAnswer {
  /** As long as the modulus (RSA), or DER of at most 72 bytes (ECDSA). */
  readonly value: Uint8Array;
}

export interface AsymmetricVerifyRequest extends SignedFields {
  /** The signature. Any bytes: what is not a signature is a bad one. */
  readonly value: Uint8Array;
}

export interface AsymmetricVerifyResponse extends AsymmetricAnswer {
  /** Whether the signature is good. A bad one is no error. */
  readonly value: boolean;
}

const MESSAGE_TYPES: readonly MessageType[] = ["RAW", "DIGEST"];
const DIGEST_LENGTH = 32;

interface Signed {
  readonly messageType: MessageType;
  readonly data: Uint8Array;
}

function signedOf({ digest, message, messageType }: SignedFields): Signed {
  const type = choice(messageType, "MessageType", { of: MESSAGE_TYPES, otherwise: "RAW" });
  const isMessage = message !== undefined && message !== null;
  if (digest !== undefined && digest !== null) {
    if (isMessage) throw invalidParameter("Message", "Give Digest or Message, not both.");
    return { messageType: "DIGEST", data: digestOf(digest, "Digest") };
  }
  if (!isMessage) throw missingParameter("Digest");
  if (type === "DIGEST") return { messageType: type, data: digestOf(message, "Message") };
  return { messageType: type, data: copyOf(requiredBytes(message, "Message")) };
}

function digestOf(value: unknown, parameter: string): Uint8Array {
  const bytes = requiredBytes(value, parameter);
  if (bytes.length !== DIGEST_LENGTH) {
    throw invalidParameter(parameter, `A digest has ${DIGEST_LENGTH} bytes, not ${bytes.length}.`);
  }
  return copyOf(bytes);
}

export function asymmetricSign(call: Call, request: AsymmetricSignRequest): MaybePromise<AsymmetricSignResponse> {
  const { messageType, data } = signedOf(request);
  const { signal } = call;
  const used = useAsymmetricKey<SignatureAlgorithm, Uint8Array>(call, {
    operation: "AsymmetricSign",
    usage: "SIGN/VERIFY",
    fields: request,
    work: (key, algorithm) => key.sign({ algorithm, messageType, data, signal }),
  });
  return whenReady(used, ({ keyId, keyVersionId, result }) => ({ keyId, keyVersionId, value: result }));
}

export function asymmetricVerify(call: Call, request: AsymmetricVerifyRequest): MaybePromise<AsymmetricVerifyResponse> {
  const { messageType, data } = signedOf(request);
  const signature = copyOf(requiredBytes(request.value, "Value"));
  const { signal } = call;
  const used = useAsymmetricKey<SignatureAlgorithm, boolean>(call, {
    operation: "AsymmetricVerify",
    usage: "SIGN/VERIFY",
    fields: request,
    work: (key, algorithm) => key.verify({ algorithm, messageType, data, signature, signal }),
  });
  return whenReady(used, ({ keyId, keyVersionId, result }) => ({ keyId, keyVersionId, value: result }));
}
