import { LanelockError } from "../../errors.ts";
import { type Bytes, callersBytes } from "../../shared/byte-input.ts";

/**
 * Bytes from the answer of a KMS, which may be the application's own. Anything else would become an all-zero key.
 *
 * @throws LanelockError `ERR_PROVIDER`
 */
export function answeredBytes(value: Uint8Array, name: string): Bytes {
  try {
    return callersBytes(value, name);
  } catch (cause) {
    throw new LanelockError(
      "ERR_PROVIDER",
      `The KMS answered with a ${name} that is not a Uint8Array: correct the KMS that envelope() was given`,
      { cause },
    );
  }
}

/**
 * The answer of a KMS, which must be an object.
 *
 * @throws LanelockError `ERR_PROVIDER`
 */
export function answered<Answer>(value: Answer, operation: string): Answer {
  if (typeof value === "object" && value !== null) return value;
  throw new LanelockError(
    "ERR_PROVIDER",
    `The KMS answered ${operation} without an object: correct the KMS that envelope() was given`,
  );
}

/**
 * A field of an answer that names something: an id, a KeySpec.
 *
 * @throws LanelockError `ERR_PROVIDER`
 */
export function answeredName(value: string, name: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new LanelockError(
    "ERR_PROVIDER",
    `The KMS answered with a ${name} that is not a string: correct the KMS that envelope() was given`,
  );
}
