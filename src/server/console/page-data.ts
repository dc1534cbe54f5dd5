// What the console's page gets, as JSON. Times are ISO 8601 in UTC. Nothing here is a secret.

export type KeyState = "Enabled" | "Disabled" | "PendingDeletion" | "PendingImport";

export interface KeySummary {
  readonly keyId: string;
  /** The first of them, in order of name. */
  readonly aliases: readonly string[];
  readonly aliasCount: number;
  readonly state: KeyState;
  readonly spec: string;
  readonly usage: string;
  readonly protectionLevel: string;
  readonly createdAt: string;
  readonly rotation: "Enabled" | "Disabled" | "Suspended";
  readonly nextRotationAt?: string | undefined;
  readonly deleteAt?: string | undefined;
  readonly materialExpiresAt?: string | undefined;
}

export interface Paged {
  /** From 1. */
  readonly page: number;
  readonly pageSize: number;
  readonly total: number;
}

export interface KeysAnswer extends Paged {
  readonly counts: Readonly<Record<KeyState, number>>;
  readonly keys: readonly KeySummary[];
}

export interface KeyAnswer extends KeySummary {
  readonly arn: string;
  readonly description: string;
  readonly origin: string;
  readonly custody?: string | undefined;
  readonly primaryVersionId?: string | undefined;
  readonly lastRotatedAt: string;
  readonly rotationInterval?: string | undefined;
  readonly deletionProtection: string;
  readonly seeded: boolean;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly versions: Paged & {
    /** Oldest first. */
    readonly items: readonly { readonly versionId: string; readonly createdAt: string }[];
  };
}

export interface AliasesAnswer extends Paged {
  readonly aliases: readonly { readonly aliasName: string; readonly keyId: string }[];
}

export interface AccessKeysAnswer extends Paged {
  readonly accessKeys: readonly {
    readonly accessKeyId: string;
    readonly name: string;
    readonly status: "Active" | "Inactive" | "Expired";
    readonly createdAt: string;
    readonly expiresAt?: string | undefined;
    /** A RAM policy in JSON. */
    readonly policy: string;
  }[];
}

export interface TailedEvent {
  /** Counts from 1 since the console was started. */
  readonly id: number;
  readonly time: string;
  readonly caller: string;
  readonly operation: string;
  readonly keyId?: string | undefined;
  readonly keyVersionId?: string | undefined;
  readonly outcome: string;
  readonly note?: string | undefined;
}

export interface TailMessage {
  readonly events: readonly TailedEvent[];
  /** Events that were left out, because too many came at once. */
  readonly missed: number;
}

/** The traffic of one interval. */
export interface TrafficSample {
  /** When it ended. */
  readonly at: string;
  readonly requests: number;
  /** Answered with a status of 400 to 499. */
  readonly refused: number;
  /** Answered with a status of 500 or more. */
  readonly failed: number;
  /** In milliseconds; null without a request. */
  readonly medianMs: number | null;
  readonly slowMs: number | null;
  readonly residentBytes: number;
}

export interface OperationTraffic {
  readonly operation: string;
  readonly requests: number;
  readonly refused: number;
  readonly failed: number;
  readonly medianMs: number | null;
  /** 99 of 100 requests were answered within this. */
  readonly slowMs: number | null;
}

export interface MetricsAnswer {
  readonly startedAt: string;
  readonly intervalSeconds: number;
  /** Oldest first, of the last quarter of an hour. */
  readonly samples: readonly TrafficSample[];
  /** Since the server was started; the most frequent first. */
  readonly operations: readonly OperationTraffic[];
}

export interface PlaceAnswer {
  readonly region: string;
  readonly account: string;
}

export interface ErrorAnswer {
  readonly code: string;
  readonly message: string;
}
