import { LanelockError } from "../../errors.ts";
import { pendingEvent } from "../audit/event.ts";
import type { KmsContext } from "../core/kms-context.ts";
import { tokenBinding } from "../import/import-tokens.ts";
import { storedObject } from "../keys/key-object-rows.ts";
import { markScrubPending, scrub } from "../life-cycle/scrubbing.ts";
import type { ImportTokenRow, KeyRow, RootKeySource, StoreWriter } from "../ports/index.ts";
import { CARRIED_KEYS, CLOSED_CHAINS, ROOT_CHANGE, ROOT_CHECK, ROOT_SEALED } from "../root/metadata.ts";
import { type RootKey, rootKeySource } from "../root/root-key-sources.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import { DOCUMENTS, readDocument, writeDocument } from "../rows/documents.ts";
import { OutsideAnchor } from "../rows/outside-anchor.ts";
import { sealRow, type Unsealed } from "../rows/row-mac.ts";
import { beginState } from "../rows/scan.ts";
import type { TrustedReader } from "../rows/trusted-reader.ts";
import { TrustedStore } from "../rows/trusted-store.ts";
import { builtIn } from "./built-in.ts";
import { closeForRootChange } from "./close-for-root-change.ts";
import { openCore, storeKeys, unlock } from "./open.ts";
import { checkedOptions, type KmsOptions, type Settings } from "./options.ts";

const EVERYTHING = { offset: 0, limit: Number.MAX_SAFE_INTEGER };

const DEFAULT_WAIT_SECONDS = 30;
const MAX_WAIT_SECONDS = 3_600;

/** Options of {@link rewrapStore}: those of `Kms.open`, and what the change needs besides. */
export interface RewrapOptions extends KmsOptions {
  readonly newRootKey: RootKey;
  /** How long to wait for the other processes of the store to end their calls, in seconds; 30 if absent. */
  readonly waitSeconds?: number | undefined;
}

/**
 * Changes the root key of a store: wraps every key version and authenticates every row under the new key, in one transaction.
 * Ciphertext stays as it is. Audit chains end, and new ones begin under the new key, so that a holder of the old key can change neither
 * the lines before nor those after. Other processes of the store may run: they end their calls, write their audit files to the end, and
 * refuse calls from then on, with `ERR_STATE` and after the change with `ERR_KEY`, until they open the store again with the new key.
 * Copies of the store made before remain readable with the old key.
 *
 * @throws LanelockError `ERR_STATE` if a process still writes its audit file after `waitSeconds`, 30 if absent; otherwise as `Kms.open`.
 * Nothing is changed then, and the other processes go on. Only `ERR_STORE` may say that the root key is changed, and the outside anchor
 * could not be written after it
 * @example
 * await rewrapStore({ store: sqlStore({ path: "keys.db" }), rootKey: { file: "old.key" }, newRootKey: { file: "new.key" } });
 */
export async function rewrapStore(options: RewrapOptions): Promise<void> {
  const { newRootKey, waitSeconds, ...rest } = options;
  const waitMilliseconds = checkedWait(waitSeconds);
  const source = rootKeySource(newRootKey, "newRootKey");
  try {
    const settings = checkedOptions(rest);
    const { core, close } = await openCore(settings, builtIn);
    try {
      await rewrapTo(core, { source, settings, waitMilliseconds });
    } finally {
      await close();
    }
  } finally {
    await source.close?.();
  }
}

function checkedWait(seconds: unknown = DEFAULT_WAIT_SECONDS): number {
  if (typeof seconds === "number" && seconds >= 0 && seconds <= MAX_WAIT_SECONDS) return seconds * 1_000;
  throw new LanelockError("ERR_ARGUMENT", `waitSeconds must be a number from 0 to ${MAX_WAIT_SECONDS}.`);
}

interface RewrapParts {
  readonly source: RootKeySource;
  readonly settings: Settings;
  readonly waitMilliseconds: number;
}

async function rewrapTo(core: KmsContext, { source, settings, waitMilliseconds }: RewrapParts) {
  const { secret, sealed } = await unlock(source, { storeId: core.keys.storeId });
  const next = storeKeys(core.keys.storeId, secret, builtIn.cipher);
  try {
    await rewrapAlone(core, { next, sealed }, waitMilliseconds);
    // The anchor is MACed by the store's keys, so it begins again with the new ones.
    const anchor = settings.anchor && new OutsideAnchor({ ...settings.anchor, begin: true });
    const rows = new TrustedStore(settings.store, next, anchor);
    await rows.load().catch((cause: unknown) => {
      const remedy = "Open the store with the new root key, and the anchor with begin: true.";
      const message = `The root key is changed, but the anchor outside the store could not be written. ${remedy}`;
      throw new LanelockError("ERR_STORE", message, { cause });
    });
    // The root key is changed. While another process reads, its old wrapping stays in the log of the database: a later sweep scrubs it.
    await scrub(rows).catch(() => undefined);
  } finally {
    next.dispose();
  }
}

interface Rewrapping {
  readonly next: StoreKeys;
  readonly sealed: Uint8Array | undefined;
}

async function rewrapAlone(core: KmsContext, rewrapping: Rewrapping, waitMilliseconds: number): Promise<void> {
  const closed = await closeForRootChange(core, waitMilliseconds);
  try {
    await rewrapUnder(core, rewrapping);
  } catch (error) {
    await closed.callOff().catch(() => undefined);
    throw error;
  } finally {
    await closed.release();
  }
}

async function rewrapUnder(core: KmsContext, { next, sealed }: Rewrapping): Promise<void> {
  await core.rows.exclusively(async (old, rows, state) => {
    const rewrapper = new Rewrapper(core, { old, rows, next });
    const keys = await rewrapper.all();
    const event = pendingEvent(core.now(), "local", "RewrapStore");
    event.note = `${keys} keys`;
    await core.audit.commit(event);
    await rewrapper.anchors(core.audit.finalAnchor());
    await rows.putMeta(ROOT_CHECK, next.rootCheck());
    await rows.putMeta(ROOT_SEALED, sealed ?? new Uint8Array());
    await rows.putMeta(CARRIED_KEYS, core.keys.carryTo(next));
    await rows.putMeta(ROOT_CHANGE, new Uint8Array());
    await markScrubPending(rows);
    await beginState(rows, next, state);
  });
}

interface Rewrapped {
  readonly old: TrustedReader;
  readonly rows: StoreWriter;
  readonly next: StoreKeys;
}

/** Reads rows under the old keys and writes them under the new ones. */
class Rewrapper {
  readonly #core: KmsContext;
  readonly #old: TrustedReader;
  readonly #rows: StoreWriter;
  readonly #next: StoreKeys;

  constructor(core: KmsContext, { old, rows, next }: Rewrapped) {
    this.#core = core;
    this.#old = old;
    this.#rows = rows;
    this.#next = next;
  }

  async all(): Promise<number> {
    const { rows: keys } = await this.#old.keys(EVERYTHING);
    // A look at some tokens checks the whole table, so all are read before the first is written.
    for (const token of await this.#old.importTokens({})) await this.#importToken(token);
    for (const key of keys) await this.#key(key);
    for (const alias of (await this.#old.aliases(EVERYTHING)).rows) {
      await this.#rows.putAlias(sealRow(this.#next, "alias", alias));
    }
    for (const counter of await this.#rows.all("counter")) {
      const checked = (await this.#old.counter(counter)) ?? counter;
      await this.#rows.putCounter(sealRow(this.#next, "counter", checked));
    }
    for (const name of DOCUMENTS) {
      const content = await readDocument(this.#old, this.#core.keys, name);
      if (content === undefined) continue;
      await writeDocument(this.#rows, this.#next, { name, content });
      content.fill(0);
    }
    return keys.length;
  }

  /** Every chain ends where it is anchored. @param last the anchor of the chain that this process writes */
  async anchors(last: Unsealed<"anchor"> | undefined): Promise<void> {
    const anchors = (await this.#old.anchors()).filter(({ chainId }) => chainId !== last?.chainId);
    const all = last === undefined ? anchors : [...anchors, last];
    for (const anchor of all) await this.#rows.putAnchor(sealRow(this.#next, "anchor", anchor));
    const chains = all.map(({ chainId }) => chainId);
    await this.#rows.putMeta(CLOSED_CHAINS, this.#core.keys.closeChains(this.#next, chains));
  }

  async #key(key: KeyRow): Promise<void> {
    for (const version of (await this.#old.versions(key.keyId, EVERYTHING)).rows) {
      for (const object of await this.#old.keyObjects(version.versionId)) {
        const provider = this.#core.provider(key.protectionLevel);
        const handle = provider.rewrap(storedObject(key, object), this.#next);
        await this.#rows.putKeyObject(sealRow(this.#next, "keyObject", { ...object, handle }));
      }
      await this.#rows.putVersion(sealRow(this.#next, "version", version));
    }
    for (const tag of await this.#old.tags(key.keyId)) await this.#rows.putTag(sealRow(this.#next, "tag", tag));
    await this.#rows.putKey(sealRow(this.#next, "key", key));
  }

  /** A dead token has no handle any more. */
  async #importToken(token: ImportTokenRow): Promise<void> {
    const binding = tokenBinding(token.keyId, token.tokenId);
    const handle = token.handle.length === 0 ? token.handle : this.#rewrapped(binding, token.handle);
    await this.#rows.putImportToken(sealRow(this.#next, "importToken", { ...token, handle }));
  }

  #rewrapped(binding: ReturnType<typeof tokenBinding>, handle: Uint8Array): Uint8Array {
    const material = this.#core.keys.unwrap(binding, handle);
    try {
      return this.#next.wrap(binding, material);
    } finally {
      material.fill(0);
    }
  }
}
