import { concatBytes, equalInConstantTime, utf8 } from "../../shared/encoding.ts";
import { textOf } from "../../shared/utf8.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import type { RowChanges } from "./row-index.ts";

/** The name of the row of metadata that holds the state. It is the one row that the state does not cover. */
export const STATE = "state";

/** One row's latest change: the epoch that made it, the row's name, and its MAC since (`null`: it is gone). */
export type JournalEntry = readonly [epoch: number, name: string, mac: string | null];

/**
 * What the whole store must be. Every transaction that changes a row writes the next state with it:
 * `HMAC-SHA-256(state) ‖ JSON of the state`.
 */
export interface StoreState {
  /** Counts the transactions that changed a row. It never goes back. */
  readonly epoch: number;
  /** Counts those of them that change what callers see: the caches' signal. */
  readonly generation: number;
  /** The root of the hash tree over every row. */
  readonly root: string;
  /** Everything that changed after this epoch stands in the journal. */
  readonly since: number;
  /** The latest changes, at most one a row, oldest first. Other processes catch up from it without reading every row. */
  readonly journal: readonly JournalEntry[];
}

const MAC_LENGTH = 32;
/**
 * Some 17 KB with the longest names. A process that missed more changed rows between two looks reads the MAC of every row again, so more is
 * better; each change writes all of it, and less is cheaper.
 */
const MAX_JOURNAL = 128;

export function sealState(keys: StoreKeys, state: StoreState): Uint8Array {
  const text = utf8(JSON.stringify(state));
  return concatBytes(keys.mac(STATE, [text]), text);
}

/** The state, if these keys made it. */
export function openState(keys: StoreKeys, sealed: Uint8Array): StoreState | undefined {
  const text = sealed.subarray(MAC_LENGTH);
  if (!equalInConstantTime(sealed.subarray(0, MAC_LENGTH), keys.mac(STATE, [text]))) return undefined;
  return JSON.parse(textOf(text)) as StoreState;
}

interface NextState {
  readonly changes: RowChanges;
  readonly root: string;
  /** Whether callers see a difference. */
  readonly visible: boolean;
}

export function nextState(state: StoreState, { changes, root, visible }: NextState): StoreState {
  const epoch = state.epoch + 1;
  const kept = state.journal.filter(([, name]) => !changes.has(name));
  const added = [...changes].map(([name, mac]): JournalEntry => [epoch, name, mac]);
  const journal = [...kept, ...added];
  const dropped = journal.splice(0, Math.max(0, journal.length - MAX_JOURNAL));
  const since = Math.max(state.since, ...dropped.map(([at]) => at));
  return { epoch, generation: state.generation + (visible ? 1 : 0), root, since, journal };
}
