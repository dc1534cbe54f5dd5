import { nodeModule } from "../../shared/node-modules.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import { FIRST_MAC, parseHeader, parseSeal, SEAL_PREFIX } from "./chain-format.ts";

/** Where a chain stands after a sealed block. Anchors record it. */
export interface ChainPoint {
  /** Number of the last line sealed. */
  readonly sequence: number;
  readonly mac: Uint8Array;
  /** Bytes of the file up to here. */
  readonly length: number;
}

export const CHAIN_START: ChainPoint = { sequence: -1, mac: FIRST_MAC, length: 0 };

export interface ChainWalk {
  /** The end of the last unchanged block. */
  readonly end: ChainPoint;
  /** Bytes after it without a seal: a block being written, or one that a crash cut short. */
  readonly unsealed: number;
  /** What is wrong with the first changed block. */
  readonly broken?: string;
}

interface WalkOptions {
  readonly path: string;
  readonly keys: StoreKeys;
  readonly chainId: string;
  readonly from: ChainPoint;
  /** Called at the end of every good block. */
  readonly onPoint?: (point: ChainPoint) => void;
}

const CHUNK = 1 << 16;

/** Checks the blocks of an audit file from a known point on. Reads in chunks, so a file may have any size. */
export function walkChain({ path, keys, chainId, from, onPoint }: WalkOptions): ChainWalk {
  const { createHmac } = nodeModule("node:crypto", "The audit file");
  let end = from;
  let position = from.length;
  let sequence = from.sequence;
  const key = keys.auditKey(chainId);
  let mac = createHmac("sha256", key).update(from.mac);
  for (const line of linesOf(path, from.length)) {
    if (!line.complete) break;
    position += line.bytes.length;
    if (!line.text.startsWith(SEAL_PREFIX)) {
      mac.update(line.bytes);
      sequence++;
      if (!hasSequence(line.text, sequence)) return broken(end, `line ${sequence} is missing or out of order`);
      continue;
    }
    const seal = parseSeal(line.text);
    const expected = mac.digest();
    if (seal?.sequence !== sequence || seal.mac !== expected.toString("hex")) {
      return broken(end, `the block of lines ${end.sequence + 1} to ${sequence} was changed`);
    }
    end = { sequence, mac: new Uint8Array(expected), length: position };
    onPoint?.(end);
    mac = createHmac("sha256", key).update(end.mac);
  }
  return { end, unsealed: fileLength(path) - end.length };
}

function broken(end: ChainPoint, problem: string): ChainWalk {
  return { end, unsealed: 0, broken: problem };
}

function hasSequence(text: string, sequence: number): boolean {
  return sequence === 0 ? parseHeader(text) !== undefined : text.startsWith(`{"seq":${sequence},`);
}

export function fileLength(path: string): number {
  return nodeModule("node:fs", "The audit file").statSync(path).size;
}

/** The first line of a file, without its end; at most 4,096 bytes of it. */
export function firstLine(path: string): string {
  for (const line of linesOf(path, 0)) return line.text.slice(0, 4_096);
  return "";
}

interface Line {
  readonly bytes: Uint8Array;
  readonly text: string;
  /** False for bytes after the last newline. */
  readonly complete: boolean;
}

const NEWLINE = 0x0a;
/** No event is longer. The limit keeps a file without newlines from filling memory. */
const MAX_LINE = 1 << 20;

function* linesOf(path: string, start: number): Generator<Line> {
  const { closeSync, openSync, readSync } = nodeModule("node:fs", "The audit file");
  const file = openSync(path, "r");
  try {
    let pending = Buffer.alloc(0);
    let position = start;
    for (;;) {
      const chunk = Buffer.alloc(CHUNK);
      const count = readSync(file, chunk, 0, CHUNK, position);
      if (count === 0 || pending.length > MAX_LINE) break;
      position += count;
      pending = Buffer.concat([pending, chunk.subarray(0, count)]);
      for (let at = pending.indexOf(NEWLINE); at >= 0; at = pending.indexOf(NEWLINE)) {
        yield { bytes: pending.subarray(0, at + 1), text: pending.toString("utf8", 0, at), complete: true };
        pending = pending.subarray(at + 1);
      }
    }
    if (pending.length > 0) yield { bytes: pending, text: pending.toString("utf8"), complete: false };
  } finally {
    closeSync(file);
  }
}
