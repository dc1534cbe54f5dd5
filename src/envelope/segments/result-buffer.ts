import type { Bytes } from "../../shared/byte-input.ts";

const allocate = globalThis.Buffer?.allocUnsafeSlow;

/**
 * Memory for a result that will be written from end to end, in a buffer of its own. Node can leave out zeroing it first, which
 * would cost a tenth of the time of AES.
 */
export function resultBuffer(length: number): Bytes {
  return allocate ? new Uint8Array(allocate(length).buffer, 0, length) : new Uint8Array(length);
}
