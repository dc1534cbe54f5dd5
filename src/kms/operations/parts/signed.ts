import { copyOf } from "../../../shared/byte-input.ts";
import { invalidParameter, missingParameter } from "../../ports/errors.ts";
import type { SignatureAlgorithm } from "../../ports/index.ts";
import { bytes } from "../../schema/bytes.ts";
import { optional, withDefault } from "../../schema/field.ts";
import { choice, keyName, string } from "../../schema/text.ts";
import { type AsymmetricFields, algorithmField } from "../../use/asymmetric-key.ts";

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

const DIGEST_LENGTH = 32;

export const signedFields = {
  keyId: keyName({ alias: true, doc: "An asymmetric key." }),
  keyVersionId: string({ doc: "Asymmetric keys have no primary version." }),
  algorithm: algorithmField<SignatureAlgorithm>(["RSA_PSS_SHA_256", "RSA_PKCS1_SHA_256", "ECDSA_SHA_256"]),
  digest: optional(bytes({ lengths: `${DIGEST_LENGTH} bytes`, doc: "Required where there is no `message`." })),
  message: optional(bytes({ doc: "In place of `digest`." })),
  messageType: withDefault(
    choice<MessageType>(["RAW", "DIGEST"], { doc: "`RAW` hashes `message` with SHA-256." }),
    "RAW",
  ),
};

interface Signed {
  readonly messageType: MessageType;
  readonly data: Uint8Array;
}

/** A copy of what is to be signed. */
export function signedOf({
  digest,
  message,
  messageType = "RAW",
}: Omit<SignedFields, keyof AsymmetricFields<never>>): Signed {
  if (digest !== undefined) {
    if (message !== undefined) throw invalidParameter("Message", "Give Digest or Message, not both.");
    return { messageType: "DIGEST", data: digestOf(digest, "Digest") };
  }
  if (message === undefined) throw missingParameter("Digest");
  return { messageType, data: messageType === "DIGEST" ? digestOf(message, "Message") : copyOf(message) };
}

function digestOf(bytes: Uint8Array, parameter: string): Uint8Array {
  if (bytes.length === DIGEST_LENGTH) return copyOf(bytes);
  throw invalidParameter(parameter, `A digest has ${DIGEST_LENGTH} bytes, not ${bytes.length}.`);
}
