import { LanelockError } from "../../errors.ts";
import { type Bytes, copyOf } from "../../shared/byte-input.ts";

const allocate = globalThis.Buffer?.allocUnsafeSlow;

/**
 * Memory for a result that will be written from end to end, in a buffer of its own. Node can leave out zeroing it first, which
 * would cost a tenth of the time of AES.
 *
 * @throws LanelockError `ERR_LIMIT`
 */
export function resultBuffer(length: number): Bytes {
  try {
    return allocate ? new Uint8Array(allocate(length).buffer, 0, length) : new Uint8Array(length);
  } catch (cause) {
    throw noMemory(length, cause);
  }
}

/** A copy that is worked on after the caller has its own bytes back. @throws LanelockError `ERR_LIMIT` */
export function privateCopy(bytes: Uint8Array): Bytes {
  try {
    return copyOf(bytes);
  } catch (cause) {
    throw noMemory(bytes.length, cause);
  }
}

/** A host has too little memory for an array, or takes none so long: Node 20 has at most 2^32 bytes in one. */
function noMemory(length: number, cause: unknown): LanelockError {
  const remedy = "use sealStream() or openStream(), or read it in parts with openRange()";
  return new LanelockError("ERR_LIMIT", `This host cannot hold ${length} bytes in one array: ${remedy}`, { cause });
}
