/** The cipher that seals the segments of a message, and its key length. Both suites derive their keys with HKDF-SHA-256. */
export interface Suite {
  /** As it stands in the header. */
  readonly id: 1 | 2;
  readonly name: "AES-256-GCM" | "SM4-GCM";
  /** Bytes of the segment key. */
  readonly keyLength: 32 | 16;
}

export const AES_256_GCM: Suite = { id: 1, name: "AES-256-GCM", keyLength: 32 };
export const SM4_GCM: Suite = { id: 2, name: "SM4-GCM", keyLength: 16 };

export function suiteOfId(id: number | undefined): Suite | undefined {
  return [AES_256_GCM, SM4_GCM].find((suite) => suite.id === id);
}

/** SM4 where the CMK is SM4, so that the data never leaves the algorithm its key was chosen for; AES-256 for all others. */
export function suiteOfKeySpec(keySpec: string): Suite {
  return keySpec === "Aliyun_SM4" ? SM4_GCM : AES_256_GCM;
}
