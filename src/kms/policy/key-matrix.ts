import { KmsError } from "../ports/errors.ts";
import type {
  Algorithm,
  AsymmetricKeySpec,
  CipherMode,
  KeyRow,
  KeySpec,
  KeyUsage,
  Origin,
  ProtectionLevel,
  SymmetricAlgorithm,
  SymmetricKeySpec,
} from "../ports/index.ts";

type ByUsage = Readonly<Partial<Record<KeyUsage, readonly Algorithm[]>>>;

const cipher = (...algorithms: SymmetricAlgorithm[]): ByUsage => ({ "ENCRYPT/DECRYPT": algorithms });
const AES_MODES = cipher("AES_GCM", "AES_CBC", "AES_ECB");
const RSA: ByUsage = {
  "ENCRYPT/DECRYPT": ["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"],
  "SIGN/VERIFY": ["RSA_PSS_SHA_256", "RSA_PKCS1_SHA_256"],
};
const EC: ByUsage = { "ENCRYPT/DECRYPT": ["ECIES_DH_SHA_1_XOR_HMAC"], "SIGN/VERIFY": ["ECDSA_SHA_256"] };
const ASYMMETRIC = { RSA_2048: RSA, RSA_3072: RSA, RSA_4096: RSA, EC_P256: EC, EC_P256K: EC };

/** The keys of each protection level: KeySpec, usage, and the algorithms of that usage, the default first. */
export const KEY_MATRIX: Readonly<Record<ProtectionLevel, Readonly<Partial<Record<KeySpec, ByUsage>>>>> = {
  SOFTWARE: { Aliyun_AES_256: cipher("AES_GCM"), ...ASYMMETRIC },
  HSM: {
    Aliyun_AES_256: AES_MODES,
    Aliyun_AES_192: AES_MODES,
    Aliyun_AES_128: AES_MODES,
    Aliyun_SM4: cipher("SM4_GCM"),
    ...ASYMMETRIC,
  },
  EXTERNAL: { Aliyun_AES_256: AES_MODES },
};

/** Origins of the material at each level. */
export const ORIGINS: Readonly<Record<ProtectionLevel, readonly Origin[]>> = {
  SOFTWARE: ["Aliyun_KMS", "EXTERNAL"],
  HSM: ["Aliyun_KMS", "EXTERNAL"],
  EXTERNAL: ["Aliyun_KMS"],
};

export const PROTECTION_LEVELS = Object.keys(KEY_MATRIX) as readonly ProtectionLevel[];

const SYMMETRIC: readonly KeySpec[] = ["Aliyun_AES_256", "Aliyun_AES_192", "Aliyun_AES_128", "Aliyun_SM4"];
export const KEY_SPECS: readonly KeySpec[] = [...SYMMETRIC, ...(Object.keys(ASYMMETRIC) as AsymmetricKeySpec[])];

export function isSymmetric(keySpec: KeySpec): keySpec is SymmetricKeySpec {
  return SYMMETRIC.includes(keySpec);
}

/** A key that can sign is for signing, unless its creator says otherwise. */
export function defaultUsage(keySpec: KeySpec): KeyUsage {
  return isSymmetric(keySpec) ? "ENCRYPT/DECRYPT" : "SIGN/VERIFY";
}

export interface KeyKind {
  readonly keySpec: KeySpec;
  readonly keyUsage: KeyUsage;
  readonly protectionLevel: ProtectionLevel;
}

/** The algorithms of a key, the default first; an empty list when the matrix has no such key. */
export function algorithmsOf({ protectionLevel, keySpec, keyUsage }: KeyKind): readonly Algorithm[] {
  return KEY_MATRIX[protectionLevel][keySpec]?.[keyUsage] ?? [];
}

/** Refuses a key that the matrix does not have. */
export function requireKind(kind: KeyKind, origin: Origin): void {
  const { protectionLevel, keySpec, keyUsage } = kind;
  const asked = `${keySpec} for ${keyUsage} at protection level ${protectionLevel}`;
  if (algorithmsOf(kind).length === 0) {
    throw new KmsError("UnsupportedOperation", `This action is not supported. There is no ${asked}.`);
  }
  if (!ORIGINS[protectionLevel].includes(origin)) {
    throw new KmsError("UnsupportedOperation", `This action is not supported. ${asked} takes no imported material.`);
  }
}

/** The mode column of a new key: see `KeyRow.mode`. */
export function initialMode(kind: KeyKind, origin: Origin): CipherMode | "ANY" | "NONE" {
  if (!isSymmetric(kind.keySpec)) return "NONE";
  return origin === "Aliyun_KMS" && algorithmsOf(kind).length > 1 ? "ANY" : "GCM";
}

/** The mode of a key's first object. The other modes of `ANY` get an object on first use. */
export function firstMode({ mode }: Pick<KeyRow, "mode">): CipherMode | "NONE" {
  return mode === "ANY" ? "GCM" : mode;
}
