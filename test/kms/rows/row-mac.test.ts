import { describe, expect, test } from "vitest";
import type { Tables } from "../../../src/kms/ports/index.ts";
import { StoreKeys } from "../../../src/kms/root/store-keys.ts";
import { isAuthentic, macOf, metaSeal, rowName, sealRow, TABLES } from "../../../src/kms/rows/row-mac.ts";
import { materialCipher } from "../../../src/providers/software/index.ts";
import { rootKey } from "../open-kms.ts";

const keys = new StoreKeys("store", rootKey, materialCipher);
const bytes = Uint8Array.of(1, 2);
const ROWS: { readonly [T in keyof Tables]: Omit<Tables[T], "mac"> } = {
  key: {
    ...{ keyId: "k", creator: "me", createdAt: 1, description: "d", keySpec: "Aliyun_AES_256" },
    ...{ keyUsage: "ENCRYPT/DECRYPT", origin: "EXTERNAL", protectionLevel: "HSM", mode: "GCM", state: "Enabled" },
    ...{ primaryVersionId: "v", deleteAt: 2, materialExpiresAt: 3, lastRotatedAt: 4, rotationEnabled: true },
    ...{ rotationSeconds: 5, deletionProtected: true, deletionProtectionDescription: "p" },
    ...{ materialFingerprint: bytes, seeded: true },
  },
  version: { versionId: "v", keyId: "k", createdAt: 1, ordinal: 2 },
  keyObject: { versionId: "v", mode: "GCM", handle: bytes, publicKey: Uint8Array.of(3), custody: "software" },
  alias: { aliasName: "alias/a", keyId: "k", createdAt: 1 },
  tag: { keyId: "k", tagKey: "t", tagValue: "v" },
  importToken: {
    ...{ tokenId: "i", keyId: "k", wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_OAEP_SHA_256" },
    ...{ handle: bytes, publicKey: Uint8Array.of(4), expiresAt: 1, failures: 2 },
  },
  anchor: { chainId: "c", location: "/x", sequence: 1, head: bytes, length: 2, at: 3 },
  counter: { versionId: "v", mode: "GCM", count: 1 },
};

function other(value: unknown): unknown {
  if (typeof value === "string") return `${value}x`;
  if (typeof value === "number") return value + 1;
  if (typeof value === "boolean") return !value;
  return Uint8Array.of(9);
}

describe.each(TABLES)("a row of %s", (table) => {
  const row = sealRow(keys, table, ROWS[table] as never) as unknown as Record<string, unknown>;
  const authentic = (changes: object, of = keys) => isAuthentic(of, table, { ...row, ...changes } as never);

  test("is authentic as it was sealed, and under no other keys", () => {
    expect(authentic({})).toBe(true);
    expect(authentic({}, new StoreKeys("store", new Uint8Array(32), materialCipher))).toBe(false);
    expect(authentic({}, new StoreKeys("other", rootKey, materialCipher))).toBe(false);
  });

  test("is not authentic with another value, type or null in any column, or another MAC", () => {
    for (const [column, value] of Object.entries(ROWS[table])) {
      expect(authentic({ [column]: other(value) }), column).toBe(false);
      expect(authentic({ [column]: null }), column).toBe(false);
      expect(authentic({ [column]: undefined }), column).toBe(false);
      expect(authentic({ [column]: value instanceof Uint8Array ? [...value] : String(value) }), column).toBe(
        typeof value === "string",
      );
    }
    const mac = row.mac as Uint8Array;
    for (const wrong of [mac.with(31, (mac[31] ?? 0) ^ 1), mac.subarray(1), new Uint8Array(), "x", null, [...mac]]) {
      expect(authentic({ mac: wrong })).toBe(false);
    }
  });
});

test("a row of one table is none of another", () => {
  const counted = sealRow(keys, "version", ROWS.version);
  expect(isAuthentic(keys, "alias", { aliasName: "v", keyId: "k", createdAt: 1, mac: counted.mac })).toBe(false);
});

test("rows are named by their table and primary key", () => {
  expect(Object.fromEntries(TABLES.map((table) => [table, rowName(table, ROWS[table] as never)]))).toEqual({
    ...{ key: "key k", version: "version v", keyObject: "keyObject v GCM", alias: "alias alias/a", tag: "tag k t" },
    ...{ importToken: "importToken i", anchor: "anchor c", counter: "counter v GCM" },
  });
});

test("the MAC of a row is shown in hex, and something else in its place as nothing", () => {
  expect(macOf({ mac: Uint8Array.of(1, 0xab) })).toBe("01ab");
  expect(macOf({ mac: "01ab" as never })).toBe("");
});

test("a row of metadata is sealed with its name and value", () => {
  const seal = (name: string, value: Uint8Array, of = keys) => metaSeal(of, { name, value });
  expect(seal("a", bytes)).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set([seal("a", bytes), seal("b", bytes), seal("a", Uint8Array.of(1))]).size).toBe(3);
});
