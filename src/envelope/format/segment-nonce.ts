export const NONCE_PREFIX_LENGTH = 7;
export const NONCE_LENGTH = 12;

/**
 * The nonce of a segment: prefix 7 ‖ u32be index ‖ 1 for the last segment, 0 for every other. It is the STREAM construction of
 * Hoang, Reyhanitabar, Rogaway and Vizár ("Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", 2015): a
 * segment that was moved, dropped or repeated, and a message that was cut, fail to authenticate.
 */
export class SegmentNonces {
  readonly #nonce = new Uint8Array(NONCE_LENGTH);

  /** @param prefix 7 bytes, copied */
  constructor(prefix: Uint8Array) {
    this.#nonce.set(prefix);
  }

  /** A view that the next call overwrites. */
  at(index: number, last: boolean): Uint8Array<ArrayBuffer> {
    const nonce = this.#nonce;
    nonce[7] = index >>> 24;
    nonce[8] = index >>> 16;
    nonce[9] = index >>> 8;
    nonce[10] = index;
    nonce[11] = last ? 1 : 0;
    return nonce;
  }
}
