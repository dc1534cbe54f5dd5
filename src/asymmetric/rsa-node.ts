import type { KeyObject } from "node:crypto";
import type { AsymmetricEncryptionAlgorithm, SignatureAlgorithm } from "../shared/algorithms.ts";
import { equalBytes } from "../shared/equal-bytes.ts";
import type { RsaPrivateParts, RsaPublicParts } from "./key-parts.ts";
import { encodePkcs8 } from "./pkcs8.ts";
import type { PrivateOperations, PublicOperations, SignInput, VerifyInput } from "./platform.ts";
import { blamesCiphertext } from "./platform-failure.ts";
import { requireRawRsa } from "./raw-rsa.ts";
import { encodePkcs1, encodePss, isPssEncoding } from "./rsa-signature-encoding.ts";
import { resultBytes, takeBytes, undecryptable } from "./runtime.ts";
import { encodeSpki } from "./spki.ts";

type NodeCrypto = typeof import("node:crypto");

const messageInstead = "give the message (messageType RAW), not its digest";

function paddingOf({ constants }: NodeCrypto, algorithm: SignatureAlgorithm) {
  return algorithm === "RSA_PSS_SHA_256"
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
    : { padding: constants.RSA_PKCS1_PADDING };
}

function oaepOf({ constants }: NodeCrypto, algorithm: AsymmetricEncryptionAlgorithm) {
  // OpenSSL takes the same hash for MGF1.
  const oaepHash = algorithm === "RSAES_OAEP_SHA_256" ? "sha256" : "sha1";
  return { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash };
}

function keyObject(crypto: NodeCrypto, parts: RsaPrivateParts): KeyObject {
  const der = encodePkcs8(parts);
  try {
    return crypto.createPrivateKey({ key: Buffer.from(der.buffer), format: "der", type: "pkcs8" });
  } finally {
    der.fill(0);
  }
}

/**
 * RSA of OpenSSL. node:crypto can hash and sign, but cannot sign a digest under PSS. There the encoding is made here, and
 * OpenSSL does the raw operation, blinded like any other.
 */
export function loadRsaPrivateNode(crypto: NodeCrypto, parts: RsaPrivateParts): PrivateOperations {
  const key = keyObject(crypto, parts);
  const length = parts.modulus.length;
  const raw = { key, padding: crypto.constants.RSA_NO_PADDING };
  return {
    sign({ algorithm, messageType, data }: SignInput) {
      if (messageType === "RAW") {
        return resultBytes(crypto.sign("sha256", data, { key, ...paddingOf(crypto, algorithm) }));
      }
      requireRawRsa(crypto, "privateEncrypt", { key, length, instead: messageInstead });
      const encode = algorithm === "RSA_PSS_SHA_256" ? encodePss : encodePkcs1;
      return resultBytes(crypto.privateEncrypt(raw, encode(data, length)));
    },
    decrypt({ algorithm, data }) {
      const options = { key, ...oaepOf(crypto, algorithm) };
      const decrypt = (ciphertext: Uint8Array) => takeBytes(crypto.privateDecrypt(options, ciphertext));
      try {
        return decrypt(data);
      } catch (thrown) {
        if (blamesCiphertext(thrown)) throw undecryptable();
        return decryptAfterAll(thrown, { data, decrypt, encrypt: (probe) => crypto.publicEncrypt(options, probe) });
      }
    },
    rawDecrypt(ciphertext) {
      requireRawRsa(crypto, "privateDecrypt", { key, length, instead: "use RSAES_OAEP_SHA_256" });
      try {
        return takeBytes(crypto.privateDecrypt(raw, ciphertext));
      } catch (thrown) {
        throw blamesCiphertext(thrown) ? undecryptable() : thrown;
      }
    },
    dispose() {
      // The key is OpenSSL's, which wipes it when the KeyObject is collected.
    },
  };
}

interface FailedDecryption {
  readonly data: Uint8Array;
  readonly decrypt: (ciphertext: Uint8Array) => Uint8Array<ArrayBuffer>;
  readonly encrypt: (data: Uint8Array) => Uint8Array;
}

/**
 * Distinguishes a bad ciphertext from a failing platform when the error does not (node:crypto of other runtimes): the platform must
 * decrypt a new ciphertext, and is then given this one again.
 *
 * @throws LanelockError `ERR_AUTHENTICATION` when only the ciphertext fails; otherwise what was thrown
 */
function decryptAfterAll(thrown: unknown, { data, decrypt, encrypt }: FailedDecryption): Uint8Array<ArrayBuffer> {
  const probe = Uint8Array.of(1, 2, 3);
  if (!equalBytes(decrypt(encrypt(probe)), probe)) throw thrown;
  try {
    return decrypt(data);
  } catch {
    throw undecryptable();
  }
}

export function loadRsaPublicNode(crypto: NodeCrypto, parts: RsaPublicParts): PublicOperations {
  const key = crypto.createPublicKey({ key: Buffer.from(encodeSpki(parts)), format: "der", type: "spki" });
  const length = parts.modulus.length;
  const verifyDigest = ({ algorithm, data, signature }: VerifyInput) => {
    requireRawRsa(crypto, "publicDecrypt", { key, length, instead: messageInstead });
    let encoded: Uint8Array;
    try {
      encoded = crypto.publicDecrypt({ key, padding: crypto.constants.RSA_NO_PADDING }, signature);
    } catch (thrown) {
      // A number that is not below the modulus is not a signature.
      if (blamesCiphertext(thrown)) return false;
      throw thrown;
    }
    if (algorithm === "RSA_PSS_SHA_256") return isPssEncoding(encoded, data);
    return equalBytes(encoded, encodePkcs1(data, length));
  };
  return {
    verify(input) {
      const { algorithm, messageType, data, signature } = input;
      if (messageType === "DIGEST") return verifyDigest(input);
      return crypto.verify("sha256", data, { key, ...paddingOf(crypto, algorithm) }, signature);
    },
    encrypt({ algorithm, data }) {
      return resultBytes(crypto.publicEncrypt({ key, ...oaepOf(crypto, algorithm) }, data));
    },
  };
}
