import { describe, expect, test } from "vitest";
import {
  algorithmsOf,
  defaultUsage,
  firstMode,
  initialMode,
  isSymmetric,
  KEY_SPECS,
  type KeyKind,
  ORIGINS,
  PROTECTION_LEVELS,
  requireKind,
} from "../../../src/kms/policy/key-matrix.ts";
import type { KeySpec, KeyUsage } from "../../../src/kms/ports/index.ts";

const CIPHER = "ENCRYPT/DECRYPT";
const SIGN = "SIGN/VERIFY";
const AES = ["AES_GCM", "AES_CBC", "AES_ECB"];
const OAEP = ["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"];
const RSA_SIGN = ["RSA_PSS_SHA_256", "RSA_PKCS1_SHA_256"];

/** The service's table of keys (KeySpec at each protection level), typed in: its algorithms, the default first. */
const PAIRS = [
  ...(["RSA_2048", "RSA_3072", "RSA_4096"] as const).flatMap((keySpec) => [
    { keySpec, keyUsage: CIPHER, algorithms: OAEP },
    { keySpec, keyUsage: SIGN, algorithms: RSA_SIGN },
  ]),
  ...(["EC_P256", "EC_P256K"] as const).flatMap((keySpec) => [
    { keySpec, keyUsage: CIPHER, algorithms: ["ECIES_DH_SHA_1_XOR_HMAC"] },
    { keySpec, keyUsage: SIGN, algorithms: ["ECDSA_SHA_256"] },
  ]),
] as const;
const TABLE = {
  SOFTWARE: [{ keySpec: "Aliyun_AES_256", keyUsage: CIPHER, algorithms: ["AES_GCM"] }, ...PAIRS],
  HSM: [
    { keySpec: "Aliyun_AES_256", keyUsage: CIPHER, algorithms: AES },
    { keySpec: "Aliyun_AES_192", keyUsage: CIPHER, algorithms: AES },
    { keySpec: "Aliyun_AES_128", keyUsage: CIPHER, algorithms: AES },
    { keySpec: "Aliyun_SM4", keyUsage: CIPHER, algorithms: ["SM4_GCM"] },
    ...PAIRS,
  ],
  EXTERNAL: [{ keySpec: "Aliyun_AES_256", keyUsage: CIPHER, algorithms: AES }],
} as const;
const USAGES: readonly KeyUsage[] = [CIPHER, SIGN];
const unsupported = expect.objectContaining({ code: "UnsupportedOperation" });

test("the levels and specs are those of the table", () => {
  expect([...PROTECTION_LEVELS].sort()).toEqual(["EXTERNAL", "HSM", "SOFTWARE"]);
  const specs = new Set<KeySpec>(Object.values(TABLE).flatMap((rows) => rows.map(({ keySpec }) => keySpec)));
  expect([...KEY_SPECS].sort()).toEqual([...specs].sort());
});

describe.each(PROTECTION_LEVELS)("%s", (protectionLevel) => {
  const kinds = KEY_SPECS.flatMap((keySpec) =>
    USAGES.map((keyUsage): KeyKind => ({ protectionLevel, keySpec, keyUsage })),
  );

  test("has the table's keys with its algorithms, and refuses every other", () => {
    for (const kind of kinds) {
      const row = TABLE[protectionLevel].find(
        ({ keySpec, keyUsage }) => keySpec === kind.keySpec && keyUsage === kind.keyUsage,
      );
      expect(algorithmsOf(kind)).toEqual(row?.algorithms ?? []);
      const asked = () => requireKind(kind, "Aliyun_KMS");
      if (row !== undefined) asked();
      else expect(asked).toThrow(unsupported);
    }
  });

  test("takes imported material unless it is EXTERNAL", () => {
    const kind: KeyKind = { protectionLevel, keySpec: "Aliyun_AES_256", keyUsage: CIPHER };
    expect(ORIGINS[protectionLevel]).toEqual(
      protectionLevel === "EXTERNAL" ? ["Aliyun_KMS"] : ["Aliyun_KMS", "EXTERNAL"],
    );
    const asked = () => requireKind(kind, "EXTERNAL");
    if (protectionLevel === "EXTERNAL") expect(asked).toThrow(/takes no imported material/);
    else asked();
  });
});

test("symmetric keys are for encryption, and asymmetric keys sign unless something else is said", () => {
  for (const keySpec of KEY_SPECS) {
    expect(isSymmetric(keySpec)).toBe(keySpec.startsWith("Aliyun_"));
    expect(defaultUsage(keySpec)).toBe(keySpec.startsWith("Aliyun_") ? CIPHER : SIGN);
  }
});

test("a key has an object per mode only where the KMS makes them and there are several modes", () => {
  const aes = { keySpec: "Aliyun_AES_256", keyUsage: CIPHER } as const;
  expect(initialMode({ ...aes, protectionLevel: "SOFTWARE" }, "Aliyun_KMS")).toBe("GCM");
  expect(initialMode({ ...aes, protectionLevel: "HSM" }, "Aliyun_KMS")).toBe("ANY");
  expect(initialMode({ ...aes, protectionLevel: "EXTERNAL" }, "Aliyun_KMS")).toBe("ANY");
  expect(initialMode({ ...aes, protectionLevel: "HSM" }, "EXTERNAL")).toBe("GCM");
  const sm4 = { keySpec: "Aliyun_SM4", keyUsage: CIPHER, protectionLevel: "HSM" } as const;
  expect(initialMode(sm4, "Aliyun_KMS")).toBe("GCM");
  const rsa = { keySpec: "RSA_2048", keyUsage: CIPHER, protectionLevel: "HSM" } as const;
  expect(initialMode(rsa, "Aliyun_KMS")).toBe("NONE");
});

test("the first object of a key of all modes is for GCM", () => {
  expect((["ANY", "GCM", "CBC", "ECB", "NONE"] as const).map((mode) => firstMode({ mode }))).toEqual([
    ...["GCM", "GCM", "CBC", "ECB", "NONE"],
  ]);
});
