// A whole race: every contender must compute the same bytes before it is timed.
import { randomBytes } from "lanelock";
import { agreedWorks } from "./agreement.ts";
import { type Contenders, contenders, type Message } from "./contenders.ts";
import { measure, type Pace, type Pause, sampleLength } from "./measure.ts";
import {
  type Cipher,
  type Contender,
  type Effort,
  type Figures,
  type Machine,
  RECORD_BYTES,
  RECORDS,
  type RecordsContender,
  type Results,
  SIZES,
} from "./results.ts";

export interface RaceOptions {
  readonly cipher: Cipher;
  readonly effort: Effort;
  /** The length of the longest message, in bytes. */
  readonly largest: number;
}

export interface Progress {
  /** From 0 to 1. */
  readonly done: number;
  /** The size that is measured, in bytes; undefined while it is the records. */
  readonly bytes: number | undefined;
}

export interface Hooks {
  readonly pause: Pause;
  progress(progress: Progress): void;
}

const PACES: Readonly<Record<Effort, Pace>> = {
  quick: { rounds: 5, budget: 250 },
  thorough: { rounds: 31, budget: 3_000 },
};

/** The time that a size adds to a race, on no particular machine: long messages dominate. */
const weight = (bytes: number): number => 1 + bytes / 1_048_576;

type Timing = Parameters<typeof measure>[1];

async function raceSize(seal: Contenders["seal"], bytes: number, timing: Timing): Promise<Map<Contender, Figures>> {
  const input: Message = { nonce: randomBytes(12), data: randomBytes(bytes) };
  const list = (sealed: unknown) => [sealed as Uint8Array];
  return measure(
    await agreedWorks<Contender, Message>(seal, { input, work: `${bytes} bytes`, list }, timing.pause),
    timing,
  );
}

async function raceRecords(sealAll: Contenders["sealAll"], timing: Timing): Promise<Map<RecordsContender, Figures>> {
  const input = Array.from({ length: RECORDS }, () => ({ nonce: randomBytes(12), data: randomBytes(RECORD_BYTES) }));
  const list = (sealed: unknown) => sealed as readonly Uint8Array[];
  const asked = { input, work: "records", list };
  return measure(await agreedWorks<RecordsContender, readonly Message[]>(sealAll, asked, timing.pause), timing);
}

/**
 * @throws Disagreement if a contender computes something else; LanelockError `ERR_WASM` if the browser cannot run the engine;
 *   and what `pause` throws
 */
export async function race(
  { cipher, effort, largest }: RaceOptions,
  machine: Machine,
  { pause, progress }: Hooks,
): Promise<Results> {
  const sizes = SIZES.filter((bytes) => bytes <= largest);
  const { seal, sealAll, dispose } = await contenders(cipher, randomBytes(cipher === "aes" ? 32 : 16));
  try {
    const timing = { pace: PACES[effort], length: sampleLength(), pause };
    const total = sizes.reduce((sum, bytes) => sum + weight(bytes), 1);
    progress({ done: 0, bytes: undefined });
    const records = await raceRecords(sealAll, timing);
    const curves = new Map([...seal.keys()].map((name): [Contender, Figures[]] => [name, []]));
    let done = 1;
    for (const bytes of sizes) {
      progress({ done: done / total, bytes });
      for (const [name, figures] of await raceSize(seal, bytes, timing)) curves.get(name)?.push(figures);
      done += weight(bytes);
    }
    const day = new Date().toISOString().slice(0, 10);
    return { cipher, effort, machine, day, sizes, curves, records };
  } finally {
    dispose();
  }
}
