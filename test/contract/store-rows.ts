import type {
  AliasRow,
  AuditAnchorRow,
  CounterRow,
  ImportTokenRow,
  KeyObjectRow,
  KeyRow,
  TagRow,
  VersionRow,
} from "lanelock/kms";

/** Rows for tests of stores, with what the test says differs. */
export const bytes = (...values: number[]) => Uint8Array.from(values);
export const everything = { offset: 0, limit: 100 };

export function keyRow(row: Partial<KeyRow> = {}): KeyRow {
  return {
    keyId: "key-a",
    creator: "1",
    createdAt: 1_700_000_000_000,
    description: "",
    keySpec: "Aliyun_AES_256",
    keyUsage: "ENCRYPT/DECRYPT",
    origin: "Aliyun_KMS",
    protectionLevel: "SOFTWARE",
    mode: "GCM",
    state: "Enabled",
    primaryVersionId: "version-1",
    deleteAt: null,
    materialExpiresAt: null,
    lastRotatedAt: 1_700_000_000_000,
    rotationEnabled: false,
    rotationSeconds: null,
    deletionProtected: false,
    deletionProtectionDescription: "",
    materialFingerprint: null,
    seeded: false,
    mac: bytes(1, 2, 3),
    ...row,
  };
}

export const version = (row: Partial<VersionRow> = {}): VersionRow => ({
  versionId: "version-1",
  keyId: "key-a",
  createdAt: 1_700_000_000_000,
  ordinal: 1,
  mac: bytes(4),
  ...row,
});

export const keyObject = (row: Partial<KeyObjectRow> = {}): KeyObjectRow => ({
  versionId: "version-1",
  mode: "GCM",
  handle: bytes(0, 255, 128, 10),
  publicKey: null,
  custody: "software",
  mac: bytes(5),
  ...row,
});

export const alias = (row: Partial<AliasRow> = {}): AliasRow => ({
  aliasName: "alias/a",
  keyId: "key-a",
  createdAt: 1,
  mac: bytes(6),
  ...row,
});

export const importToken = (row: Partial<ImportTokenRow> = {}): ImportTokenRow => ({
  tokenId: "token-1",
  keyId: "key-a",
  wrappingKeySpec: "RSA_2048",
  wrappingAlgorithm: "RSAES_OAEP_SHA_256",
  handle: bytes(7),
  publicKey: bytes(8),
  expiresAt: 5_000,
  failures: 0,
  mac: bytes(9),
  ...row,
});

export const anchor = (row: Partial<AuditAnchorRow> = {}): AuditAnchorRow => ({
  chainId: "chain-1",
  location: "/var/log/a.jsonl",
  sequence: 12,
  head: bytes(1),
  length: 4_096,
  at: 1_700_000_000_000,
  mac: bytes(2),
  ...row,
});

export const tag = (row: Partial<TagRow> = {}): TagRow => ({
  keyId: "key-a",
  tagKey: "k",
  tagValue: "v",
  mac: bytes(10),
  ...row,
});

export const counter = (row: Partial<CounterRow> = {}): CounterRow => ({
  versionId: "version-1",
  mode: "GCM",
  count: 2 ** 32,
  mac: bytes(11),
  ...row,
});
