import { LanelockError } from "../../errors.ts";
import { equalBytes } from "../../shared/equal-bytes.ts";
import { messageOf } from "../../shared/thrown.ts";
import { systemTime } from "../../shared/timers.ts";
import { textOf } from "../../shared/utf8.ts";
import type {
  AuditAnchorRow,
  CountedObject,
  KeyStore,
  PoolUsage,
  RememberedId,
  StoreClaim,
  StoreReader,
  StoreWriter,
} from "../ports/index.ts";
import { ROOT_CHANGE } from "../root/metadata.ts";
import { requireSameRoot } from "../root/root-check.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import type { OutsideAnchor } from "./outside-anchor.ts";
import type { RowIndex } from "./row-index.ts";
import { notAsLeft, type Unsealed } from "./row-mac.ts";
import { indexOf } from "./scan.ts";
import { nextState, openState, STATE, type StoreState, sealState } from "./store-state.ts";
import { type RowView, TrustedReader } from "./trusted-reader.ts";
import { TrustedWriter } from "./trusted-writer.ts";

/** What this process knows about the store: its state at one epoch, and the MAC of every row at that epoch. */
interface Known {
  readonly state: StoreState;
  readonly seal: Uint8Array;
  readonly index: RowIndex;
}

/** Metadata key that marks a store that was opened with an outside anchor; from then on the anchor is required. */
const ANCHORED = "anchored";

/** A request for GCM invocations of a key object. */
export interface CounterRequest extends CountedObject {
  /** A negative amount gives back. */
  readonly amount: number;
  readonly limit: number;
}

export interface WriteOptions {
  /** `false` for changes that callers cannot see, so that no cache of any process is cleared for them. */
  readonly visible?: boolean;
}

/** Thrown to repeat a transaction whose snapshot is older than the state that this process has seen meanwhile. */
class Superseded extends LanelockError {
  constructor() {
    super("ERR_STATE", "The transaction saw an older state of the store than this process. Run it again.");
  }
}

/**
 * A store whose rows are authenticated one by one and as a set.
 *
 * Every row has a MAC, and the process keeps the MAC of every row (`row-index.ts`). The hash tree over them, an epoch and a journal
 * of the latest changes make the state of the store (`store-state.ts`), which has a MAC of its own and is replaced in each
 * transaction that changes a row. Every transaction begins with the state, so that a process sees what others have changed,
 * and refuses a state or a row that is older than one it has seen.
 */
export class TrustedStore {
  readonly #store: KeyStore;
  readonly #keys: StoreKeys;
  readonly #anchor: OutsideAnchor | undefined;
  #known: Known | undefined;
  #closedUntil = 0;
  #onClosed: (() => void) | undefined;

  constructor(store: KeyStore, keys: StoreKeys, anchor?: OutsideAnchor) {
    this.#store = store;
    this.#keys = keys;
    this.#anchor = anchor;
  }

  /**
   * Reads the state and compares it with every row and with the outside anchor.
   *
   * @throws LanelockError `ERR_INTEGRITY` when they do not agree
   */
  async load(): Promise<void> {
    const state = await this.#reading(async () => this.#current.state);
    if (this.#anchor === undefined) return;
    const anchored = (await this.read((rows) => rows.meta(ANCHORED))) !== undefined;
    await this.#anchor.check(this.#keys, { epoch: state.epoch, anchored });
    if (!anchored) await this.write((rows) => rows.putMeta(ANCHORED, new Uint8Array(0)), { visible: false });
  }

  /** Whether, as of the last look, a process is changing the root key. */
  get isClosed(): boolean {
    return this.#closedUntil > systemTime.now();
  }

  /** @param onClosed called when a look finds that a process is about to change the root key */
  watchClosing(onClosed: () => void): void {
    this.#onClosed = onClosed;
    if (this.isClosed) onClosed();
  }

  /** Changes with every visible change, by any process. */
  generation(): Promise<number> {
    return this.#reading(async () => this.#current.state.generation);
  }

  read<T>(work: (rows: TrustedReader) => Promise<T>): Promise<T> {
    return this.#reading((rows, view) => work(new TrustedReader(rows, this.#keys, view)));
  }

  /** A read that gets the store's raw rows, and the index that they must agree with. */
  inspect<T>(work: (rows: StoreReader, index: RowIndex) => Promise<T>): Promise<T> {
    return this.#reading((rows) => work(rows, this.#current.index));
  }

  async #reading<T>(work: (rows: StoreReader, view: RowView) => Promise<T>): Promise<T> {
    for (;;) {
      const floor = this.#epoch;
      try {
        return await this.#guarded((ours) =>
          this.#store.read((rows) => ours(async () => work(rows, await this.#enter(rows, floor)))),
        );
      } catch (error) {
        if (!(error instanceof Superseded)) throw error;
      }
    }
  }

  /** A caller's own store may throw anything. Errors of the transaction itself pass unchanged. */
  async #guarded<T>(run: (ours: <R>(work: () => Promise<R>) => Promise<R>) => Promise<T>): Promise<T> {
    let refusal: { readonly reason: unknown } | undefined;
    const ours = <R>(work: () => Promise<R>) =>
      work().catch((reason) => {
        refusal = { reason };
        throw reason;
      });
    try {
      return await run(ours);
    } catch (cause) {
      if (refusal !== undefined && refusal.reason === cause) throw cause;
      if (cause instanceof LanelockError) throw cause;
      throw new LanelockError("ERR_STORE", `${this.#store.name}: the store failed: ${messageOf(cause)}`, { cause });
    }
  }

  /** Runs `work` as the only writer. Its changes and the new state of the store are committed together. */
  async write<T>(work: (rows: TrustedWriter) => Promise<T>, { visible = true }: WriteOptions = {}): Promise<T> {
    const floor = this.#epoch;
    const transaction = async (rows: StoreWriter) => {
      const writer = new TrustedWriter(rows, this.#keys, await this.#enter(rows, floor));
      const result = await work(writer);
      return { result, adopt: await this.#seal(rows, writer, visible) };
    };
    const { result, adopt } = await this.#guarded((ours) => this.#store.write((rows) => ours(() => transaction(rows))));
    adopt?.();
    if (adopt) await this.#anchor?.advance(this.#epoch);
    return result;
  }

  /**
   * A transaction that writes the state itself, under other keys. Afterwards this process knows nothing about the store.
   *
   * @param work gets the rows as these keys trust them, the rows to write, and the state before
   */
  exclusively<T>(work: (old: TrustedReader, rows: StoreWriter, state: StoreState) => Promise<T>): Promise<T> {
    const floor = this.#epoch;
    return this.#store.write(async (rows) => {
      const old = new TrustedReader(rows, this.#keys, await this.#enter(rows, floor));
      return work(old, rows, this.#current.state);
    });
  }

  /** @returns a function that adopts the new state in this process, to be called after the commit */
  async #seal(rows: StoreWriter, { changes }: TrustedWriter, visible: boolean): Promise<(() => void) | undefined> {
    if (changes.size === 0) return undefined;
    const { state: before, index } = this.#current;
    const draft = index.draft(changes);
    const state = nextState(before, { changes, root: draft.root, visible });
    const seal = sealState(this.#keys, state);
    await rows.putMeta(STATE, seal);
    return () => {
      // A read may have found the new state in the store before the commit was acknowledged.
      if (this.#epoch !== before.epoch) return;
      draft.adopt();
      this.#known = { state, seal, index };
    };
  }

  get #epoch(): number {
    return this.#known?.state.epoch ?? -1;
  }

  get #current(): Known {
    if (this.#known) return this.#known;
    throw new LanelockError("ERR_STATE", "The KMS is closed.");
  }

  /** Brings this process up to the state that a transaction sees. @param floor the epoch known before the transaction began */
  async #enter(rows: StoreReader, floor: number): Promise<RowView> {
    const seal = await rows.meta(STATE);
    const isOld = seal === undefined || this.#known === undefined || !equalBytes(seal, this.#known.seal);
    if (isOld) await this.#catchUp(rows, seal, floor);
    const { state, index } = this.#current;
    const current = () => {
      if (this.#epoch !== state.epoch) throw new Superseded();
      return index;
    };
    const view: RowView = { macOf: (name) => current().macOf(name), count: (group) => current().count(group) };
    if (isOld) await this.#lookForRootChange(new TrustedReader(rows, this.#keys, view), view);
    return view;
  }

  async #lookForRootChange(rows: TrustedReader, view: RowView): Promise<void> {
    const until = view.macOf(`meta ${ROOT_CHANGE}`) === null ? undefined : await rows.meta(ROOT_CHANGE);
    this.#closedUntil = until === undefined ? 0 : Number(textOf(until));
    if (this.isClosed) this.#onClosed?.();
  }

  async #catchUp(rows: StoreReader, seal: Uint8Array | undefined, floor: number): Promise<void> {
    const state = seal && openState(this.#keys, seal);
    if (seal === undefined || state === undefined) {
      await requireSameRoot(rows, this.#keys);
      throw notAsLeft(`the row "meta ${STATE}" is ${seal ? "not what was written there" : "gone"}`);
    }
    if (state.epoch < floor) {
      throw notAsLeft(
        `it is at its state of transaction ${state.epoch}, and this process has seen transaction ${floor}`,
      );
    }
    if (state.epoch < this.#epoch) throw new Superseded();
    if (state.epoch === this.#epoch) throw notAsLeft(`transaction ${state.epoch} is not the one this process has seen`);
    const index = this.#replayed(state) ?? (await this.#scanned(rows, state));
    this.#known = { state, seal, index };
  }

  /** The index with the later changes applied, if the journal reaches back far enough. */
  #replayed(state: StoreState): RowIndex | undefined {
    const known = this.#known;
    if (known === undefined || known.state.epoch < state.since) return undefined;
    const changes = state.journal.filter(([epoch]) => epoch > known.state.epoch);
    const draft = known.index.draft(new Map(changes.map(([, name, mac]) => [name, mac])));
    if (draft.root !== state.root) return undefined;
    draft.adopt();
    return known.index;
  }

  async #scanned(rows: StoreReader, state: StoreState): Promise<RowIndex> {
    const index = await indexOf(rows, this.#keys);
    if (index.root !== state.root) throw notAsLeft("a row was added, removed, or replaced by an older one");
    // Another read may have found a later state while this one scanned.
    if (state.epoch <= this.#epoch) throw new Superseded();
    return index;
  }

  /**
   * Adds to the count of a key object, unless that would pass the limit.
   *
   * @returns the new count, or `undefined` when the limit forbids it (nothing was added)
   */
  reserve({ versionId, mode, amount, limit }: CounterRequest): Promise<number | undefined> {
    return this.write(
      async (rows) => {
        const before = (await rows.counter({ versionId, mode }))?.count ?? 0;
        // A block may be given back to a counter whose key was deleted meanwhile.
        const count = Math.max(0, before + amount);
        if (amount > 0 && count > limit) return undefined;
        if (count !== before) await rows.putCounter({ versionId, mode, count });
        return count;
      },
      { visible: false },
    );
  }

  /** Writes an audit anchor. @returns false if the stored anchor is further on: another process writes the chain */
  anchor(row: Unsealed<"anchor">): Promise<boolean> {
    return this.write(
      async (rows) => {
        if (((await rows.anchor(row.chainId))?.sequence ?? 0) > row.sequence) return false;
        await rows.putAnchor(row);
        return true;
      },
      { visible: false },
    );
  }

  storedAnchor(chainId: string): Promise<AuditAnchorRow | undefined> {
    return this.read((rows) => rows.anchor(chainId));
  }

  pool(): PoolUsage | undefined {
    return this.#store.pool?.();
  }

  claim(name: string): Promise<StoreClaim | undefined> {
    return this.#guarded(() => this.#store.claim(name));
  }

  /** @returns `undefined` for a store that only one process can use */
  get remember(): ((entries: readonly RememberedId[]) => Promise<readonly boolean[]>) | undefined {
    const store = this.#store;
    return store.remember && ((entries) => store.remember?.(entries) ?? Promise.resolve([]));
  }

  scrub(): Promise<void> {
    return this.#guarded(() => this.#store.scrub());
  }
}
