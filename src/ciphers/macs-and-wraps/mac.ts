import type { Bytes } from "../../shared/byte-input.ts";
import type { IntoOption } from "../block-modes/block-mode.ts";

/** Authenticates one long message piece by piece; made by {@link Mac.stream}. */
export interface MacStream {
  /**
   * Takes any number of bytes. `ERR_ARGUMENT` and `ERR_BUFFER` leave the message unchanged; any other error ends it.
   *
   * @throws LanelockError `ERR_BUFFER`, `ERR_ARGUMENT`, `ERR_STATE`
   */
  update(chunk: Uint8Array): void;
  /** Ends the message: returns its tag. @throws LanelockError `ERR_STATE` */
  final(): Bytes;
  /** Ends the message: whether `tag` is its tag, as {@link Mac.verify}. @throws LanelockError as `update` */
  verify(tag: Uint8Array): boolean;
  /** Abandons the message and wipes its state. Harmless after `final()`. */
  dispose(): void;
  [Symbol.dispose](): void;
}

/**
 * A message authentication code under one key, which is expanded once and stays in the engine's memory until `dispose()`.
 *
 * @example
 * using cmac = aesCmac(key);
 * const tag = cmac.mac(message);
 * if (!cmac.verify(message, tag)) throw new Error("forged");
 */
export interface Mac {
  /**
   * @param message any length
   * @returns the tag, 16 bytes; with `into`, the part of it that was written
   * @throws LanelockError `ERR_BUFFER`, `ERR_ARGUMENT`, `ERR_STATE`, `ERR_LIMIT`
   */
  mac(message: Uint8Array, options?: IntoOption): Bytes;

  /**
   * Whether `tag` is the message's. A tag that does not have 16 bytes is not. The time does not depend on where tags differ.
   *
   * @throws LanelockError `ERR_BUFFER`, `ERR_ARGUMENT`, `ERR_STATE`
   */
  verify(message: Uint8Array, tag: Uint8Array): boolean;

  /** Begins a message that comes in pieces. @throws LanelockError `ERR_STATE`, `ERR_LIMIT` */
  stream(): MacStream;

  /** Wipes the key. Harmless when repeated; every other call then throws `ERR_STATE`. */
  dispose(): void;
  [Symbol.dispose](): void;
}
