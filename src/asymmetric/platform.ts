import type {
  AsymmetricEncryptionAlgorithm,
  AsymmetricKeySpec,
  EcKeySpec,
  SignatureAlgorithm,
} from "../shared/algorithms.ts";
import type { MaybePromise } from "../shared/maybe-promise.ts";
import type { PrivateParts, PublicParts } from "./key-parts.ts";

/** The input of a signature: `RAW` is a message that is hashed here with SHA-256; `DIGEST` is 32 bytes that are not hashed again. */
export interface SignInput {
  readonly algorithm: SignatureAlgorithm;
  readonly messageType: "RAW" | "DIGEST";
  readonly data: Uint8Array;
}

export interface VerifyInput extends SignInput {
  readonly signature: Uint8Array;
}

export interface CipherInput {
  readonly algorithm: AsymmetricEncryptionAlgorithm;
  readonly data: Uint8Array;
}

/** A pair in DER. `privateKey` is PKCS#8, and the caller wipes it; `publicKey` is SubjectPublicKeyInfo. */
export interface KeyPair {
  readonly privateKey: Uint8Array<ArrayBuffer>;
  readonly publicKey: Uint8Array<ArrayBuffer>;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** The private-key operations of a platform, synchronous if possible. The caller has checked the arguments. */
export interface PrivateOperations {
  sign(input: SignInput): MaybePromise<Bytes>;
  decrypt(input: CipherInput): MaybePromise<Bytes>;
  /** RSADP (RFC 8017 §5.1.2): returns as many bytes as the modulus has, padding included. */
  rawDecrypt(ciphertext: Uint8Array): MaybePromise<Bytes>;
  dispose(): void;
}

/** The public-key operations of a platform. */
export interface PublicOperations {
  verify(input: VerifyInput): MaybePromise<boolean>;
  encrypt(input: CipherInput): MaybePromise<Bytes>;
}

/** node:crypto or a browser's WebCrypto, with @noble/curves for what they lack. */
export interface Platform {
  generateKeyPair(spec: AsymmetricKeySpec): Promise<KeyPair>;
  /** The uncompressed public point of a private scalar. `ERR_KEY` when the scalar is 0 or not below the curve's order. */
  publicPoint(spec: EcKeySpec, scalar: Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
  /** The parts, which have been checked, are copied. */
  loadPrivate(parts: PrivateParts): Promise<PrivateOperations>;
  loadPublic(parts: PublicParts): Promise<PublicOperations>;
}
