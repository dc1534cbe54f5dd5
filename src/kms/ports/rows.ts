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
 * The rows a store keeps. Times are milliseconds since 1970. The KMS writes and checks the `mac` over every other
 * column of its row; to a store it is opaque.
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
  /** The version that new calls use; the only one of an imported key; null for asymmetric keys. */
  readonly primaryVersionId: string | null;
  readonly deleteAt: number | null;
  readonly materialExpiresAt: number | null;
  readonly lastRotatedAt: number;
  readonly rotationEnabled: boolean;
  readonly rotationSeconds: number | null;
  readonly deletionProtected: boolean;
  readonly deletionProtectionDescription: string;
  /** Keyed fingerprint of imported material. It outlives the material, so that only the same material can be imported again. */
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

/** The end of an audit chain when it was last anchored. A file that ends before it has lost lines. */
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

/** Receives a row's name (its table and primary-key columns, joined by single spaces) and its MAC in lower-case hex. */
export type TakeSeal = (name: string, mac: string) => void;
