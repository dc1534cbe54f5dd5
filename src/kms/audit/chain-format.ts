import type { StoreKeys } from "../root/store-keys.ts";
import { contextDigest, type PendingEvent } from "./event.ts";

/**
 * An audit file is JSON lines in blocks, each closed by a seal:
 *
 * ```
 * {"chain":"<id>","format":1,"store":"<store id>","seq":0,"time":"…"}          first line of the file
 * {"seal":0,"mac":"<64 hex>"}
 * {"seq":1,"time":"…","caller":"…","operation":"Encrypt","keyId":"…","keyVersionId":"…","context":"…","outcome":"OK"}
 * {"seq":2,…}
 * {"seal":2,"mac":"<64 hex>"}
 * ```
 * `mac` = HMAC-SHA-256(audit key of the store, previous mac ‖ every byte of the block's lines), the first previous mac being
 * 32 zero bytes. A block is written in one go; lines without a seal are a block that a crash cut short.
 *
 * A new file begins when the old one is renamed or the root key is changed. Its first line names the previous chain and where it
 * ended: `"after":{"chain":"<id>","seq":2,"mac":"<64 hex>"}`.
 */
export const FIRST_MAC = new Uint8Array(32);

export const SEAL_PREFIX = '{"seal":';

let lastTime = Number.NaN;
let lastTimeText = "";

/** Many events share a millisecond. */
function timeText(at: number): string {
  if (at !== lastTime) {
    lastTimeText = new Date(at).toISOString();
    lastTime = at;
  }
  return lastTimeText;
}

/** Ids and codes have no character that JSON escapes; the caller's name and notes may hold anything. */
export function eventLine(keys: StoreKeys, sequence: number, event: PendingEvent): string {
  let line = `{"seq":${sequence},"time":"${timeText(event.at)}","caller":${JSON.stringify(event.caller)},"operation":"${event.operation}"`;
  if (event.keyId !== undefined) line += `,"keyId":"${event.keyId}"`;
  if (event.keyVersionId !== undefined) line += `,"keyVersionId":"${event.keyVersionId}"`;
  if (event.context !== undefined) line += `,"context":"${contextDigest(keys, event.context)}"`;
  line += `,"outcome":"${event.outcome}"`;
  if (event.note !== undefined) line += `,"note":${JSON.stringify(event.note)}`;
  return `${line}}\n`;
}

/** Where the chain before this one ended. */
export interface ChainEnd {
  readonly chain: string;
  readonly seq: number;
  readonly mac: string;
}

interface Header {
  readonly chainId: string;
  readonly storeId: string;
  readonly after?: ChainEnd | undefined;
}

export function headerLine({ chainId, storeId, after, at }: Header & { at: number }): string {
  return `${JSON.stringify({ chain: chainId, format: 1, store: storeId, seq: 0, time: timeText(at), after })}\n`;
}

export function sealLine(sequence: number, mac: string): string {
  return `${SEAL_PREFIX}${sequence},"mac":"${mac}"}\n`;
}

/**
 * The number and MAC of a seal line; `undefined` for any other line. A seal has one form: the MAC does not cover it, so zeros before the
 * number would be a change that nothing notices.
 */
export function parseSeal(line: string): { sequence: number; mac: string } | undefined {
  const [, sequence, mac] = /^\{"seal":(0|[1-9]\d{0,14}),"mac":"([0-9a-f]{64})"\}$/.exec(line) ?? [];
  return sequence === undefined || mac === undefined ? undefined : { sequence: Number(sequence), mac };
}

/** The contents of a first line; `undefined` for any other line. */
export function parseHeader(line: string): Header | undefined {
  try {
    const header: unknown = JSON.parse(line);
    if (typeof header !== "object" || header === null || !("chain" in header) || !("store" in header)) return undefined;
    const { chain, store } = header;
    if (typeof chain !== "string" || typeof store !== "string") return undefined;
    return { chainId: chain, storeId: store, after: "after" in header ? parseEnd(header.after) : undefined };
  } catch {
    return undefined;
  }
}

function parseEnd(end: unknown): ChainEnd | undefined {
  if (typeof end !== "object" || end === null || !("chain" in end && "seq" in end && "mac" in end)) return undefined;
  const { chain, seq, mac } = end;
  const fits = typeof chain === "string" && typeof seq === "number" && typeof mac === "string";
  return fits ? { chain, seq, mac } : undefined;
}
