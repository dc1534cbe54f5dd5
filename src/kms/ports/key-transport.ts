import type { KeySpec } from "../../shared/algorithms.ts";
import type { KeyBinding, MaterialWrapper, MaybePromise } from "./key-provider.ts";

/**
 * How imported material is wrapped. The last one is for private keys: RSA-OAEP of a 32-byte AES key, as long as the modulus,
 * followed by AES-256-ECB with PKCS#7 padding of the PKCS#8 DER.
 */
export type WrappingAlgorithm =
  | "RSAES_OAEP_SHA_256"
  | "RSAES_OAEP_SHA_1"
  | "RSAES_PKCS1_V1_5"
  | "RSAES_OAEP_SHA_256_AES_256_ECB_PKCS7_PAD";

/** How a data key is wrapped for export. */
export type ExportAlgorithm = "RSAES_OAEP_SHA_256" | "RSAES_OAEP_SHA_1";

export interface WrappingPair {
  /** The private key, wrapped for `binding`: the only way to it. */
  readonly handle: Uint8Array;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
}

export interface UnwrapMaterial {
  /** Of the pair: purpose `import`. */
  readonly binding: KeyBinding;
  readonly handle: Uint8Array;
  readonly wrappingAlgorithm: WrappingAlgorithm;
  /** The wrapped material, of any length. */
  readonly encryptedKeyMaterial: Uint8Array;
  /** The KeySpec of the key that the material is for. */
  readonly keySpec: KeySpec;
}

/** Material that was checked against its KeySpec. */
export interface CheckedMaterial {
  /**
   * Raw bytes of a symmetric key; PKCS#8 DER of a private key in canonical form, so that equal keys have equal bytes.
   * The caller wipes it.
   */
  readonly material: Uint8Array;
  /** SubjectPublicKeyInfo (DER) of a private key. */
  readonly publicKey?: Uint8Array | undefined;
}

/**
 * RSA for imported material and exported data keys. It runs in this process for every provider, and keeps nothing.
 */
export interface KeyTransport {
  /**
   * A new RSA_2048 pair. Does not block the event loop.
   *
   * @param request.binding of purpose `import`
   * @throws KmsError `UnsupportedOperation` when this platform could not unwrap with the algorithm
   */
  createPair(
    wrapper: MaterialWrapper,
    request: { readonly binding: KeyBinding; readonly wrappingAlgorithm: WrappingAlgorithm },
  ): Promise<WrappingPair>;
  /**
   * @throws KmsError `InvalidKeyMaterial`, the same for every fault of the material (padding, length, form);
   * `UnsupportedOperation` for `RSAES_PKCS1_V1_5` where the platform has no raw RSA
   */
  unwrap(wrapper: MaterialWrapper, request: UnwrapMaterial): Promise<CheckedMaterial>;
  /** Material given unencrypted. It is not changed. @throws KmsError `InvalidKeyMaterial` */
  check(keySpec: KeySpec, material: Uint8Array): MaybePromise<CheckedMaterial>;
  /**
   * Encrypts under a recipient's RSA_2048 key.
   *
   * @throws KmsError `InvalidParameter` naming `PublicKeyBlob` when it is no such key, or when `data` is longer than the
   * algorithm takes
   */
  wrapFor(request: {
    readonly publicKey: Uint8Array;
    readonly algorithm: ExportAlgorithm;
    readonly data: Uint8Array;
  }): Promise<Uint8Array>;
}
