import { Encryption } from "./encryption";

/** The interface between the modes of the engine's first module and its ciphers. */
@unmanaged
export abstract class BlockCipher extends Encryption {
  /** Decrypts as `encryptBatch` encrypts. */
  abstract decryptBatch(from: usize, to: usize, add: usize, count: u32): void;
  /** Prepares `counterBatch` calls whose counter blocks share their first 12 bytes with the one at `block`. */
  abstract counterBegin(block: usize): void;
  /** Call this before the first `counterBatch` and whenever the counter's upper 24 bits have changed. `block` holds a counter
   * block with them. */
  abstract counterSpan(block: usize): void;
  /** Adds the keystream of `lanes()` counters to `data`, from the counter whose low byte is `low`, a multiple of
   * `lanes()`. */
  abstract counterBatch(low: u32, data: usize): void;
  /** Wipes what `counterBegin`, `counterSpan` and `counterBatch` left behind. */
  abstract counterEnd(): void;
}
