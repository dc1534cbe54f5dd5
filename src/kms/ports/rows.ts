import type {
  CipherMode,
  Custody,
  KeySpec,
  KeyState,
  KeyUsage,
  Origin,
  ProtectionLevel,
} from "../../shared/algorithms.ts";

/**
 * The rows a store keeps. Times are milliseconds since 1970. A `mac` is written and checked by the KMS over every other
 * column of its row; a store keeps the bytes and understands nothing of it.
 */
export interface KeyRow {
  readonly keyId: string;
  readonly creator: string;
  readonly createdAt: number;
  readonly description: string;
  readonly keySpec: KeySpec;
  readonly keyUsage: KeyUsage;
  readonly origin: Origin;
  readonly protectionLevel: ProtectionLevel;
  /** The only mode of an imported symmetric key; `ANY` where each mode gets its own object; `NONE` for asymmetric keys. */
  readonly mode: CipherMode | "ANY" | "NONE";
  readonly state: KeyState;
  /** The version new calls use, of an imported key its only one; null for asymmetric keys. */
  readonly primaryVersionId: string | null;
  readonly deleteAt: number | null;
  readonly materialExpiresAt: number | null;
  readonly lastRotatedAt: number;
  readonly rotationEnabled: boolean;
  readonly rotationSeconds: number | null;
  readonly deletionProtected: boolean;
  readonly deletionProtectionDescription: string;
  /** Keyed fingerprint of imported material; outlives the material, so that only the same can come back. */
  readonly materialFingerprint: Uint8Array | null;
  /** Made from given material under given ids (`allowSeeding`). */
  readonly seeded: boolean;
  readonly mac: Uint8Array;
}

export interface VersionRow {
  readonly versionId: string;
  readonly keyId: string;
  readonly createdAt: number;
  /** 1 for the first version of its key, then counting: two versions of one key never share a number. */
  readonly ordinal: number;
  readonly mac: Uint8Array;
}

/** A key object of a version: one per mode, see `KeyBinding.mode`. */
export interface KeyObjectRow {
  readonly versionId: string;
  readonly mode: CipherMode | "NONE";
  readonly handle: Uint8Array;
  readonly publicKey: Uint8Array | null;
  readonly custody: Custody;
  readonly mac: Uint8Array;
}

export interface AliasRow {
  readonly aliasName: string;
  readonly keyId: string;
  readonly createdAt: number;
  readonly mac: Uint8Array;
}

export interface TagRow {
  readonly keyId: string;
  readonly tagKey: string;
  readonly tagValue: string;
  readonly mac: Uint8Array;
}

/** How many GCM encryptions of one key object are reserved. */
export interface CounterRow {
  readonly versionId: string;
  readonly mode: CipherMode;
  readonly count: number;
  readonly mac: Uint8Array;
}

export interface ImportTokenRow {
  /** Unguessable, 36 ASCII characters; also the `versionId` of the key pair's binding. */
  readonly tokenId: string;
  readonly keyId: string;
  readonly wrappingKeySpec: string;
  readonly wrappingAlgorithm: string;
  readonly handle: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly expiresAt: number;
  /** Unwraps that failed; the fifth kills token and private key. */
  readonly failures: number;
  readonly mac: Uint8Array;
}

/** Where an audit chain stood when it was last written down; a file that ends before it has lost lines. */
export interface AuditAnchorRow {
  readonly chainId: string;
  readonly location: string;
  /** Number of the last sealed line, MAC of that seal, and how long the file was then. */
  readonly sequence: number;
  readonly head: Uint8Array;
  readonly length: number;
  readonly at: number;
  readonly mac: Uint8Array;
}

/** A small fact about the whole store. It has no MAC of its own: its value is part of the store's authenticated state. */
export interface MetaRow {
  readonly name: string;
  readonly value: Uint8Array;
}

/** Every table whose rows carry a MAC. */
export interface Tables {
  readonly key: KeyRow;
  readonly version: VersionRow;
  readonly keyObject: KeyObjectRow;
  readonly alias: AliasRow;
  readonly tag: TagRow;
  readonly importToken: ImportTokenRow;
  readonly anchor: AuditAnchorRow;
  readonly counter: CounterRow;
}

export type TableName = keyof Tables;

/** Takes the name of a row, which is its table and the columns of its primary key, joined by one space, and its MAC in lower-case hex. */
export type TakeSeal = (name: string, mac: string) => void;
