import { isAsymmetricKeySpec } from "../../asymmetric/key-specs.ts";
import { generateKeyPair, importPrivateKey, loadPrivateKey, type PrivateKey } from "../../asymmetric/private-key.ts";
import { importPublicKey, type PublicKey } from "../../asymmetric/public-key.ts";
import { invalidKeyMaterial, invalidParameter, KmsError } from "../../kms/ports/errors.ts";
import type {
  CheckedMaterial,
  KeyBinding,
  KeySpec,
  KeyTransport,
  MaterialWrapper,
  SymmetricKeySpec,
  UnwrapMaterial,
  WrappingAlgorithm,
} from "../../kms/ports/index.ts";
import { codeOf, messageOf } from "../../shared/thrown.ts";
import { aesEcb } from "../../unauthenticated.ts";

/** Bytes of a symmetric key. */
const keyLengths: Record<SymmetricKeySpec, number> = {
  Aliyun_AES_256: 32,
  Aliyun_AES_192: 24,
  Aliyun_AES_128: 16,
  Aliyun_SM4: 16,
};

/** Bytes of an RSA_2048 ciphertext, the first part of a two-part wrapping. */
const rsaLength = 256;

/**
 * Gives every failure the same error, and drops the cause, which would distinguish them. Only errors that reveal nothing about the
 * material pass: the platform does not support the operation, or failed.
 */
function oneAnswer(error: unknown): unknown {
  const code = codeOf(error);
  if (code === "ERR_PROVIDER" || code === "ERR_DEPENDENCY") return error;
  if (code !== "ERR_UNSUPPORTED") return invalidKeyMaterial();
  return new KmsError("UnsupportedOperation", `This action is not supported. ${messageOf(error)}`);
}

async function checkMaterial(keySpec: KeySpec, material: Uint8Array): Promise<CheckedMaterial> {
  if (!isAsymmetricKeySpec(keySpec)) {
    if (material.length !== keyLengths[keySpec]) throw invalidKeyMaterial();
    return { material: new Uint8Array(material) };
  }
  const pair = await importPrivateKey(material).catch((error: unknown) => {
    throw oneAnswer(error);
  });
  if (pair.spec === keySpec) return { material: pair.privateKey, publicKey: pair.publicKey };
  pair.privateKey.fill(0);
  throw invalidKeyMaterial();
}

async function decrypt(key: PrivateKey, request: UnwrapMaterial): Promise<Uint8Array> {
  const { wrappingAlgorithm, encryptedKeyMaterial: data, keySpec } = request;
  if (wrappingAlgorithm === "RSAES_OAEP_SHA_256_AES_256_ECB_PKCS7_PAD") return decryptInTwoParts(key, data);
  if (wrappingAlgorithm !== "RSAES_PKCS1_V1_5") return key.decrypt({ algorithm: wrappingAlgorithm, data });
  if (isAsymmetricKeySpec(keySpec)) throw invalidKeyMaterial();
  return key.decryptPkcs1(data, keyLengths[keySpec]);
}

async function decryptInTwoParts(key: PrivateKey, data: Uint8Array): Promise<Uint8Array> {
  const algorithm = "RSAES_OAEP_SHA_256";
  const ephemeral = await key.decrypt({ algorithm, data: data.subarray(0, rsaLength) });
  try {
    if (ephemeral.length !== 32) throw invalidKeyMaterial();
    // No `using` where a page gets the code: not every browser has Symbol.dispose.
    const ecb = aesEcb(ephemeral, { padding: "pkcs7", backend: "wasm" });
    try {
      return ecb.decrypt(data.subarray(rsaLength));
    } finally {
      ecb.dispose();
    }
  } finally {
    ephemeral.fill(0);
  }
}

async function unwrap(wrapper: MaterialWrapper, request: UnwrapMaterial): Promise<CheckedMaterial> {
  const der = wrapper.unwrap(request.binding, request.handle);
  const key = await loadPrivateKey(der).finally(() => der.fill(0));
  const material = await decrypt(key, request)
    .catch((error: unknown) => {
      throw oneAnswer(error);
    })
    .finally(() => key.dispose());
  try {
    return await checkMaterial(request.keySpec, material);
  } finally {
    material.fill(0);
  }
}

async function createPair(
  wrapper: MaterialWrapper,
  { binding, wrappingAlgorithm }: { binding: KeyBinding; wrappingAlgorithm: WrappingAlgorithm },
) {
  const { privateKey, publicKey } = await generateKeyPair("RSA_2048");
  try {
    if (wrappingAlgorithm === "RSAES_PKCS1_V1_5") await requirePkcs1(privateKey);
    return { handle: wrapper.wrap(binding, privateKey), publicKey };
  } finally {
    privateKey.fill(0);
  }
}

/** Browsers, and other runtimes' node:crypto, have no raw RSA: that must show before material is wrapped for it. */
async function requirePkcs1(privateKey: Uint8Array): Promise<void> {
  // Not `using`: the compiler's helper for it makes Rollup warn.
  const key = await loadPrivateKey(privateKey);
  try {
    // RSA maps 1 to 1, which is not valid padding.
    const one = new Uint8Array(rsaLength).fill(1, rsaLength - 1);
    await key.decryptPkcs1(one, 32).catch((error: unknown) => {
      if (codeOf(error) !== "ERR_AUTHENTICATION") throw oneAnswer(error);
    });
  } finally {
    key.dispose();
  }
}

async function recipient(der: Uint8Array): Promise<PublicKey> {
  const key = await importPublicKey(der).catch((error: unknown) => {
    if (codeOf(error) !== "ERR_KEY") throw error;
  });
  if (key?.spec === "RSA_2048") return key;
  throw invalidParameter("PublicKeyBlob", "It must be the DER of an RSA_2048 SubjectPublicKeyInfo.");
}

/** Key transport by RSA in this process. */
export const softwareKeyTransport: KeyTransport = {
  createPair,
  unwrap,
  check: checkMaterial,
  async wrapFor({ publicKey, algorithm, data }) {
    const key = await recipient(publicKey);
    try {
      return await key.encrypt({ algorithm, data });
    } catch (error) {
      if (codeOf(error) !== "ERR_LENGTH") throw error;
      throw invalidParameter("PublicKeyBlob", `The data key is too long for it: ${messageOf(error)}.`);
    }
  },
};
