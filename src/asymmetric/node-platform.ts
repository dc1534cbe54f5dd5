import type { AsymmetricKeySpec } from "../shared/algorithms.ts";
import { loadEcPrivateNode, loadEcPublicNode, publicPointNode } from "./ec-node.ts";
import { isRsaParts } from "./key-parts.ts";
import { isRsa, modulusLengths } from "./key-specs.ts";
import type { KeyPair, Platform } from "./platform.ts";
import { loadRsaPrivateNode, loadRsaPublicNode } from "./rsa-node.ts";
import { takeBytes } from "./runtime.ts";

type NodeCrypto = typeof import("node:crypto");

const encodings = {
  publicKeyEncoding: { format: "der", type: "spki" },
  privateKeyEncoding: { format: "der", type: "pkcs8" },
} as const;

/** Generates on a thread of libuv's pool: finding the primes of RSA_4096 can take seconds. */
function generateKeyPairNode(crypto: NodeCrypto, spec: AsymmetricKeySpec): Promise<KeyPair> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, publicKey: Buffer, privateKey: Buffer) => {
      if (error) reject(error);
      else resolve({ publicKey: new Uint8Array(publicKey), privateKey: takeBytes(privateKey) });
    };
    if (isRsa(spec)) {
      crypto.generateKeyPair("rsa", { modulusLength: modulusLengths[spec] * 8, ...encodings }, done);
    } else {
      const namedCurve = spec === "EC_P256" ? "P-256" : "secp256k1";
      crypto.generateKeyPair("ec", { namedCurve, paramEncoding: "named", ...encodings }, done);
    }
  });
}

export function nodePlatform(crypto: NodeCrypto): Platform {
  return {
    generateKeyPair: (spec) => generateKeyPairNode(crypto, spec),
    publicPoint: async (spec, scalar) => publicPointNode(crypto, spec, scalar),
    loadPrivate: async (parts) =>
      isRsaParts(parts) ? loadRsaPrivateNode(crypto, parts) : loadEcPrivateNode(crypto, parts),
    loadPublic: async (parts) =>
      isRsaParts(parts) ? loadRsaPublicNode(crypto, parts) : loadEcPublicNode(crypto, parts),
  };
}
