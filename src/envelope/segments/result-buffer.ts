import { LanelockError } from "../../errors.ts";
import { type Bytes, copyOf } from "../../shared/byte-input.ts";

const allocate = globalThis.Buffer?.allocUnsafeSlow;

/**
 * A new buffer for a result that the caller overwrites completely. Node can skip zeroing it, which would take a tenth of the time
 * of AES.
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

/** A private copy: the caller may change its bytes meanwhile. @throws LanelockError `ERR_LIMIT` */
export function privateCopy(bytes: Uint8Array): Bytes {
  try {
    return copyOf(bytes);
  } catch (cause) {
    throw noMemory(bytes.length, cause);
  }
}

/** The host lacks memory, or does not allow so long an array: Node 20 allows 2^32 bytes. */
function noMemory(length: number, cause: unknown): LanelockError {
  const remedy = "use sealStream() or openStream(), or read it in parts with openRange()";
  return new LanelockError("ERR_LIMIT", `This host cannot hold ${length} bytes in one array: ${remedy}`, { cause });
}
