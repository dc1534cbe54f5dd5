import { Cfb } from "../ciphers/block-modes/cfb.ts";
import { aes } from "../ciphers/engine-binding/modes-engine.ts";
import type { Bytes } from "../shared/byte-input.ts";
import {
  BLOCK,
  type CipherWithOutput,
  checkBytes,
  checkKeyLength,
  isAligned,
  once,
  overlaps,
  rejectAad,
  toOutput,
  unshared,
  withKey,
} from "./common.ts";

function aesCfb(key: Uint8Array, iv: Uint8Array, ...rest: unknown[]): CipherWithOutput {
  checkBytes(key, { title: "key" });
  checkBytes(iv, { length: BLOCK, title: "nonce" });
  rejectAad(rest);
  const checkOnce = once();
  const run = (direction: "encrypt" | "decrypt", data: Uint8Array, output: Uint8Array | undefined): Bytes => {
    checkBytes(data, { title: "data" });
    if (output !== undefined) {
      checkBytes(output, { title: "output" });
      checkBytes(output, { length: data.length, title: "output" });
      if (!isAligned(output)) throw new Error("invalid output, must be aligned");
      if (overlaps(data, output)) throw new Error("overlapping src and dst not supported");
    }
    checkKeyLength(key);
    return unshared([data, key, iv], (input, k, first) =>
      toOutput(output, (options) => withKey(new Cfb(aes(), k), (cfb) => cfb[direction](first, input, options))),
    );
  };
  return {
    encrypt(plaintext, output) {
      checkOnce();
      return run("encrypt", plaintext, output);
    },
    decrypt: (ciphertext, output) => run("decrypt", ciphertext, output),
  };
}

/** AES-CFB with segments of 128 bits. */
export const cfb = /* @__PURE__ */ Object.assign(aesCfb, { blockSize: BLOCK, nonceLength: BLOCK });
