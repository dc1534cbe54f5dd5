import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Kms } from "lanelock/kms";

/** How often the histogram looks, in ms: what it reports is no finer, and includes this. */
const resolution = 1;

/**
 * The longest time, in ms, that the event loop was held up while the token generated RSA keys and others encrypted with HSM
 * keys. On a busy machine it shows the other processes as well: every thread waits for its turn there.
 */
export async function longestPauseDuringKeyGeneration(kms: Kms): Promise<number> {
  const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
  const encrypt = () => kms.encrypt({ keyId, plaintext: Buffer.alloc(32) });
  for (let i = 0; i < 200; i += 1) await encrypt();
  const histogram = monitorEventLoopDelay({ resolution });
  histogram.enable();
  let generating = true;
  const callers = Array.from({ length: 10 }, async () => {
    while (generating) {
      await encrypt();
      await sleep(1);
    }
  });
  for (const keySpec of ["RSA_2048", "RSA_4096"] as const) await kms.createKey({ keySpec, protectionLevel: "HSM" });
  generating = false;
  await Promise.all(callers);
  histogram.disable();
  return histogram.max / 1e6 - resolution;
}
