import type { EcKeySpec } from "../shared/algorithms.ts";
import { malformed } from "./der.ts";
import { nobleCurve, signDigest, verifyDigest } from "./ec-curves.ts";
import { openEcies, sealEcies } from "./ecies.ts";
import type { EcPrivateParts, EcPublicParts } from "./key-parts.ts";
import { hashes } from "./mgf1.ts";
import { encodePkcs8 } from "./pkcs8.ts";
import type { PrivateOperations, PublicOperations } from "./platform.ts";
import { unsupported } from "./runtime.ts";
import { encodeSpki } from "./spki.ts";

const ecdsa = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const ecdh = { name: "ECDH", namedCurve: "P-256" };

export async function publicPointWeb(spec: EcKeySpec, scalar: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const curve = await nobleCurve(spec);
  try {
    return new Uint8Array(curve.getPublicKey(scalar, false));
  } catch (cause) {
    throw malformed("its private scalar is out of range", { cause });
  }
}

/** The x-coordinate of scalar × point by @noble/curves. */
async function sharedXNoble({ spec, scalar }: EcPrivateParts, point: Uint8Array): Promise<Uint8Array> {
  const shared = (await nobleCurve(spec)).getSharedSecret(scalar, point, false);
  const sharedX = shared.slice(1, 33);
  shared.fill(0);
  return sharedX;
}

async function sharedXWeb(subtle: SubtleCrypto, privateKey: CryptoKey, point: Uint8Array<ArrayBuffer>) {
  const publicKey = await subtle.importKey("raw", point, ecdh, false, []);
  return new Uint8Array(await subtle.deriveBits({ name: "ECDH", public: publicKey }, privateKey, 256));
}

/** WebCrypto signs messages and does ECDH on P-256; everything else is @noble/curves. */
export async function loadEcPrivateWeb(subtle: SubtleCrypto, parts: EcPrivateParts): Promise<PrivateOperations> {
  const { spec } = parts;
  const onPlatform = spec === "EC_P256" ? await importP256(subtle, parts) : undefined;
  const scalar = new Uint8Array(parts.scalar);
  return {
    async sign({ messageType, data }) {
      if (messageType === "DIGEST") return signDigest({ spec, scalar }, data);
      if (!onPlatform) return signDigest({ spec, scalar }, hashes["SHA-256"](data));
      const compact = new Uint8Array(await subtle.sign(ecdsa, onPlatform.signing, new Uint8Array(data)));
      return new Uint8Array((await nobleCurve(spec)).Signature.fromBytes(compact, "compact").toBytes("der"));
    },
    decrypt: ({ data }) =>
      openEcies({ spec, ciphertext: data }, (point) =>
        onPlatform ? sharedXWeb(subtle, onPlatform.agreement, point) : sharedXNoble({ spec, scalar }, point),
      ),
    async rawDecrypt() {
      throw unsupported("An EC key has no raw RSA operation");
    },
    dispose() {
      scalar.fill(0);
    },
  };
}

async function importP256(subtle: SubtleCrypto, { spec, scalar, point }: EcPrivateParts) {
  const der = encodePkcs8({ spec, scalar, point: point ?? (await publicPointWeb(spec, scalar)) });
  try {
    const [signing, agreement] = await Promise.all([
      subtle.importKey("pkcs8", der, ecdsa, false, ["sign"]),
      subtle.importKey("pkcs8", der, ecdh, false, ["deriveBits"]),
    ]);
    return { signing, agreement };
  } finally {
    der.fill(0);
  }
}

export async function loadEcPublicWeb(subtle: SubtleCrypto, parts: EcPublicParts): Promise<PublicOperations> {
  const onPlatform =
    parts.spec === "EC_P256" ? await subtle.importKey("spki", encodeSpki(parts), ecdsa, false, ["verify"]) : undefined;
  return {
    async verify({ messageType, data, signature }) {
      if (messageType === "DIGEST") return verifyDigest(parts, { digest: data, signature });
      if (!onPlatform) return verifyDigest(parts, { digest: hashes["SHA-256"](data), signature });
      const compact = await compactSignature(parts.spec, signature);
      return compact !== undefined && subtle.verify(ecdsa, onPlatform, compact, new Uint8Array(data));
    },
    async encrypt({ data: plaintext }) {
      const { ephemeralPoint, sharedX } = await agreeOnce(subtle, parts);
      return sealEcies({ ephemeralPoint, sharedX, plaintext });
    },
  };
}

/** r ‖ s of a DER signature, or undefined for bytes that are not one. */
async function compactSignature(spec: EcKeySpec, signature: Uint8Array): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const curve = await nobleCurve(spec);
  try {
    return new Uint8Array(curve.Signature.fromBytes(signature, "der").toBytes("compact"));
  } catch {
    return undefined;
  }
}

/** ECDH of a fresh key pair with the recipient's public key. */
async function agreeOnce(subtle: SubtleCrypto, { spec, point }: EcPublicParts) {
  if (spec === "EC_P256") {
    const pair = await subtle.generateKey(ecdh, false, ["deriveBits"]);
    const ephemeralPoint = new Uint8Array(await subtle.exportKey("raw", pair.publicKey));
    return { ephemeralPoint, sharedX: await sharedXWeb(subtle, pair.privateKey, new Uint8Array(point)) };
  }
  const curve = await nobleCurve(spec);
  const scalar = curve.utils.randomSecretKey();
  const agreed = {
    ephemeralPoint: curve.getPublicKey(scalar, false),
    sharedX: await sharedXNoble({ spec, scalar }, point),
  };
  scalar.fill(0);
  return agreed;
}
