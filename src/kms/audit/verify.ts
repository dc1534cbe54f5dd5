import { LanelockError } from "../../errors.ts";
import { equalInConstantTime, toHex } from "../../shared/encoding.ts";
import { nodeModule } from "../../shared/node-modules.ts";
import { messageOf } from "../../shared/thrown.ts";
import type { AuditAnchorRow } from "../ports/index.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import { type ChainEnd, parseHeader } from "./chain-format.ts";
import { CHAIN_START, type ChainPoint, firstLine, walkChain } from "./chain-walk.ts";

/** The result of checking one audit file. */
export interface AuditFileReport {
  readonly location: string;
  readonly chainId: string;
  /** Events up to the first changed one. */
  readonly events: number;
  /** When the last anchor was written. Events cut from the end after it leave no trace. */
  readonly anchoredAt?: Date | undefined;
  /** Bytes after the last seal: a process is still writing them, or a crash left them. */
  readonly unsealedBytes: number;
  /** Empty when the file is whole. */
  readonly problems: readonly string[];
}

export interface AuditReport {
  readonly ok: boolean;
  readonly files: readonly AuditFileReport[];
}

interface VerifyOptions {
  readonly anchors: readonly AuditAnchorRow[];
  readonly keys: StoreKeys;
  /** Files to check besides those the anchors name: logs that were moved elsewhere. */
  readonly files: readonly string[];
}

/**
 * Checks every audit file the store knows of, and every file given, against its chain and its anchor. If a chain is not at the
 * path that its anchor names, because the file was renamed, it is searched for in the same folder.
 */
export function verifyAuditFiles({ anchors, keys, files }: VerifyOptions): AuditReport {
  const { existsSync } = nodeModule("node:fs", "Checking audit files");
  const { resolve } = nodeModule("node:path", "Checking audit files");
  const given = files.map((file) => resolve(file));
  const locations = new Set([...given, ...anchors.map((anchor) => anchor.location)]);
  const check = (location: string) => checkReadable(location, anchors, keys);
  const checked = [...locations].filter((location) => existsSync(location)).map(check);
  const isMissing = (anchor: AuditAnchorRow) => checked.every(({ report }) => report.chainId !== anchor.chainId);
  const missing = new Set(anchors.filter(isMissing).map(({ chainId }) => chainId));
  const beside = [...new Set(anchors.flatMap(({ location }) => neighbours(location)))];
  for (const location of beside.filter((found) => !locations.has(found))) {
    if (missing.delete(parseHeader(firstLine(location))?.chainId ?? "")) checked.push(check(location));
  }
  const reports = checked.map((one) => withNext(one, checked));
  const absent = [
    ...anchors.filter(({ chainId }) => missing.has(chainId)).map((anchor) => missingReport(anchor)),
    ...given.filter((location) => !existsSync(location)).map((at) => emptyReport(at, "the file is not there")),
  ];
  const all = [...reports, ...absent];
  return { ok: all.every((report) => report.problems.length === 0), files: all };
}

/** Files whose names begin with that of the audit file, as log rotation names them. */
function neighbours(location: string): readonly string[] {
  const { readdirSync } = nodeModule("node:fs", "Checking audit files");
  const { basename, dirname, join } = nodeModule("node:path", "Checking audit files");
  const folder = dirname(location);
  const stem = basename(location).replace(/\.[^.]*$/, "");
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && entry.name.startsWith(stem))
      .map(({ name }) => join(folder, name));
  } catch {
    return [];
  }
}

interface Checked {
  readonly report: AuditFileReport;
  readonly end?: ChainPoint;
  readonly after?: ChainEnd | undefined;
}

/** The file that continues this one says where this one ended. */
function withNext({ report, end }: Checked, all: readonly Checked[]): AuditFileReport {
  const next = all.find(({ after }) => after !== undefined && after.chain === report.chainId)?.after;
  if (next === undefined || end === undefined) return report;
  const isSameEvent = next.seq === end.sequence;
  if (isSameEvent && next.mac === toHex(end.mac)) return report;
  const problem = isSameEvent
    ? `its last event, ${end.sequence}, is another one than the file that continues it says`
    : `it ends at event ${end.sequence}; the file that continues it says event ${next.seq}`;
  return { ...report, problems: [...report.problems, problem] };
}

function missingReport(anchor: AuditAnchorRow): AuditFileReport {
  const problem = `the file of this chain, with ${anchor.sequence} events or more, is not there`;
  return { ...emptyReport(anchor.location, problem), chainId: anchor.chainId, anchoredAt: new Date(anchor.at) };
}

function emptyReport(location: string, problem: string): AuditFileReport {
  return { location, chainId: "", events: 0, unsealedBytes: 0, problems: [problem] };
}

function checkReadable(location: string, anchors: readonly AuditAnchorRow[], keys: StoreKeys): Checked {
  try {
    return checkFile(location, anchors, keys);
  } catch (error) {
    if (error instanceof LanelockError) throw error;
    return { report: emptyReport(location, `it cannot be read: ${messageOf(error)}`) };
  }
}

function checkFile(location: string, anchors: readonly AuditAnchorRow[], keys: StoreKeys): Checked {
  const header = parseHeader(firstLine(location));
  if (header === undefined) return { report: emptyReport(location, "it does not begin as an audit file does") };
  const { chainId, storeId, after } = header;
  if (storeId !== keys.storeId) return { report: emptyReport(location, "it is the audit file of another store") };
  const anchor = anchors.find((row) => row.chainId === chainId);
  let anchorMet = false;
  const onPoint = (point: ChainPoint) => {
    if (anchor && point.length === anchor.length) {
      anchorMet = point.sequence === anchor.sequence && equalInConstantTime(point.mac, anchor.head);
    }
  };
  const walk = walkChain({ path: location, keys, chainId, from: CHAIN_START, onPoint });
  const problems: string[] = [];
  if (walk.broken !== undefined) problems.push(walk.broken);
  else if (anchor === undefined) problems.push("the store has no anchor of this chain");
  else if (!anchorMet) problems.push(`it ends at event ${walk.end.sequence}; event ${anchor.sequence} was anchored`);
  else if (keys.isClosedChain(chainId) && walk.end.sequence > anchor.sequence) {
    problems.push(`lines follow event ${anchor.sequence}, which was the last before the root key was changed`);
  }
  const report = {
    location,
    chainId,
    events: Math.max(0, walk.end.sequence),
    anchoredAt: anchor && new Date(anchor.at),
    unsealedBytes: walk.unsealed,
    problems,
  };
  return { report, end: walk.end, after };
}
