import type { Kysely } from "kysely";
import type { LanelockError } from "../../errors.ts";
import type { RememberedId, StoreClaim } from "../../kms/ports/index.ts";
import type { BytesType, Database } from "./schema.ts";

/** A connection of its own for as long as `task` runs. */
export type Session = Kysely<Database>;

export type TransactionKind = "read" | "write";

/** What the two databases do differently. Whatever their drivers throw becomes a LanelockError where it is thrown. */
export interface SqlEngine {
  readonly bytes: BytesType;
  readonly db: Kysely<Database>;
  /** Begins a transaction: one that may write and whose writer is the only one, or one that sees one state throughout. */
  begin(session: Session, kind: TransactionKind): Promise<void>;
  end(session: Session, how: "commit" | "rollback"): Promise<void>;
  /** Within a write transaction: waits until no other process migrates. */
  excludeMigrations(session: Session): Promise<void>;
  claim(name: string): Promise<StoreClaim | undefined>;
  remember(entries: readonly RememberedId[]): Promise<readonly boolean[]>;
  scrub(): Promise<void>;
  close(): Promise<void>;
  /** Anything that was thrown, but by a transaction's own work, as a LanelockError with advice. */
  failure(cause: unknown): LanelockError;
}
