import type { Bytes } from "../../callers-bytes.ts";
import { callersBytes } from "../../callers-bytes.ts";
import { LanelockError } from "../../errors.ts";

/**
 * Bytes as a KMS answered them, which may be one of the application's own. What is none would be taken for zeros, and sealed under.
 *
 * @throws LanelockError `ERR_PROVIDER`
 */
export function answeredBytes(value: Uint8Array, name: string): Bytes {
  try {
    return callersBytes(value, name);
  } catch (cause) {
    throw new LanelockError("ERR_PROVIDER", `The KMS answered with a ${name} that is no Uint8Array`, { cause });
  }
}
