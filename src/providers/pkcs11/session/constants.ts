// The numbers of PKCS#11 v2.40 that are used here (OASIS, "Current Mechanisms" and "Base Specification", header files). They are
// not read from pkcs11js, because that package is optional and loaded late.

export const CKM = {
  RSA_PKCS_KEY_PAIR_GEN: 0x0000,
  RSA_PKCS: 0x0001,
  RSA_X_509: 0x0003,
  RSA_PKCS_OAEP: 0x0009,
  RSA_PKCS_PSS: 0x000d,
  SHA_1: 0x0220,
  SHA256: 0x0250,
  GENERIC_SECRET_KEY_GEN: 0x0350,
  EC_KEY_PAIR_GEN: 0x1040,
  ECDSA: 0x1041,
  ECDH1_DERIVE: 0x1050,
  AES_KEY_GEN: 0x1080,
  AES_ECB: 0x1081,
  AES_CBC: 0x1082,
  AES_GCM: 0x1087,
} as const;

export const CKG = { MGF1_SHA1: 1, MGF1_SHA256: 2 } as const;
export const CKZ_DATA_SPECIFIED = 1;
export const CKD_NULL = 1;

export const CKO = { PUBLIC_KEY: 2, PRIVATE_KEY: 3, SECRET_KEY: 4 } as const;
export const CKK = { RSA: 0x00, EC: 0x03, GENERIC_SECRET: 0x10, AES: 0x1f } as const;

export const CKA = {
  CLASS: 0x0000,
  TOKEN: 0x0001,
  PRIVATE: 0x0002,
  LABEL: 0x0003,
  VALUE: 0x0011,
  KEY_TYPE: 0x0100,
  ID: 0x0102,
  SENSITIVE: 0x0103,
  ENCRYPT: 0x0104,
  DECRYPT: 0x0105,
  WRAP: 0x0106,
  UNWRAP: 0x0107,
  SIGN: 0x0108,
  VERIFY: 0x010a,
  DERIVE: 0x010c,
  MODULUS: 0x0120,
  MODULUS_BITS: 0x0121,
  PUBLIC_EXPONENT: 0x0122,
  PRIVATE_EXPONENT: 0x0123,
  PRIME_1: 0x0124,
  PRIME_2: 0x0125,
  EXPONENT_1: 0x0126,
  EXPONENT_2: 0x0127,
  COEFFICIENT: 0x0128,
  VALUE_LEN: 0x0161,
  EXTRACTABLE: 0x0162,
  MODIFIABLE: 0x0170,
  EC_PARAMS: 0x0180,
  EC_POINT: 0x0181,
  ALLOWED_MECHANISMS: 0x40000600,
} as const;

export const CKF = {
  /** Of C_Initialize. */
  OS_LOCKING_OK: 0x2,
  /** Of C_OpenSession. */
  RW_SESSION: 0x2,
  SERIAL_SESSION: 0x4,
  /** Of a token. */
  TOKEN_INITIALIZED: 0x400,
  USER_PIN_FINAL_TRY: 0x20000,
  USER_PIN_LOCKED: 0x40000,
  /** Of a mechanism. */
  ENCRYPT: 0x100,
  DECRYPT: 0x200,
  SIGN: 0x800,
  GENERATE: 0x8000,
  GENERATE_KEY_PAIR: 0x10000,
  DERIVE: 0x80000,
} as const;

export const CKU_USER = 1;
/** Of C_GetSessionInfo: a read-write session, with the user logged in. */
export const CKS_RW_USER_FUNCTIONS = 3;

/** The C structure that pkcs11js makes of a mechanism parameter. */
export const PARAMETERS = {
  RSA_OAEP: 4,
  RSA_PSS: 5,
  EC_DH: 6,
  /** CK_GCM_PARAMS with ulIvBits. The older structure, without it, fails on NSS. */
  GCM: 7,
} as const;
