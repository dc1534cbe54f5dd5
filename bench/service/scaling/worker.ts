import { Kms } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";

export type Place = { readonly url: string } | { readonly path: string };

/** What a worker process is to do; its answer is one line of JSON. */
export interface Job {
  readonly store: Place;
  readonly seconds: number;
  /** When all processes of a measurement begin, in milliseconds since 1970; they warm up before. */
  readonly startAt: number;
  readonly work: "open" | "encrypt" | "createKey";
}

export interface OpenReport {
  readonly openMilliseconds: number;
  readonly openCpuMilliseconds: number;
  readonly residentMegabytes: number;
  readonly warmEncryptMicroseconds: number;
  readonly coldEncryptMilliseconds: number;
  readonly createKeyMilliseconds: number;
  /** The first 100 keys. */
  readonly listMilliseconds: number;
}

export const rootKey = () => new Uint8Array(32).fill(7);
const plaintext = new Uint8Array(32);

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;

async function timed(times: number, work: (i: number) => Promise<unknown>): Promise<number> {
  const all: number[] = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await work(i);
    all.push(performance.now() - start);
  }
  return median(all);
}

export async function runJob({ store, seconds, startAt, work }: Job): Promise<void> {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const kms = await Kms.open({ store: sqlStore(store), rootKey: rootKey(), sweepSeconds: false, audit: false });
  const openMilliseconds = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  try {
    if (work === "open") {
      globalThis.gc?.();
      const residentMegabytes = process.memoryUsage().rss / 2 ** 20;
      const { keys } = await kms.listKeys({ pageSize: 100 });
      const coldEncryptMilliseconds = await timed(50, (i) =>
        kms.encrypt({ keyId: keys[i + 1]?.keyId ?? "", plaintext }),
      );
      const keyId = keys[0]?.keyId ?? "";
      await kms.encrypt({ keyId, plaintext });
      const warm = await timed(20_000, () => kms.encrypt({ keyId, plaintext }));
      const listMilliseconds = await timed(9, () => kms.listKeys({ pageSize: 100 }));
      const createKeyMilliseconds = await timed(100, () => kms.createKey({}));
      const report: OpenReport = {
        ...{ openMilliseconds, openCpuMilliseconds: (user + system) / 1_000, residentMegabytes },
        ...{ warmEncryptMicroseconds: warm * 1_000, coldEncryptMilliseconds, createKeyMilliseconds, listMilliseconds },
      };
      console.log(JSON.stringify(report));
      return;
    }
    const { keys } = await kms.listKeys();
    const keyId = keys[0]?.keyId ?? "";
    const step = work === "encrypt" ? () => kms.encrypt({ keyId, plaintext }) : () => kms.createKey({});
    // The first calls compile, connect and reserve small blocks.
    for (let i = 0; i < (work === "encrypt" ? 20_000 : 20); i++) await step();
    const early = startAt - Date.now();
    if (early < 0) throw new Error(`the warm-up took ${-early} ms too long`);
    await new Promise((resolve) => setTimeout(resolve, early));
    const from = performance.now();
    let calls = 0;
    while (performance.now() - from < seconds * 1_000) {
      await step();
      calls++;
    }
    console.log(JSON.stringify({ perSecond: calls / ((performance.now() - from) / 1_000) }));
  } finally {
    await kms.close();
  }
}
