import type { KeyObject } from "node:crypto";
import type { AsymmetricEncryptionAlgorithm, SignatureAlgorithm } from "../shared/algorithms.ts";
import { equalBytes } from "../shared/equal-bytes.ts";
import type { RsaPrivateParts, RsaPublicParts } from "./key-parts.ts";
import { encodePkcs8 } from "./pkcs8.ts";
import type { PrivateOperations, PublicOperations, SignInput, VerifyInput } from "./platform.ts";
import { encodePkcs1, encodePss, isPssEncoding } from "./rsa-signature-encoding.ts";
import { resultBytes, takeBytes, undecryptable } from "./runtime.ts";
import { encodeSpki } from "./spki.ts";

type NodeCrypto = typeof import("node:crypto");

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

/**
 * RSA of OpenSSL. node:crypto can hash and sign, but not sign a digest under PSS: there the encoding is made here and
 * OpenSSL does the raw operation, blinded as any other.
 */
export function loadRsaPrivateNode(crypto: NodeCrypto, parts: RsaPrivateParts): PrivateOperations {
  const der = encodePkcs8(parts);
  const key: KeyObject = crypto.createPrivateKey({ key: Buffer.from(der.buffer), format: "der", type: "pkcs8" });
  der.fill(0);
  const length = parts.modulus.length;
  const raw = { key, padding: crypto.constants.RSA_NO_PADDING };
  const decryptWith = (options: Parameters<NodeCrypto["privateDecrypt"]>[0], ciphertext: Uint8Array) => {
    try {
      return takeBytes(crypto.privateDecrypt(options, ciphertext));
    } catch {
      throw undecryptable();
    }
  };
  return {
    sign({ algorithm, messageType, data }: SignInput) {
      if (messageType === "RAW") {
        return resultBytes(crypto.sign("sha256", data, { key, ...paddingOf(crypto, algorithm) }));
      }
      const encode = algorithm === "RSA_PSS_SHA_256" ? encodePss : encodePkcs1;
      return resultBytes(crypto.privateEncrypt(raw, encode(data, length)));
    },
    decrypt: ({ algorithm, data }) => decryptWith({ key, ...oaepOf(crypto, algorithm) }, data),
    rawDecrypt: (ciphertext) => decryptWith(raw, ciphertext),
    dispose() {},
  };
}

export function loadRsaPublicNode(crypto: NodeCrypto, parts: RsaPublicParts): PublicOperations {
  const key = crypto.createPublicKey({ key: Buffer.from(encodeSpki(parts)), format: "der", type: "spki" });
  const length = parts.modulus.length;
  const verifyDigest = ({ algorithm, data, signature }: VerifyInput) => {
    let encoded: Uint8Array;
    try {
      encoded = crypto.publicDecrypt({ key, padding: crypto.constants.RSA_NO_PADDING }, signature);
    } catch {
      return false;
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
