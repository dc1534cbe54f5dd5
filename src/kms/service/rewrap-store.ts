import { pendingEvent } from "../audit/event.ts";
import type { KmsContext } from "../core/kms-context.ts";
import { tokenBinding } from "../import/import-tokens.ts";
import { ROOT_CHECK, requireSameRoot } from "../keys/key-directory.ts";
import { storedObject } from "../keys/key-object-rows.ts";
import { markScrubPending, scrub } from "../life-cycle/scrubbing.ts";
import type { KeyRow, RootKeySource, StoreWriter } from "../ports/index.ts";
import { type RootKey, rootKeySource } from "../root/root-key-sources.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import { TrustedReader } from "../rows/trusted-reader.ts";
import { TrustedWriter } from "../rows/trusted-writer.ts";
import { builtIn } from "./built-in.ts";
import { CARRIED_KEYS, openCore, ROOT_SEALED, storeKeys } from "./open.ts";
import { checkedOptions, type KmsOptions } from "./options.ts";

const EVERYTHING = { offset: 0, limit: Number.MAX_SAFE_INTEGER };

/**
 * Changes the root key of a store: wraps every key version and authenticates every row anew, in one transaction. Ciphertext is
 * not touched, and the audit chains go on. Other processes that have the store open must open it again with the new key; until
 * they do, their calls fail with `ERR_KEY`. Copies of the store made before remain readable with the old key.
 *
 * @throws LanelockError as `Kms.open`; nothing is changed then
 * @example
 * await rewrapStore({ store: sqlStore({ path: "keys.db" }), rootKey: { file: "old.key" }, newRootKey: { file: "new.key" } });
 */
export async function rewrapStore(options: KmsOptions & { readonly newRootKey: RootKey }): Promise<void> {
  const { newRootKey, ...rest } = options;
  const source = rootKeySource(newRootKey, "newRootKey");
  try {
    const { core, close } = await openCore(checkedOptions(rest), builtIn);
    try {
      await rewrapTo(core, source);
    } finally {
      await close();
    }
  } finally {
    await source.close?.();
  }
}

async function rewrapTo(core: KmsContext, source: RootKeySource): Promise<void> {
  const { secret, sealed } = await source.unlock({ storeId: core.keys.storeId });
  const next = storeKeys(core.keys.storeId, secret, builtIn.cipher);
  try {
    await rewrapUnder(core, next, sealed);
  } finally {
    next.dispose();
  }
  await scrub(core.store);
}

async function rewrapUnder(core: KmsContext, next: StoreKeys, sealed: Uint8Array | undefined): Promise<void> {
  await core.store.write(async (rows) => {
    await requireSameRoot(rows, core.keys);
    const rewrapper = new Rewrapper(core, rows, next);
    const keys = await rewrapper.all();
    await rows.putMeta(ROOT_CHECK, next.rootCheck());
    await rows.putMeta(ROOT_SEALED, sealed ?? new Uint8Array());
    await rows.putMeta(CARRIED_KEYS, core.keys.carryTo(next));
    await markScrubPending(rows);
    const event = pendingEvent(core.now(), "local", "RewrapStore");
    event.note = `${keys} keys`;
    await core.audit.commit(event);
  });
}

/** Reads rows as the old keys trust them and writes them as the new ones do. */
class Rewrapper {
  readonly #core: KmsContext;
  readonly #old: TrustedReader;
  readonly #new: TrustedWriter;
  readonly #next: StoreKeys;

  constructor(core: KmsContext, rows: StoreWriter, next: StoreKeys) {
    this.#core = core;
    this.#old = new TrustedReader(rows, core.keys);
    this.#new = new TrustedWriter(rows, next);
    this.#next = next;
  }

  async all(): Promise<number> {
    const { rows: keys } = await this.#old.keys(EVERYTHING);
    for (const key of keys) await this.#key(key);
    for (const alias of (await this.#old.aliases(EVERYTHING)).rows) await this.#new.putAlias(alias);
    return keys.length;
  }

  async #key(key: KeyRow): Promise<void> {
    for (const version of (await this.#old.versions(key.keyId, EVERYTHING)).rows) {
      for (const object of await this.#old.keyObjects(version.versionId)) {
        const provider = this.#core.provider(key.protectionLevel);
        const handle = provider.rewrap(storedObject(key, object), this.#next);
        await this.#new.putKeyObject({ ...object, handle });
      }
      await this.#new.putVersion(version);
    }
    await this.#importTokens(key.keyId);
    await this.#new.putKey(key);
  }

  /** A dead token has no handle any more. */
  async #importTokens(keyId: string): Promise<void> {
    for (const token of await this.#old.importTokens({ keyId })) {
      const binding = tokenBinding(keyId, token.tokenId);
      const handle = token.handle.length === 0 ? token.handle : this.#rewrapped(binding, token.handle);
      await this.#new.putImportToken({ ...token, handle });
    }
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
