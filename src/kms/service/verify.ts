import { LanelockError } from "../../errors.ts";
import { type AuditReport, verifyAuditFiles } from "../audit/verify.ts";
import type { KmsContext } from "../core/kms-context.ts";
import type { AuditAnchorRow, KeyStore } from "../ports/index.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import { type Examined, examineRows } from "../rows/examine.ts";
import { indexOf } from "../rows/scan.ts";
import { openState, STATE, type StoreState } from "../rows/store-state.ts";
import { builtIn } from "./built-in.ts";
import { unlockedStore } from "./open.ts";
import { checkedOptions, type KmsOptions } from "./options.ts";

/** The result of checking a store and its audit files. */
export interface VerifyReport {
  /** Whether nothing is wrong. */
  readonly ok: boolean;
  /** One sentence for everything that is wrong, with the name of the row or file. */
  readonly problems: readonly string[];
  /** How many rows the store has. */
  readonly rows: number;
  readonly audit: AuditReport;
}

export interface VerifyRequest {
  /** Audit files to check besides those the store knows of, because they were moved elsewhere. */
  readonly files?: readonly string[] | undefined;
}

/** Checks every row of an open store, and its audit files. */
export async function verifyOpen(core: KmsContext, files: readonly string[]): Promise<VerifyReport> {
  const problems: string[] = [];
  try {
    await core.audit.flush();
  } catch (error) {
    problems.push(problemOf(error));
  }
  try {
    const found = await core.rows.inspect(async (rows, index) => {
      const examined = await examineRows(rows, core.keys, index);
      return { examined, anchors: await rows.anchors() };
    });
    return report({ ...found, problems, keys: core.keys, files });
  } catch (error) {
    return report({
      examined: { rows: 0, problems: [problemOf(error)] },
      anchors: [],
      problems,
      keys: core.keys,
      files,
    });
  }
}

/**
 * Checks the rows and the audit files of a store, even one that `Kms.open` refuses because it was changed from outside. Nothing is
 * changed, except that a store of lanelock 0.1 is upgraded. It names every row whose content was changed, and of
 * rows that were removed, added or put back those that changed last.
 *
 * @throws LanelockError as `Kms.open`, but problems of the rows and files are reported instead
 * @example
 * const { ok, problems } = await verifyStore({ store: sqlStore({ path: "keys.db" }), rootKey: { file: "root.key" } });
 */
export async function verifyStore(options: KmsOptions & VerifyRequest): Promise<VerifyReport> {
  const { files = [], ...rest } = options;
  const cleanup: (() => Promise<unknown>)[] = [];
  try {
    const settings = checkedOptions(rest);
    const { keys, rows } = await unlockedStore(settings, builtIn, (step) => cleanup.push(step));
    const { examined, anchors } = await examineClosed(settings.store, keys);
    const problems: string[] = [];
    // Also compares the store with the outside anchor.
    if (examined.problems.length === 0) await rows.load().catch((error) => problems.push(problemOf(error)));
    return report({ examined, anchors, problems, keys, files });
  } finally {
    for (const step of cleanup.reverse()) await step();
  }
}

interface Findings {
  readonly examined: Examined;
  readonly anchors: readonly AuditAnchorRow[];
  readonly problems: readonly string[];
  readonly keys: StoreKeys;
  readonly files: readonly string[];
}

function report({ examined, anchors, problems, keys, files }: Findings): VerifyReport {
  const audit =
    anchors.length + files.length > 0 ? verifyAuditFiles({ anchors, keys, files }) : { ok: true, files: [] };
  const inFiles = audit.files.flatMap(({ location, problems: found }) => found.map((one) => `${location}: ${one}.`));
  const all = [...problems, ...examined.problems, ...inFiles];
  return { ok: all.length === 0, problems: all, rows: examined.rows, audit };
}

function examineClosed(store: KeyStore, keys: StoreKeys) {
  return store.read(async (rows) => {
    const sealed = await rows.meta(STATE);
    const state = sealed && openState(keys, sealed);
    const latest = new Map(state?.journal.map(([, name, mac]) => [name, mac]));
    const names = [...latest].filter(([, mac]) => mac !== null).map(([name]) => name);
    const examined = await examineRows(rows, keys, { macOf: (name) => latest.get(name), names: () => names });
    const anchors = await rows.anchors();
    const set = setProblem(state, (await indexOf(rows, keys)).root);
    const problems = set !== undefined && examined.problems.length === 0 ? [set] : examined.problems;
    return { examined: { ...examined, problems }, anchors };
  });
}

/** The problem of the set of rows when every single row is authentic. */
function setProblem(state: StoreState | undefined, root: string): string | undefined {
  if (state === undefined) return `The row "meta ${STATE}" is gone, or is not what was written there.`;
  return state.root === root ? undefined : "A row was added, removed, or replaced by an older one.";
}

function problemOf(error: unknown): string {
  if (error instanceof LanelockError) return error.message;
  throw error;
}
