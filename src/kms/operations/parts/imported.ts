import { KmsError } from "../../ports/errors.ts";
import type { KeyRow } from "../../ports/index.ts";

/** Refuses a key that does not take imported material. */
export function requireImported({ origin }: KeyRow): void {
  if (origin === "EXTERNAL") return;
  throw new KmsError("Unsupported.Origin", "This key origin is not valid for this api.");
}
