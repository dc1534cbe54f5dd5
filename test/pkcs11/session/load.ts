import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { LanelockError } from "lanelock";
import { TokenError } from "lanelock/pkcs11";
import type { CipherKey } from "../../../src/kms/ports/index.ts";
import { iv } from "../objects/key-objects.ts";

export interface LoadReport {
  /** Encryptions that decrypted to what was encrypted. */
  roundTrips: number;
  /** Ciphertexts that decrypted to something else, or would not decrypt although the token was well. */
  mismatches: number;
  /** Failures with a PKCS#11 cause, by CKR name. */
  failures: Map<string, number>;
  /** Anything else that was thrown. */
  surprises: unknown[];
}

/** Many callers that encrypt and decrypt under the keys, in turn, until they are stopped. */
export function startLoad(keys: readonly CipherKey[], callers: number) {
  const report: LoadReport = { roundTrips: 0, mismatches: 0, failures: new Map(), surprises: [] };
  let running = true;
  const ended = Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let round = 0; running; round += 1) {
        const key = keys[(caller + round) % keys.length];
        if (key) await oneRound(key, report);
        // Even where everything is answered at once, others must get their turn.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }),
  );
  return {
    report,
    async stop(): Promise<LoadReport> {
      running = false;
      await ended;
      return report;
    },
  };
}

async function oneRound(key: CipherKey, report: LoadReport): Promise<void> {
  const request = { data: randomBytes(32), iv: iv("GCM"), aad: randomBytes(16) };
  try {
    const sealed = await key.encrypt(request);
    const opened = await key.decrypt({ ...request, data: sealed });
    if (request.data.equals(opened)) report.roundTrips += 1;
    else report.mismatches += 1;
  } catch (error) {
    if (error instanceof LanelockError && error.code === "ERR_PROVIDER" && error.cause instanceof TokenError) {
      const { ckr } = error.cause;
      report.failures.set(ckr, (report.failures.get(ckr) ?? 0) + 1);
      // A caller that is refused at once would otherwise keep the others from their turn.
      await sleep(1);
    } else if (error instanceof LanelockError && error.code === "ERR_AUTHENTICATION") {
      report.mismatches += 1;
    } else {
      report.surprises.push(error);
    }
  }
}

/** Waits until `roundTrips` more have been done. */
export async function moreRoundTrips({ report }: { report: LoadReport }, count: number): Promise<void> {
  const wanted = report.roundTrips + count;
  while (report.roundTrips < wanted) await sleep(5);
}
