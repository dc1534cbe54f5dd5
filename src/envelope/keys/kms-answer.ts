import { LanelockError } from "../../errors.ts";
import { type Bytes, callersBytes } from "../../shared/byte-input.ts";

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

/**
 * What a KMS answered, which has to be an object.
 *
 * @throws LanelockError `ERR_PROVIDER`
 */
export function answered<Answer>(value: Answer, operation: string): Answer {
  if (typeof value === "object" && value !== null) return value;
  throw new LanelockError("ERR_PROVIDER", `The KMS answered ${operation} with what is no object`);
}

/**
 * A field of an answer that names something: an id, a KeySpec.
 *
 * @throws LanelockError `ERR_PROVIDER`
 */
export function answeredName(value: string, name: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new LanelockError("ERR_PROVIDER", `The KMS answered with a ${name} that is no string`);
}
