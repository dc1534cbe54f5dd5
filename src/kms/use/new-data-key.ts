import { randomBytes } from "../../shared/random.ts";
import type { Call } from "../core/call.ts";
import { DEFAULT_DATA_KEY } from "../policy/limits.ts";
import type { ContextBinding } from "../wire/context.ts";
import { KEY_DEFAULTS } from "./cipher-choice.ts";
import { type DataKeyEncoding, encodeDataKey } from "./data-key-encoding.ts";
import { type Encrypted, symmetricEncrypt } from "./symmetric-encrypt.ts";

export type DataKeySpec = "AES_256" | "AES_128";

/** What operations that make a data key have in common. */
export interface NewDataKey {
  readonly keyId: string;
  readonly keySpec: DataKeySpec | undefined;
  readonly numberOfBytes: number | undefined;
  readonly encryptionContext: ContextBinding | undefined;
  readonly dataKeyEncoding: DataKeyEncoding;
  readonly dryRun: boolean;
}

const SPEC_LENGTH: Readonly<Record<DataKeySpec, number>> = { AES_256: 32, AES_128: 16 };

/** In bytes. */
export function dataKeyLength({ keySpec, numberOfBytes }: Pick<NewDataKey, "keySpec" | "numberOfBytes">): number {
  return numberOfBytes ?? (keySpec === undefined ? DEFAULT_DATA_KEY : SPEC_LENGTH[keySpec]);
}

/** Draws a data key and encrypts it. The plaintext is the caller's to wipe. */
export async function newDataKey(call: Call, request: NewDataKey) {
  const plaintext = randomBytes(dataKeyLength(request));
  try {
    const { keyId, keyVersionId, ciphertextBlob } = await encryptDataKey(call, request, plaintext);
    return { keyId, keyVersionId, ciphertextBlob, plaintext };
  } catch (error) {
    plaintext.fill(0);
    throw error;
  }
}

async function encryptDataKey(call: Call, request: NewDataKey, dataKey: Uint8Array): Promise<Encrypted> {
  const { keyId, encryptionContext: context, dataKeyEncoding, dryRun } = request;
  call.event.context = context;
  const plaintext = encodeDataKey(dataKey, dataKeyEncoding);
  try {
    return await symmetricEncrypt(call, { keyId, plaintext, context, cipher: KEY_DEFAULTS, dryRun });
  } finally {
    plaintext.fill(0);
  }
}
