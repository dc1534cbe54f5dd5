/** The service's own names, spelt as the service spells them. Types only. */

/** Where a key is kept and used. Which KeySpec, algorithm and origin each level takes is data: `kms/key-matrix.ts`. */
export type ProtectionLevel = "SOFTWARE" | "HSM" | "EXTERNAL";

export type SymmetricKeySpec = "Aliyun_AES_256" | "Aliyun_AES_192" | "Aliyun_AES_128" | "Aliyun_SM4";
export type RsaKeySpec = "RSA_2048" | "RSA_3072" | "RSA_4096";
export type EcKeySpec = "EC_P256" | "EC_P256K";
export type AsymmetricKeySpec = RsaKeySpec | EcKeySpec;
export type KeySpec = SymmetricKeySpec | AsymmetricKeySpec;

export type KeyUsage = "ENCRYPT/DECRYPT" | "SIGN/VERIFY";

/** `Aliyun_KMS`: the provider generates the material. `EXTERNAL`: the caller imports it. (Not the protection level.) */
export type Origin = "Aliyun_KMS" | "EXTERNAL";

export type KeyState = "Enabled" | "Disabled" | "PendingDeletion" | "PendingImport";

/** The mode of a symmetric key object. An object never has two modes: see {@link KeyBinding.mode}. */
export type CipherMode = "GCM" | "CBC" | "ECB";

export type SymmetricAlgorithm = "AES_GCM" | "AES_CBC" | "AES_ECB" | "SM4_GCM";
export type PaddingMode = "PKCS7_PADDING" | "NO_PADDING";
export type AsymmetricEncryptionAlgorithm = "RSAES_OAEP_SHA_256" | "RSAES_OAEP_SHA_1" | "ECIES_DH_SHA_1_XOR_HMAC";
export type SignatureAlgorithm = "RSA_PSS_SHA_256" | "RSA_PKCS1_SHA_256" | "ECDSA_SHA_256";
export type Algorithm = SymmetricAlgorithm | AsymmetricEncryptionAlgorithm | SignatureAlgorithm;

/**
 * Where the secret is while it is used, which the protection level alone does not say. DescribeKey reports it.
 *
 * | value | the secret is |
 * |---|---|
 * | `software` | in this process's memory while cached |
 * | `token` | inside the token, always |
 * | `token-wrapped` | encrypted by a token key at rest, in this process's memory for the time of one operation |
 * | `external` | inside a key manager that the user runs, always |
 */
export type Custody = "software" | "token" | "token-wrapped" | "external";
