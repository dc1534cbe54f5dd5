import { createHash } from "node:crypto";
import { encodeDer, integer, sequence } from "../../../asymmetric/der.ts";
import { openEcies } from "../../../asymmetric/ecies.ts";
import { isRsaParts, type PublicParts } from "../../../asymmetric/key-parts.ts";
import { type PublicKey, requireSignInput } from "../../../asymmetric/public-key.ts";
import { encodeDigestInfo } from "../../../asymmetric/rsa-signature-encoding.ts";
import { parseSpki } from "../../../asymmetric/spki.ts";
import { LanelockError } from "../../../errors.ts";
import type {
  Algorithm,
  AsymmetricCipherRequest,
  AsymmetricKey,
  SignatureAlgorithm,
  SignRequest,
  VerifyRequest,
} from "../../../kms/ports/index.ts";
import { operate } from "../objects/operation.ts";
import type { TokenObject } from "../objects/token-object.ts";
import { CKG, CKM, PARAMETERS } from "../session/constants.ts";
import type { Mechanism } from "../session/cryptoki.ts";
import { providerError, TokenError } from "../session/token-error.ts";
import { sharedX } from "./ecdh.ts";
import { decryptOaep } from "./rsa-decryption.ts";

const signatureMechanisms: Readonly<Record<SignatureAlgorithm, Mechanism>> = {
  RSA_PSS_SHA_256: {
    mechanism: CKM.RSA_PKCS_PSS,
    parameter: { type: PARAMETERS.RSA_PSS, hashAlg: CKM.SHA256, mgf: CKG.MGF1_SHA256, saltLen: 32 },
  },
  RSA_PKCS1_SHA_256: { mechanism: CKM.RSA_PKCS },
  // Not CKM_ECDSA_SHA256, which SoftHSM lacks and which hashes a digest again.
  ECDSA_SHA_256: { mechanism: CKM.ECDSA },
};

export interface AsymmetricKeyParts {
  readonly object: TokenObject;
  readonly publicKey: PublicKey;
  /** Whether the token removes the padding of this algorithm; used by RSA alone. */
  readonly unpads: (algorithm: Algorithm) => boolean;
  /** Throws the refusal of an algorithm that the token does not have. */
  readonly requireAlgorithm: (algorithm: Algorithm) => void;
}

/** A private key of a token. Operations with the public key run in this process. */
export class TokenAsymmetricKey implements AsymmetricKey {
  readonly publicKey: Uint8Array;
  readonly #key: AsymmetricKeyParts;
  readonly #parts: PublicParts;
  #disposed = false;

  constructor(key: AsymmetricKeyParts) {
    this.#key = key;
    this.publicKey = key.publicKey.der;
    this.#parts = parseSpki(key.publicKey.der);
  }

  async encrypt(request: AsymmetricCipherRequest): Promise<Uint8Array> {
    return this.#key.publicKey.encrypt(request);
  }

  async verify(request: VerifyRequest): Promise<boolean> {
    return this.#key.publicKey.verify(request);
  }

  async decrypt(request: AsymmetricCipherRequest): Promise<Uint8Array> {
    this.#requireUsable(request.algorithm);
    const { object, publicKey } = this.#key;
    const parts = this.#parts;
    try {
      if (!isRsaParts(parts)) {
        const { spec } = parts;
        const ciphertext = { spec, ciphertext: request.data };
        return await openEcies(ciphertext, (point) => sharedX(object, point, request.signal));
      }
      return await decryptOaep({ object, parts, publicKey }, request, this.#key.unpads(request.algorithm));
    } catch (error) {
      throw providerError(object.token.name, error, request.signal);
    }
  }

  async sign(request: SignRequest): Promise<Uint8Array> {
    this.#requireUsable(request.algorithm);
    requireSignInput(this.#key.publicKey.spec, request);
    const { algorithm, messageType, signal } = request;
    const { object } = this.#key;
    try {
      const digest = messageType === "RAW" ? createHash("sha256").update(request.data).digest() : request.data;
      const data = algorithm === "RSA_PKCS1_SHA_256" ? encodeDigestInfo(digest) : digest;
      const room = isRsaParts(this.#parts) ? this.#parts.modulus.length : 64;
      const mechanism = signatureMechanisms[algorithm];
      const quick = algorithm === "ECDSA_SHA_256";
      const signature = await operate(object, { kind: "sign", mechanism, data, room, quick, signal });
      if (signature.length !== room) throw new TokenError("CKR_OK", "C_Sign with a signature of a wrong length");
      return quick ? ecdsaDer(signature) : new Uint8Array(signature);
    } catch (error) {
      throw providerError(object.token.name, error, signal);
    }
  }

  dispose(): void {
    this.#disposed = true;
  }

  #requireUsable(algorithm: Algorithm): void {
    if (this.#disposed) throw new LanelockError("ERR_STATE", "This key was disposed of");
    this.#key.requireAlgorithm(algorithm);
  }
}

/** r ‖ s, as tokens return it, in the DER of X9.62. */
function ecdsaDer(signature: Uint8Array): Uint8Array {
  const half = signature.length / 2;
  return encodeDer(sequence(integer(signature.subarray(0, half)), integer(signature.subarray(half))));
}
