import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Kms } from "lanelock/kms";

/** The longest time, in ms, that the event loop was held up: as a clock saw it, and without the wait for a processor. */
interface Pause {
  readonly byTheClock: number;
  readonly own: number;
}

/**
 * How long, in ms, this thread has been ready to run and stood in line for a processor (Linux: the second field of schedstat).
 * A pause of the event loop is this project's doing without that; 0 where the system does not tell.
 */
function timeInLine(): number {
  try {
    const [, inLine] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, "latin1").split(" ");
    return Number(inLine) / 1e6;
  } catch {
    return 0;
  }
}

/** The longest pauses while `work` went on and ten others called `encrypt`; looked at each ms, which is in them. */
async function longestPause(encrypt: () => Promise<unknown>, work: () => Promise<unknown>): Promise<Pause> {
  let [byTheClock, own] = [0, 0];
  let [lookedAt, stoodInLine] = [performance.now(), timeInLine()];
  const look = () => {
    const [now, inLine] = [performance.now(), timeInLine()];
    byTheClock = Math.max(byTheClock, now - lookedAt);
    own = Math.max(own, now - lookedAt - (inLine - stoodInLine));
    [lookedAt, stoodInLine] = [now, inLine];
  };
  const timer = setInterval(look, 1);
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
  clearInterval(timer);
  return { byTheClock, own };
}

const show = ({ byTheClock, own }: Pause) => `${own.toFixed(1)} ms (${byTheClock.toFixed(1)} ms by the clock)`;

/**
 * The longest time, in ms, that the event loop was held up while the token generated RSA keys and others encrypted with HSM
 * keys, less the time in which this thread waited for a processor. The same is measured without key generation, and both are
 * printed as a clock saw them, too: on a busy machine that is other processes' doing.
 */
export async function longestPauseDuringKeyGeneration(kms: Kms): Promise<number> {
  const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
  const encrypt = () => kms.encrypt({ keyId, plaintext: Buffer.alloc(32) });
  for (let i = 0; i < 2_000; i += 1) await encrypt();
  const began = performance.now();
  const during = await longestPause(encrypt, async () => {
    for (const keySpec of ["RSA_2048", "RSA_3072", "RSA_4096", "RSA_2048", "RSA_3072", "RSA_4096"] as const) {
      await kms.createKey({ keySpec, protectionLevel: "HSM" });
    }
  });
  const taken = performance.now() - began;
  const without = await longestPause(encrypt, () => sleep(taken));
  console.log(`Longest pause without key generation, in the same ${Math.round(taken)} ms: ${show(without)}`);
  console.log(`Longest pause with it: ${show(during)}`);
  return during.own;
}
