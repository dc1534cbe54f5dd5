import type { EncryptionContext } from "../../kms/wire/context.ts";

interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** What an envelope needs of a KMS. `Kms` is one, and so is a client of one elsewhere. */
export interface EnvelopeKms {
  /**
   * The length of a wrapped data key of 32 bytes, in bytes: 96 unless given. Over HTTP the service wraps the Base64 of the data key, in
   * 108 bytes.
   */
  readonly wrappedKeyLength?: number | undefined;
  /** Asked for the id behind an alias, and once for the KeySpec of a CMK. */
  describeKey(
    request: { readonly keyId: string },
    options?: CallOptions,
  ): Promise<{ readonly keyMetadata: { readonly keyId: string; readonly keySpec: string } }>;
  /** The plaintext is the caller's: it is wiped after use. */
  generateDataKey(
    request: {
      readonly keyId: string;
      readonly numberOfBytes: number;
      readonly encryptionContext?: EncryptionContext | undefined;
    },
    options?: CallOptions,
  ): Promise<{ readonly keyId: string; readonly plaintext: Uint8Array; readonly ciphertextBlob: Uint8Array }>;
  /** As `generateDataKey`. */
  decrypt(
    request: { readonly ciphertextBlob: Uint8Array; readonly encryptionContext?: EncryptionContext | undefined },
    options?: CallOptions,
  ): Promise<{ readonly keyId: string; readonly plaintext: Uint8Array }>;
  reEncrypt(
    request: {
      readonly ciphertextBlob: Uint8Array;
      readonly destinationKeyId: string;
      readonly sourceEncryptionContext?: EncryptionContext | undefined;
      readonly destinationEncryptionContext?: EncryptionContext | undefined;
    },
    options?: CallOptions,
  ): Promise<{ /** The CMK it was wrapped by before. */ readonly keyId: string; readonly ciphertextBlob: Uint8Array }>;
}
