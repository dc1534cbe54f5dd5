import type { KeyObject } from "node:crypto";
import { equalBytes } from "../shared/equal-bytes.ts";
import { unsupported } from "./runtime.ts";

type NodeCrypto = typeof import("node:crypto");
/** The functions of node:crypto that take RSA_NO_PADDING: RSASP1, RSAVP1 and RSADP of RFC 8017 §5. */
export type RawFunction = "privateEncrypt" | "publicDecrypt" | "privateDecrypt";

/** Functions that passed the trial. One that failed is tried again, as it may have failed for another reason. */
const proven = new WeakMap<NodeCrypto, Set<RawFunction>>();

/**
 * Checks that a function does RSA without padding, by its result for 1, which must be 1. The node:crypto of other runtimes (Deno)
 * refuses the option, or may ignore it.
 *
 * @param instead what the caller can do if it does not
 * @throws LanelockError `ERR_UNSUPPORTED`
 */
export function requireRawRsa(
  crypto: NodeCrypto,
  name: RawFunction,
  { key, length, instead }: { key: KeyObject; length: number; instead: string },
): void {
  const works = proven.get(crypto) ?? new Set();
  if (works.has(name)) return;
  const one = new Uint8Array(length);
  one[length - 1] = 1;
  let cause: unknown;
  try {
    if (equalBytes(crypto[name]({ key, padding: crypto.constants.RSA_NO_PADDING }, one), one)) {
      proven.set(crypto, works.add(name));
      return;
    }
  } catch (thrown) {
    cause = thrown;
  }
  throw unsupported(`node:crypto of this runtime does no RSA without padding (${name}): ${instead}`, { cause });
}
