import { LanelockError } from "../../errors.ts";
import { equalInConstantTime } from "../../shared/encoding.ts";
import { nodeModule } from "../../shared/node-modules.ts";
import type { AuditAnchorRow } from "../ports/index.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import { parseHeader } from "./chain-format.ts";
import { CHAIN_START, type ChainPoint, firstLine, walkChain } from "./chain-walk.ts";

/** What a check of one audit file found. */
export interface AuditFileReport {
  readonly location: string;
  readonly chainId: string;
  /** Events that are as they were written. */
  readonly events: number;
  /** When the last anchor was written: what was cut from behind it cannot be told. */
  readonly anchoredAt?: Date | undefined;
  /** Bytes behind the last seal: a process is writing them, or a crash left them. */
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
  /** Files to look at besides those the anchors name: logs that were moved away. */
  readonly files: readonly string[];
}

/** Checks every audit file the store knows of, and every file given, against its chain and its anchor. */
export function verifyAuditFiles({ anchors, keys, files }: VerifyOptions): AuditReport {
  const { existsSync } = nodeModule("node:fs", "Checking audit files");
  const { resolve } = nodeModule("node:path", "Checking audit files");
  const locations = new Set([...files.map((file) => resolve(file)), ...anchors.map((anchor) => anchor.location)]);
  const present = [...locations].filter((location) => existsSync(location));
  const reports = present.map((location) => verifyReadable(location, anchors, keys));
  const found = new Set(reports.map((report) => report.chainId));
  const absent = [...locations].filter(
    (location) => !existsSync(location) && files.map((f) => resolve(f)).includes(location),
  );
  const missing = [
    ...anchors.filter((anchor) => !found.has(anchor.chainId)).map((anchor) => missingReport(anchor)),
    ...absent.map((location) => emptyReport(location, "the file is not there")),
  ];
  const all = [...reports, ...missing];
  return { ok: all.every((report) => report.problems.length === 0), files: all };
}

function missingReport(anchor: AuditAnchorRow): AuditFileReport {
  const problem = `the file of this chain, with ${anchor.sequence} events or more, is not there`;
  return { ...emptyReport(anchor.location, problem), chainId: anchor.chainId, anchoredAt: new Date(anchor.at) };
}

function emptyReport(location: string, problem: string): AuditFileReport {
  return { location, chainId: "", events: 0, unsealedBytes: 0, problems: [problem] };
}

function verifyReadable(location: string, anchors: readonly AuditAnchorRow[], keys: StoreKeys): AuditFileReport {
  try {
    return verifyFile(location, anchors, keys);
  } catch (error) {
    if (error instanceof LanelockError) throw error;
    return emptyReport(location, `it cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

function verifyFile(location: string, anchors: readonly AuditAnchorRow[], keys: StoreKeys): AuditFileReport {
  const header = parseHeader(firstLine(location));
  if (header === undefined) return emptyReport(location, "it does not begin as an audit file does");
  if (header.storeId !== keys.storeId) return emptyReport(location, "it is the audit file of another store");
  const anchor = anchors.find((row) => row.chainId === header.chainId);
  let anchorMet = false;
  const onPoint = (point: ChainPoint) => {
    if (anchor && point.length === anchor.length) {
      anchorMet = point.sequence === anchor.sequence && equalInConstantTime(point.mac, anchor.head);
    }
  };
  const walk = walkChain({ path: location, keys, from: CHAIN_START, onPoint });
  const problems: string[] = [];
  if (walk.broken !== undefined) problems.push(walk.broken);
  else if (anchor === undefined) problems.push("the store has no anchor of this chain");
  else if (!anchorMet) problems.push(`it ends at event ${walk.end.sequence}; event ${anchor.sequence} was anchored`);
  return {
    location,
    chainId: header.chainId,
    events: Math.max(0, walk.end.sequence),
    anchoredAt: anchor && new Date(anchor.at),
    unsealedBytes: walk.unsealed,
    problems,
  };
}
