import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { openBenchedKms } from "./through-the-kms.ts";

/** How often the histogram looks, in ms: what it reports is no finer, and includes this. */
const resolution = 1;

/** The event loop may be held up no longer than this, in ms, whatever the token takes. */
export const longestPause = 20;

/**
 * The longest time, in ms, that the event loop was held up while the token generated RSA keys and other callers encrypted.
 */
export async function longestPauseDuringKeyGeneration(): Promise<number> {
  const { kms } = await openBenchedKms();
  const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
  for (let i = 0; i < 200; i += 1) await kms.encrypt({ keyId, plaintext: Buffer.alloc(32) });
  const histogram = monitorEventLoopDelay({ resolution });
  histogram.enable();
  let generating = true;
  const callers = Array.from({ length: 10 }, async () => {
    while (generating) {
      await kms.encrypt({ keyId, plaintext: Buffer.alloc(32) });
      await sleep(1);
    }
  });
  for (const keySpec of ["RSA_2048", "RSA_4096"] as const) await kms.createKey({ keySpec, protectionLevel: "HSM" });
  generating = false;
  await Promise.all(callers);
  histogram.disable();
  await kms.close();
  return histogram.max / 1e6 - resolution;
}
