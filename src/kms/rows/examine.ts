import type { StoreReader } from "../ports/index.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import { isAuthentic, macOf, metaSeal, rowName, TABLES, type Table } from "./row-mac.ts";
import { STATE } from "./store-state.ts";

/** What is known about the rows that must exist. */
export interface ExpectedRows {
  /** The MAC that a row must have; `null` if the row must not exist, `undefined` if unknown. */
  macOf(name: string): string | null | undefined;
  /** Rows that must be there. */
  names(): Iterable<string>;
}

export interface Examined {
  /** How many rows there are. */
  readonly rows: number;
  /** One sentence for each row that is wrong, with its name. */
  readonly problems: readonly string[];
}

/** Checks every row of a store: that it is authentic, and that it is the one expected. */
export async function examineRows(rows: StoreReader, keys: StoreKeys, expected: ExpectedRows): Promise<Examined> {
  const problems: string[] = [];
  const found = new Set<string>();
  const note = (name: string, mac: string, authentic: boolean) => {
    found.add(name);
    const known = expected.macOf(name);
    if (!authentic) problems.push(`The row "${name}" is not what was written there.`);
    else if (known === null) problems.push(`The row "${name}" was added.`);
    else if (known !== undefined && known !== mac) problems.push(`The row "${name}" is not the latest one.`);
  };
  for (const meta of await rows.metas()) {
    if (meta.name !== STATE) note(`meta ${meta.name}`, metaSeal(keys, meta), true);
  }
  for (const table of TABLES) await examineTable({ table, rows, keys, note });
  for (const name of expected.names()) if (!found.has(name)) problems.push(`The row "${name}" is gone.`);
  return { rows: found.size, problems };
}

interface TableExamination<T extends Table> {
  readonly table: T;
  readonly rows: StoreReader;
  readonly keys: StoreKeys;
  readonly note: (name: string, mac: string, authentic: boolean) => void;
}

async function examineTable<T extends Table>({ table, rows, keys, note }: TableExamination<T>): Promise<void> {
  for (const row of await rows.all(table)) note(rowName(table, row), macOf(row), isAuthentic(keys, table, row));
}
