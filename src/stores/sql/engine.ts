import type { Kysely } from "kysely";
import type { LanelockError } from "../../errors.ts";
import type { PoolUsage, RememberedId, StoreClaim } from "../../kms/ports/index.ts";
import type { BytesType, Database } from "./schema.ts";

/** A connection of its own for as long as `task` runs. */
export type Session = Kysely<Database>;

export type TransactionKind = "read" | "write";

/** The differences between the two databases. An error of a driver becomes a LanelockError where it is thrown. */
export interface SqlEngine {
  readonly bytes: BytesType;
  readonly db: Kysely<Database>;
  /** Begins a transaction: a write transaction is the only one of the store; a read transaction sees one consistent state. */
  begin(session: Session, kind: TransactionKind): Promise<void>;
  end(session: Session, how: "commit" | "rollback"): Promise<void>;
  /** Within a write transaction: waits until no other process migrates. */
  excludeMigrations(session: Session): Promise<void>;
  claim(name: string): Promise<StoreClaim | undefined>;
  remember(entries: readonly RememberedId[]): Promise<readonly boolean[]>;
  /** Of its connections; absent where there is no pool. */
  usage?(): PoolUsage;
  scrub(): Promise<void>;
  close(): Promise<void>;
  /** Turns an error of the driver into a LanelockError with advice. Errors of a transaction's own callback pass unchanged. */
  failure(cause: unknown): LanelockError;
}
