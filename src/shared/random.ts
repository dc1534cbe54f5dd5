import { LanelockError } from "../errors.ts";
import { copyOf } from "./byte-input.ts";

/** A pool of random bytes for IVs, which are public. Filling it costs a fiftieth of asking the platform for 12 bytes each time. */
const pool = new Uint8Array(12 * 512);
let used = pool.length;

/** `length` random bytes (at most 64) for values that are public, such as IVs and salts. */
export function drawIv(length: number): Uint8Array {
  return copyOf(lendIv(length));
}

/**
 * As {@link drawIv}, for use before anything else is drawn: a view of the pool. A small array of its own costs three times as much
 * once something looks at its buffer, which V8 makes only then, outside its heap.
 */
export function lendIv(length: number): Uint8Array {
  if (used + length > pool.length) {
    fillRandom(pool);
    used = 0;
  }
  used += length;
  return pool.subarray(used - length, used);
}

/** `length` random bytes. @throws LanelockError `ERR_UNSUPPORTED` if the host has no source of them */
export function randomBytes(length: number): Uint8Array {
  return fillRandom(new Uint8Array(length));
}

/** A random UUID (RFC 9562 §5.4). Pages that are not secure contexts have no `crypto.randomUUID`. */
export function randomUuid(): string {
  const bytes = randomBytes(16);
  const hex = Array.from(bytes, (byte, at) => {
    const set = at === 6 ? (byte & 0x0f) | 0x40 : at === 8 ? (byte & 0x3f) | 0x80 : byte;
    return set.toString(16).padStart(2, "0");
  }).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Bytes that `getRandomValues` takes at a time (Web Cryptography §10.1.1). */
const AT_ONCE = 65536;

/** Fills all of `bytes`. Test environments hide the global `crypto`; Node's module still has it. */
export function fillRandom(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (globalThis.crypto?.getRandomValues) {
    for (let at = 0; at < bytes.length; at += AT_ONCE) {
      globalThis.crypto.getRandomValues(bytes.subarray(at, at + AT_ONCE));
    }
    return bytes;
  }
  const node = globalThis.process?.getBuiltinModule?.("node:crypto");
  if (node) return node.randomFillSync(bytes);
  throw new LanelockError("ERR_UNSUPPORTED", "This host has no crypto.getRandomValues: use one that has it");
}
