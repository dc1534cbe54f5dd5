import { aesGcm, randomBytes } from "lanelock";

/** Set by the first statement of the first script that runs: tools/demo/build.mjs puts it in front of each. */
const started = globalThis as typeof globalThis & { readonly scriptStarted: number };

/**
 * Seals 64 bytes with AES-256-GCM in the engine.
 *
 * @returns milliseconds from the start of the page's script to the end of the seal, the engine's compilation included
 */
export function firstSeal(): number {
  const aead = aesGcm(randomBytes(32), { backend: "wasm" });
  try {
    aead.seal(randomBytes(12), new Uint8Array(64));
    return performance.now() - started.scriptStarted;
  } finally {
    aead.dispose();
  }
}
