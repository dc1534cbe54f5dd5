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
 * 32 zero bytes. A block is written in one go; lines without a seal are what a crash left of one.
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

/** Ids and codes are of characters JSON leaves alone; the caller's name and notes may hold anything. */
export function eventLine(keys: StoreKeys, sequence: number, event: PendingEvent): string {
  let line = `{"seq":${sequence},"time":"${timeText(event.at)}","caller":${JSON.stringify(event.caller)},"operation":"${event.operation}"`;
  if (event.keyId !== undefined) line += `,"keyId":"${event.keyId}"`;
  if (event.keyVersionId !== undefined) line += `,"keyVersionId":"${event.keyVersionId}"`;
  if (event.context !== undefined) line += `,"context":"${contextDigest(keys, event.context)}"`;
  line += `,"outcome":"${event.outcome}"`;
  if (event.note !== undefined) line += `,"note":${JSON.stringify(event.note)}`;
  return `${line}}\n`;
}

export function headerLine(header: { chainId: string; storeId: string; at: number }): string {
  const { chainId, storeId, at } = header;
  return `${JSON.stringify({ chain: chainId, format: 1, store: storeId, seq: 0, time: timeText(at) })}\n`;
}

export function sealLine(sequence: number, mac: string): string {
  return `${SEAL_PREFIX}${sequence},"mac":"${mac}"}\n`;
}

/** The number and MAC of a seal line; `undefined` for any other line. */
export function parseSeal(line: string): { sequence: number; mac: string } | undefined {
  const [, sequence, mac] = /^\{"seal":(\d{1,15}),"mac":"([0-9a-f]{64})"\}$/.exec(line) ?? [];
  return sequence === undefined || mac === undefined ? undefined : { sequence: Number(sequence), mac };
}

/** The chain a first line names; `undefined` when it is not one. */
export function parseHeader(line: string): { chainId: string; storeId: string } | undefined {
  try {
    const header: unknown = JSON.parse(line);
    if (typeof header !== "object" || header === null || !("chain" in header) || !("store" in header)) return undefined;
    const { chain, store } = header;
    return typeof chain === "string" && typeof store === "string" ? { chainId: chain, storeId: store } : undefined;
  } catch {
    return undefined;
  }
}
