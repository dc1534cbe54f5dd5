import { constants, createCipheriv, createPublicKey, publicEncrypt, randomBytes } from "node:crypto";
import { type AsymmetricKeySpec, type KeySpec, type Kms, KmsError, type WrappingAlgorithm } from "lanelock/kms";
import { testPair } from "../../asymmetric/test-keys.ts";

/** The one answer to material that cannot be taken. */
export const invalidMaterial = {
  code: "InvalidKeyMaterial",
  httpStatus: 400,
  message: "The key material is not wrapped as the import token says, does not fit the key, or belongs to another key.",
};
export const symmetricAlgorithms: WrappingAlgorithm[] = ["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1", "RSAES_PKCS1_V1_5"];
export const hybrid = "RSAES_OAEP_SHA_256_AES_256_ECB_PKCS7_PAD";

const paddings = {
  RSAES_OAEP_SHA_256: { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" },
  RSAES_OAEP_SHA_1: { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha1" },
  RSAES_PKCS1_V1_5: { padding: constants.RSA_PKCS1_PADDING },
};

export interface Wrapping {
  readonly publicKey: Uint8Array;
  readonly wrappingAlgorithm: WrappingAlgorithm;
}

/** Wraps material by node:crypto as the owner of the material would. */
export function wrapMaterial({ publicKey, wrappingAlgorithm }: Wrapping, material: Uint8Array): Uint8Array {
  const key = createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "spki" });
  if (wrappingAlgorithm !== hybrid) {
    return new Uint8Array(publicEncrypt({ key, ...paddings[wrappingAlgorithm] }, material));
  }
  const ephemeral = randomBytes(32);
  const cipher = createCipheriv("aes-256-ecb", ephemeral, null);
  const encrypted = [publicEncrypt({ key, ...paddings.RSAES_OAEP_SHA_256 }, ephemeral), cipher.update(material)];
  return new Uint8Array(Buffer.concat([...encrypted, cipher.final()]));
}

export interface ImportOptions {
  readonly wrappingAlgorithm?: WrappingAlgorithm;
  readonly keyMaterialExpireUnix?: number;
}

interface Token extends Wrapping {
  readonly importToken: Uint8Array;
}

/** Tokens by key and algorithm: making their RSA keys is what an import takes long for. */
const tokens = new WeakMap<Kms, Map<string, Promise<Token>>>();

function tokenFor(kms: Kms, keyId: string, wrappingAlgorithm: WrappingAlgorithm): Promise<Token> {
  const known = tokens.get(kms) ?? new Map<string, Promise<Token>>();
  tokens.set(kms, known);
  const name = `${keyId} ${wrappingAlgorithm}`;
  const request = { keyId, wrappingKeySpec: "RSA_2048", wrappingAlgorithm } as const;
  const token = known.get(name) ?? kms.getParametersForImport(request).then((made) => ({ ...made, wrappingAlgorithm }));
  known.set(name, token);
  return token;
}

/** A whole import: token, wrapping, import. One token is used for all imports of a key by one algorithm, until it expires. */
export async function importMaterial(
  kms: Kms,
  target: { keyId: string; material: Uint8Array },
  options: ImportOptions = {},
): Promise<void> {
  try {
    await importOnce(kms, target, options);
  } catch (error) {
    if (!(error instanceof KmsError) || error.code !== "ExpiredImportToken") throw error;
    tokens.delete(kms);
    await importOnce(kms, target, options);
  }
}

async function importOnce(
  kms: Kms,
  { keyId, material }: { keyId: string; material: Uint8Array },
  { wrappingAlgorithm = "RSAES_OAEP_SHA_256", keyMaterialExpireUnix }: ImportOptions = {},
): Promise<void> {
  const token = await tokenFor(kms, keyId, wrappingAlgorithm);
  const encryptedKeyMaterial = wrapMaterial(token, material);
  await kms.importKeyMaterial({ keyId, importToken: token.importToken, encryptedKeyMaterial, keyMaterialExpireUnix });
}

/** A key that waits for material. */
export async function createExternal(kms: Kms, keySpec: KeySpec = "Aliyun_AES_256"): Promise<string> {
  const { keyMetadata } = await kms.createKey({ keySpec, origin: "EXTERNAL" });
  return keyMetadata.keyId;
}

export async function privateKeyOf(keySpec: AsymmetricKeySpec): Promise<Uint8Array> {
  return (await testPair(keySpec)).privateKey;
}
