import type { AsymmetricKeySpec } from "../shared/algorithms.ts";
import { nobleCurve } from "./ec-curves.ts";
import { loadEcPrivateWeb, loadEcPublicWeb, publicPointWeb } from "./ec-web.ts";
import { isRsaParts } from "./key-parts.ts";
import { isRsa, modulusLengths } from "./key-specs.ts";
import { encodePkcs8 } from "./pkcs8.ts";
import type { KeyPair, Platform } from "./platform.ts";
import { loadRsaPrivateWeb, loadRsaPublicWeb } from "./rsa-web.ts";
import { takeBytes } from "./runtime.ts";
import { encodeSpki } from "./spki.ts";

const publicExponent = Uint8Array.of(1, 0, 1);

async function generateKeyPairWeb(subtle: SubtleCrypto, spec: AsymmetricKeySpec): Promise<KeyPair> {
  if (spec === "EC_P256K") return generateOnNoble();
  const parameters = isRsa(spec)
    ? { name: "RSA-PSS", hash: "SHA-256", modulusLength: modulusLengths[spec] * 8, publicExponent }
    : { name: "ECDSA", namedCurve: "P-256" };
  const pair = await subtle.generateKey(parameters, true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new TypeError(`WebCrypto gave no key pair for ${parameters.name}`);
  const [privateKey, publicKey] = await Promise.all([
    subtle.exportKey("pkcs8", pair.privateKey),
    subtle.exportKey("spki", pair.publicKey),
  ]);
  return { privateKey: takeBytes(new Uint8Array(privateKey)), publicKey: new Uint8Array(publicKey) };
}

async function generateOnNoble(): Promise<KeyPair> {
  const spec = "EC_P256K";
  const curve = await nobleCurve(spec);
  const scalar = curve.utils.randomSecretKey();
  const point = curve.getPublicKey(scalar, false);
  const pair = { privateKey: encodePkcs8({ spec, scalar, point }), publicKey: encodeSpki({ spec, point }) };
  scalar.fill(0);
  return pair;
}

export function webPlatform(subtle: SubtleCrypto): Platform {
  return {
    generateKeyPair: (spec) => generateKeyPairWeb(subtle, spec),
    publicPoint: publicPointWeb,
    loadPrivate: async (parts) =>
      isRsaParts(parts) ? loadRsaPrivateWeb(subtle, parts) : loadEcPrivateWeb(subtle, parts),
    loadPublic: async (parts) => (isRsaParts(parts) ? loadRsaPublicWeb(subtle, parts) : loadEcPublicWeb(subtle, parts)),
  };
}
