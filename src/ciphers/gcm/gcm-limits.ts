import { LanelockError } from "../../errors.ts";

/** Plaintext bytes that one nonce may encrypt: 2^39 − 256 bits (SP 800-38D §5.2.1.1). */
const TEXT_LIMIT = 2 ** 36 - 32;

/** @throws LanelockError `ERR_LIMIT` beyond what GCM may encrypt under one nonce */
export function checkTextLength(length: number): void {
  if (length > TEXT_LIMIT) {
    throw new LanelockError("ERR_LIMIT", `GCM takes at most ${TEXT_LIMIT} bytes under one nonce: split the message`);
  }
}
