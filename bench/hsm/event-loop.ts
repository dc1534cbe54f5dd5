import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Kms } from "lanelock/kms";

/** How often the histogram looks, in ms: what it reports is no finer, and includes this. */
const resolution = 1;

/** The longest time, in ms, that the event loop was held up while `work` went on and others called `encrypt`. */
async function longestPause(encrypt: () => Promise<unknown>, work: () => Promise<unknown>): Promise<number> {
  const histogram = monitorEventLoopDelay({ resolution });
  histogram.enable();
  let working = true;
  const callers = Array.from({ length: 10 }, async () => {
    while (working) {
      await encrypt();
      await sleep(1);
    }
  });
  await work();
  working = false;
  await Promise.all(callers);
  histogram.disable();
  return histogram.max / 1e6 - resolution;
}

/**
 * The longest time, in ms, that the event loop was held up while the token generated RSA keys and others encrypted with HSM
 * keys. On a busy machine it shows the other processes as well, because every thread waits for its turn there; so the same
 * is measured without key generation and printed beside it.
 */
export async function longestPauseDuringKeyGeneration(kms: Kms): Promise<number> {
  const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
  const encrypt = () => kms.encrypt({ keyId, plaintext: Buffer.alloc(32) });
  for (let i = 0; i < 2_000; i += 1) await encrypt();
  const began = performance.now();
  const pause = await longestPause(encrypt, async () => {
    for (const keySpec of ["RSA_2048", "RSA_4096"] as const) await kms.createKey({ keySpec, protectionLevel: "HSM" });
  });
  const taken = performance.now() - began;
  const without = await longestPause(encrypt, () => sleep(taken));
  console.log(`Longest pause without key generation, in the same ${Math.round(taken)} ms: ${without.toFixed(1)} ms`);
  return pause;
}
