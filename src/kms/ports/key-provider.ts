import type {
  Algorithm,
  AsymmetricEncryptionAlgorithm,
  CipherMode,
  Custody,
  KeySpec,
  KeyUsage,
  Origin,
  PaddingMode,
  ProtectionLevel,
  SignatureAlgorithm,
} from "../../shared/algorithms.ts";
import type { MaybePromise } from "../../shared/maybe-promise.ts";
import type { PoolUsage } from "./key-store.ts";

/** A provider that can answer synchronously does: the warm path of a software key never leaves the call stack. */
export type { MaybePromise };

/**
 * The identity and policy of a key object. It is fixed when the object is made, and passed with every later call:
 * a provider that keeps secrets in the handle must bind them to all of it, so that no row can be moved to another key,
 * version, mode or policy.
 */
export interface KeyBinding {
  /**
   * `key`: a version of a CMK. `import`: the key pair of an import token, whose id is `versionId`. (`carried`, keys of the
   * store itself, reaches no provider.)
   */
  readonly purpose: "key" | "import" | "carried" | "document";
  readonly keyId: string;
  /** 36 ASCII characters, drawn by the KMS before the provider is asked, unique for ever. */
  readonly versionId: string;
  readonly keySpec: KeySpec;
  readonly keyUsage: KeyUsage;
  readonly origin: Origin;
  readonly protectionLevel: ProtectionLevel;
  /**
   * The only mode of this object; `NONE` for asymmetric keys. A version of an HSM or EXTERNAL key has one object per
   * mode, created on first use: with ECB or CBC under the GCM key, the right to Encrypt alone would yield GCM keystream.
   * Where the token can restrict an object to a mechanism, it should.
   */
  readonly mode: CipherMode | "NONE";
}

interface Abortable {
  /** A call that waits (for a session, for the network) rejects with the signal's reason when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

export interface CreateKeyObject extends Abortable {
  readonly binding: KeyBinding;
}

export interface ImportKeyObject extends Abortable {
  readonly binding: KeyBinding;
  /** Raw bytes of a symmetric key, PKCS#8 DER of a private key. The KMS wipes it after the call; copy what you keep. */
  readonly material: Uint8Array;
}

/** A key object as its provider made it. The store keeps and authenticates all of it. */
export interface CreatedKeyObject {
  /**
   * What the provider needs to find the key after a restart: wrapped material, object ids, a remote name.
   * Opaque to the KMS, at most 8,192 bytes; it names exactly this object even where labels repeat.
   */
  readonly handle: Uint8Array;
  /** SubjectPublicKeyInfo (DER) of an asymmetric key. */
  readonly publicKey?: Uint8Array | undefined;
  readonly custody: Custody;
}

/** A key object that exists already. */
export interface StoredKeyObject extends Abortable {
  readonly binding: KeyBinding;
  readonly handle: Uint8Array;
  readonly publicKey?: Uint8Array | undefined;
}

/** One symmetric operation. The KMS has checked every field against the matrix, but not the length of a ciphertext. */
export interface CipherRequest extends Abortable {
  /** Plaintext of `encrypt`; for `decrypt`, ciphertext, which in GCM ends in the 16-byte tag. May be empty. Never modified. */
  readonly data: Uint8Array;
  /** 12 bytes in GCM (drawn by the KMS, never the caller), 16 in CBC, empty in ECB. */
  readonly iv: Uint8Array;
  /** GCM: bytes to authenticate, or absent. Always absent in CBC and ECB. */
  readonly aad?: Uint8Array | undefined;
  /** CBC and ECB; in GCM it is absent. */
  readonly padding?: PaddingMode | undefined;
}

interface Disposable {
  /** Wipes and releases what the object holds. Calls in progress are unaffected; no call follows. */
  dispose(): void;
}

/**
 * A symmetric key object, ready for use; the KMS caches it. `encrypt` returns the ciphertext, in GCM followed by the 16-byte
 * tag. `decrypt` throws `LanelockError` `ERR_AUTHENTICATION` for any GCM failure and `ERR_PADDING` for any bad padding,
 * and `ERR_LENGTH` for ciphertext of an impossible length: the KMS answers all of these alike. Every other failure is
 * `ERR_PROVIDER` with its cause. Results are the caller's own memory, shared with nothing.
 */
export interface CipherKey extends Disposable {
  /**
   * Whether `encrypt` and `decrypt` end before they return. The KMS then passes the caller's own buffers, and IVs whose memory it
   * uses again; otherwise it passes copies, because the caller may change them meanwhile.
   */
  readonly synchronous?: boolean;
  encrypt(request: CipherRequest): MaybePromise<Uint8Array>;
  decrypt(request: CipherRequest): MaybePromise<Uint8Array>;
}

export interface AsymmetricCipherRequest extends Abortable {
  readonly algorithm: AsymmetricEncryptionAlgorithm;
  readonly data: Uint8Array;
}

export interface SignRequest extends Abortable {
  readonly algorithm: SignatureAlgorithm;
  /** `DIGEST`: `data` is the 32-byte digest, not hashed again. `RAW`: `data` is the message, hashed here with SHA-256. */
  readonly messageType: "RAW" | "DIGEST";
  readonly data: Uint8Array;
}

export interface VerifyRequest extends SignRequest {
  /** DER for ECDSA; as long as the modulus for RSA. Any bytes: those that are not a signature verify as `false`. */
  readonly signature: Uint8Array;
}

/**
 * An asymmetric key object, ready for use. `decrypt` fails with `ERR_AUTHENTICATION` whatever is wrong with the ciphertext
 * (padding, MAC, length, point): one answer. `sign` returns DER for ECDSA.
 */
export interface AsymmetricKey extends Disposable {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  encrypt(request: AsymmetricCipherRequest): MaybePromise<Uint8Array>;
  decrypt(request: AsymmetricCipherRequest): MaybePromise<Uint8Array>;
  sign(request: SignRequest): MaybePromise<Uint8Array>;
  verify(request: VerifyRequest): MaybePromise<boolean>;
}

/** One capability of a provider, for `lanelock hsm probe` and for messages. */
export interface Capability {
  readonly keySpec: KeySpec;
  readonly algorithm: Algorithm;
  /** Absent if the provider cannot do it; then `missing` names the mechanism or option that it lacks. */
  readonly custody?: Custody | undefined;
  readonly missing?: string | undefined;
}

/**
 * Wraps secrets under the store's root key: AES-256-GCM under a key derived for this binding alone, with the binding
 * authenticated. Software keys are stored in this form; a provider whose secrets stay in a token does not need it.
 */
export interface MaterialWrapper {
  wrap(binding: KeyBinding, material: Uint8Array): Uint8Array;
  /** Throws `ERR_INTEGRITY` when the bytes were not wrapped for this binding. The result is the caller's to wipe. */
  unwrap(binding: KeyBinding, wrapped: Uint8Array): Uint8Array;
}

/** AES-256-GCM under a 32-byte key, 12-byte nonce and 16-byte tag: the one cipher `kms/` itself depends on, given to it. */
export interface MaterialCipher {
  seal(request: MaterialCipherRequest): Uint8Array;
  /** Throws `ERR_AUTHENTICATION`. */
  open(request: MaterialCipherRequest): Uint8Array;
}

export interface MaterialCipherRequest {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly data: Uint8Array;
  readonly aad: Uint8Array;
}

/** The services that the KMS gives a provider while it is open. */
export interface ProviderHost extends MaterialWrapper {
  /** Permanent id of the store. It distinguishes the objects of several stores on one token. */
  readonly storeId: string;
}

/**
 * The interface to the place where keys live: the software provider, a PKCS#11 token, an external key manager.
 *
 * The KMS decides policy (states, versions, algorithms, IVs, invocation limits, context); a provider makes and uses key
 * objects. Failures:
 * - what it cannot do at all is `KmsError` `UnsupportedOperation`, naming the provider and what it lacks;
 * - what did not authenticate is `ERR_AUTHENTICATION`, `ERR_PADDING` or `ERR_LENGTH` (see {@link CipherKey});
 * - anything else is `LanelockError` `ERR_PROVIDER` with a `cause`, and the same call may succeed later.
 * It never retries with a secret that was refused (a PIN), and it never answers with a substitute.
 */
export interface KeyProvider {
  /** For messages and DescribeKey: `software`, `SoftHSM (slot 0, "t1")`. */
  readonly name: string;
  readonly protectionLevel: ProtectionLevel;

  /** Called once, before anything else, by `Kms.open`. */
  open(host: ProviderHost): Promise<void>;
  /** Ends what is open (sessions, sockets). Keys stay where they are. */
  close(): Promise<void>;

  /** Of its sessions, for the metrics of a server. Absent in providers that have no pool. */
  pool?(): PoolUsage | undefined;

  /** Every KeySpec and algorithm of this provider's protection level, available or not. Valid once open. */
  capabilities(): readonly Capability[];

  /**
   * Generates a key object. It must be durable before this resolves, because the KMS commits the handle next. If the
   * process dies in between, an object remains that no row names; its unique `versionId` keeps it from being used for another.
   */
  createKey(request: CreateKeyObject): Promise<CreatedKeyObject>;
  /** The same with given material, which the provider checks: `KmsError` `InvalidKeyMaterial` when it does not fit the KeySpec. */
  importKey(request: ImportKeyObject): Promise<CreatedKeyObject>;
  /** Destroys an object. Succeeds if the object is already gone: destruction is repeated after a crash. */
  destroyKey(object: StoredKeyObject): Promise<void>;

  /** Makes a stored symmetric object ready for use. The KMS caches it and disposes of it. */
  loadCipherKey(object: StoredKeyObject): MaybePromise<CipherKey>;
  /** Makes a stored asymmetric object ready for use. */
  loadAsymmetricKey(object: StoredKeyObject): MaybePromise<AsymmetricKey>;

  /** The handle under a new root key; a provider whose handles hold nothing wrapped returns the handle as it is. */
  rewrap(object: StoredKeyObject, to: MaterialWrapper): Uint8Array;
}
