import { type AuditEvent, finishedEvent, type PendingEvent, pendingEvent } from "../audit/event.ts";
import { settleDue } from "../life-cycle/settle-due.ts";
import { OPERATIONS, type OperationName } from "../operations/operation-table.ts";
import { KmsError, outcomeOf, publicError } from "../ports/errors.ts";
import type { KeyState, PageRequest, RememberedId } from "../ports/index.ts";
import { type DocumentName, readDocument, writeDocument } from "../rows/documents.ts";
import { type KeyDetails, type KeyPage, keyDetails, keyPage } from "./inventory.ts";
import type { Session } from "./session.ts";

/** A refusal for the audit log, of a call that never reached the KMS. */
export interface Refusal {
  readonly operation: string;
  readonly caller: string;
  readonly keyId: string | undefined;
  readonly code: string;
}

interface Usage {
  readonly help: string;
  readonly read: () => number;
}

/** The parts of an open KMS that a server needs besides its operations. */
export class Gateway {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** `acs:kms:REGION:ACCOUNT:`, which every ARN of this KMS begins with. */
  get arnPrefix(): string {
    const { regionId, accountId } = this.#session.core.realm;
    return `acs:kms:${regionId}:${accountId}:`;
  }

  get regionId(): string {
    return this.#session.core.realm.regionId;
  }

  /** By the KMS's clock, in milliseconds since 1970. */
  now(): number {
    return this.#session.core.now();
  }

  /** Runs an operation by its method, on behalf of a caller. */
  run(name: OperationName, { request, caller }: { request: object; caller: string }): Promise<unknown> {
    return this.#session.run(OPERATIONS[name] as never, { caller, request: request as never, options: undefined });
  }

  /** The id of the key with this id, ARN or alias; `undefined` if there is none. Synchronous if it is cached. */
  keyId(name: string): string | undefined | Promise<string | undefined> {
    const { core } = this.#session;
    const { directory } = core;
    const known = () => directory.warm(name, core.now());
    return known()?.row.keyId ?? orUndefined(directory.refresh().then(() => known() ?? directory.resolve(name)));
  }

  /** The id of the key that a version belongs to; `undefined` if there is none. Synchronous if it is cached. */
  keyIdOfVersion(versionId: string): string | undefined | Promise<string | undefined> {
    const { core } = this.#session;
    const { directory } = core;
    const known = () => directory.warmVersion(versionId, core.now());
    // Where nothing has changed, one look at the generation is enough for all requests that wait for it.
    const found = () => directory.refresh().then(() => known() ?? directory.resolveVersion(versionId));
    return known()?.row.keyId ?? orUndefined(found());
  }

  tags(keyId: string): Promise<ReadonlyMap<string, string>> {
    return this.#session.during(async () => {
      const tags = await this.#session.core.read((rows) => rows.tags(keyId));
      return new Map(tags.map(({ tagKey, tagValue }) => [tagKey, tagValue]));
    });
  }

  /** @throws LanelockError where no call may begin */
  recordRefusal({ operation, caller, keyId, code }: Refusal): void {
    this.#session.requireOpen();
    const { core } = this.#session;
    const event = pendingEvent(core.now(), caller, operation);
    event.keyId = keyId;
    event.outcome = code;
    core.audit.record(event);
  }

  /** Writes into the audit log, durably, that somebody was let in to look, or was not. @throws LanelockError `ERR_AUDIT` */
  recordVisit({ operation, caller, outcome }: Pick<AuditEvent, "operation" | "caller" | "outcome">): Promise<void> {
    return this.#session.during(async () => {
      const { audit } = this.#session.core;
      await audit.ready();
      const event = pendingEvent(this.now(), caller, operation);
      event.outcome = outcome;
      await audit.commit(event);
    });
  }

  /** Shows audit events of this process once they are written. @returns ends it */
  watchAudit(watcher: (events: readonly PendingEvent[]) => void): () => void {
    return this.#session.core.audit.watch(watcher);
  }

  auditEvent(pending: PendingEvent): AuditEvent {
    return finishedEvent(this.#session.core.keys, pending);
  }

  /** Carries out what is due. @returns the generation of the store then: as long as it is the same, so is what is read */
  settled(): Promise<number> {
    return this.#session.during(async () => {
      await settleDue(this.#session.core);
      return this.#session.core.rows.generation();
    });
  }

  keyPage(page: PageRequest, state: KeyState | undefined): Promise<KeyPage> {
    return this.#session.during(() => keyPage(this.#session.core, page, state));
  }

  keyDetails(name: string, versions: PageRequest): Promise<KeyDetails> {
    return this.#session.during(() => keyDetails(this.#session.core, name, versions));
  }

  /** In order of name. */
  aliasPage(page: PageRequest): Promise<{ total: number; aliases: { aliasName: string; keyId: string }[] }> {
    return this.#session.during(() =>
      this.#session.core.read(async (rows) => {
        const found = await rows.aliases(page);
        return { total: found.total, aliases: found.rows.map(({ aliasName, keyId }) => ({ aliasName, keyId })) };
      }),
    );
  }

  /** Changes with every visible change of the store, by any process. */
  generation(): Promise<number> {
    return this.#session.during(() => this.#session.core.rows.generation());
  }

  /** Remembers ids for all processes of the store; `undefined` if only one process can use the store. */
  get remember(): ((entries: readonly RememberedId[]) => Promise<readonly boolean[]>) | undefined {
    const { remember } = this.#session.core.rows;
    return remember && ((entries) => this.#session.during(() => remember(entries)));
  }

  /** The fill of caches and pools, by the name that metrics give it. */
  get usage(): Readonly<Record<string, Usage>> {
    const { core } = this.#session;
    const token = () => [...core.providers].map((provider) => provider.pool?.()).find((one) => one !== undefined);
    return {
      cached_cipher_keys: { help: "Symmetric keys that are unwrapped and ready.", read: () => core.cipherKeys.size },
      cached_asymmetric_keys: { help: "Asymmetric keys that are ready.", read: () => core.asymmetricKeys.size },
      cached_key_names: { help: "Names and versions whose keys are known.", read: () => core.directory.size },
      audit_events_waiting: { help: "Audit events that are not written yet.", read: () => core.audit.waiting },
      store_connections: { help: "Open connections to the database.", read: () => core.rows.pool()?.open ?? 0 },
      store_waiting: { help: "Calls that wait for a connection.", read: () => core.rows.pool()?.waiting ?? 0 },
      token_sessions: { help: "Open sessions of the token.", read: () => token()?.open ?? 0 },
      token_waiting: { help: "Calls that wait for a session of the token.", read: () => token()?.waiting ?? 0 },
    };
  }

  document(name: DocumentName): Promise<Uint8Array | undefined> {
    const { core } = this.#session;
    return this.#session.during(() => core.read((rows) => readDocument(rows, core.keys, name)));
  }

  /** Replaces a document, in one transaction with the audit event of the operation that does. */
  changeDocument(
    name: DocumentName,
    operation: string,
    work: (old: Uint8Array | undefined) => Uint8Array,
  ): Promise<void> {
    const { core } = this.#session;
    return this.#session.during(async () => {
      const event = pendingEvent(core.now(), "local", operation);
      try {
        await core.change(event, async (rows) => {
          const content = work(await readDocument(rows, core.keys, name));
          await writeDocument(rows, core.keys, { name, content });
          content.fill(0);
        });
      } catch (error) {
        event.outcome = outcomeOf(publicError(error, undefined));
        if (event.outcome !== "ERR_AUDIT") await core.audit.commit(event).catch(() => undefined);
        throw error;
      }
    });
  }
}

async function orUndefined(found: Promise<{ readonly row: { readonly keyId: string } }>): Promise<string | undefined> {
  try {
    return (await found).row.keyId;
  } catch (error) {
    if (error instanceof KmsError) return undefined;
    throw error;
  }
}
