import { Kms, type KmsOptions } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";

export const rootKey = Uint8Array.from({ length: 32 }, (_, i) => i);

/** A KMS in memory, with what the test says differs. */
export function openKms(options: Partial<KmsOptions> = {}): Promise<Kms> {
  return Kms.open({ store: memoryStore(), rootKey, sweepSeconds: false, ...options });
}

/** A clock that stands until the test moves it. */
export class TestClock {
  #now = Date.UTC(2026, 0, 1);

  readonly clock = () => new Date(this.#now);

  /** Milliseconds since 1970. */
  get now(): number {
    return this.#now;
  }

  advance({ days = 0, seconds = 0, milliseconds = 0 }): void {
    this.#now += (days * 24 * 60 * 60 + seconds) * 1000 + milliseconds;
  }
}

export async function createKeyId(kms: Kms): Promise<string> {
  return (await kms.createKey({})).keyMetadata.keyId;
}
