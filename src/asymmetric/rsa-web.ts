import { LanelockError } from "../errors.ts";
import type { AsymmetricEncryptionAlgorithm, SignatureAlgorithm } from "../shared/algorithms.ts";
import type { RsaPrivateParts, RsaPublicParts } from "./key-parts.ts";
import { encodePkcs8 } from "./pkcs8.ts";
import type { PrivateOperations, PublicOperations, SignInput } from "./platform.ts";
import { blamesCiphertext } from "./platform-failure.ts";
import { undecryptable, unsupported } from "./runtime.ts";
import { encodeSpki } from "./spki.ts";

type Algorithm = SignatureAlgorithm | AsymmetricEncryptionAlgorithm;

function importParameters(algorithm: Algorithm): RsaHashedImportParams {
  switch (algorithm) {
    case "RSAES_OAEP_SHA_256":
      return { name: "RSA-OAEP", hash: "SHA-256" };
    case "RSAES_OAEP_SHA_1":
      return { name: "RSA-OAEP", hash: "SHA-1" };
    case "RSA_PSS_SHA_256":
      return { name: "RSA-PSS", hash: "SHA-256" };
    case "RSA_PKCS1_SHA_256":
      return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    default:
      throw new LanelockError("ERR_ARGUMENT", `RSA does not support ${algorithm}.`);
  }
}

/** A WebCrypto key is bound to one algorithm, so the key is imported for each algorithm at its first use. */
function keysByAlgorithm(
  subtle: SubtleCrypto,
  { format, der }: { format: "pkcs8" | "spki"; der: Uint8Array<ArrayBuffer> },
): (algorithm: Algorithm, use: "sign" | "verify" | "encrypt" | "decrypt") => Promise<CryptoKey> {
  const keys = new Map<Algorithm, Promise<CryptoKey>>();
  return (algorithm, use) => {
    const known = keys.get(algorithm);
    if (known) return known;
    const key = subtle.importKey(format, der, importParameters(algorithm), false, [use]);
    keys.set(algorithm, key);
    // A failure is not kept for the next caller.
    key.catch(() => keys.delete(algorithm));
    return key;
  };
}

function messageOf({ messageType, data }: SignInput): Uint8Array<ArrayBuffer> {
  if (messageType === "RAW") return new Uint8Array(data);
  throw unsupported("WebCrypto hashes what RSA signs: give the message (messageType RAW), not its digest");
}

const signatureParameters = (algorithm: Algorithm) => ({ name: importParameters(algorithm).name, saltLength: 32 });

export function loadRsaPrivateWeb(subtle: SubtleCrypto, parts: RsaPrivateParts): PrivateOperations {
  const der = encodePkcs8(parts);
  const keyFor = keysByAlgorithm(subtle, { format: "pkcs8", der });
  return {
    async sign(input) {
      const { algorithm } = input;
      const message = messageOf(input);
      const key = await keyFor(algorithm, "sign");
      return new Uint8Array(await subtle.sign(signatureParameters(algorithm), key, message));
    },
    async decrypt({ algorithm, data }) {
      const key = await keyFor(algorithm, "decrypt");
      try {
        return new Uint8Array(await subtle.decrypt({ name: "RSA-OAEP" }, key, new Uint8Array(data)));
      } catch (thrown) {
        throw blamesCiphertext(thrown) ? undecryptable() : thrown;
      }
    },
    async rawDecrypt() {
      throw unsupported("WebCrypto does not support RSAES_PKCS1_V1_5: use RSAES_OAEP_SHA_256");
    },
    dispose() {
      der.fill(0);
    },
  };
}

export function loadRsaPublicWeb(subtle: SubtleCrypto, parts: RsaPublicParts): PublicOperations {
  const keyFor = keysByAlgorithm(subtle, { format: "spki", der: encodeSpki(parts) });
  return {
    async verify(input) {
      const { algorithm, signature } = input;
      const message = messageOf(input);
      const key = await keyFor(algorithm, "verify");
      const parameters = signatureParameters(algorithm);
      return subtle.verify(parameters, key, new Uint8Array(signature), message);
    },
    async encrypt({ algorithm, data }) {
      const key = await keyFor(algorithm, "encrypt");
      return new Uint8Array(await subtle.encrypt({ name: "RSA-OAEP" }, key, new Uint8Array(data)));
    },
  };
}
