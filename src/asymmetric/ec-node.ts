import type { ECDH, KeyObject } from "node:crypto";
import type { EcKeySpec } from "../shared/algorithms.ts";
import { malformed } from "./der.ts";
import { signDigest, verifyDigest } from "./ec-curves.ts";
import { openEcies, sealEcies } from "./ecies.ts";
import type { EcPrivateParts, EcPublicParts } from "./key-parts.ts";
import { encodePkcs8 } from "./pkcs8.ts";
import type { PrivateOperations, PublicOperations } from "./platform.ts";
import { blamesKey } from "./platform-failure.ts";
import { resultBytes, takeBytes, unsupported } from "./runtime.ts";
import { encodeSpki } from "./spki.ts";

type NodeCrypto = typeof import("node:crypto");

const curveNames: Record<EcKeySpec, string> = { EC_P256: "prime256v1", EC_P256K: "secp256k1" };

export function publicPointNode(crypto: NodeCrypto, spec: EcKeySpec, scalar: Uint8Array): Uint8Array<ArrayBuffer> {
  const ecdh = crypto.createECDH(curveNames[spec]);
  try {
    ecdh.setPrivateKey(scalar);
  } catch (cause) {
    throw blamesKey(cause) ? malformed("its private scalar is out of range", { cause }) : cause;
  }
  return new Uint8Array(ecdh.getPublicKey());
}

interface EcKeyObjects {
  readonly key: KeyObject;
  readonly ecdh: ECDH;
}

/** OpenSSL's own copies of a scalar. It wipes them when they are collected. */
function keyObjects(crypto: NodeCrypto, { spec, scalar }: EcPrivateParts): EcKeyObjects {
  const der = encodePkcs8({ spec, scalar, point: publicPointNode(crypto, spec, scalar) });
  try {
    const key = crypto.createPrivateKey({ key: Buffer.from(der.buffer), format: "der", type: "pkcs8" });
    const ecdh = crypto.createECDH(curveNames[spec]);
    ecdh.setPrivateKey(scalar);
    return { key, ecdh };
  } finally {
    der.fill(0);
  }
}

/** OpenSSL signs messages and does ECDH; it would hash a digest again, so digests go to @noble/curves. */
export function loadEcPrivateNode(crypto: NodeCrypto, parts: EcPrivateParts): PrivateOperations {
  const { spec } = parts;
  const scalar = new Uint8Array(parts.scalar);
  let objects: EcKeyObjects;
  try {
    objects = keyObjects(crypto, { spec, scalar });
  } catch (thrown) {
    scalar.fill(0);
    throw thrown;
  }
  const { key, ecdh } = objects;
  return {
    sign({ messageType, data }) {
      if (messageType === "DIGEST") return signDigest({ spec, scalar }, data);
      return resultBytes(crypto.sign("sha256", data, key));
    },
    decrypt: ({ data }) => openEcies({ spec, ciphertext: data }, async (point) => takeBytes(ecdh.computeSecret(point))),
    rawDecrypt() {
      throw unsupported("An EC key has no raw RSA operation");
    },
    dispose() {
      scalar.fill(0);
    },
  };
}

export function loadEcPublicNode(crypto: NodeCrypto, parts: EcPublicParts): PublicOperations {
  const key = crypto.createPublicKey({ key: Buffer.from(encodeSpki(parts)), format: "der", type: "spki" });
  return {
    verify({ messageType, data, signature }) {
      if (messageType === "DIGEST") return verifyDigest(parts, { digest: data, signature });
      return crypto.verify("sha256", data, key, signature);
    },
    encrypt({ data: plaintext }) {
      const ephemeral = crypto.createECDH(curveNames[parts.spec]);
      const ephemeralPoint = ephemeral.generateKeys();
      return sealEcies({ ephemeralPoint, sharedX: takeBytes(ephemeral.computeSecret(parts.point)), plaintext });
    },
  };
}
