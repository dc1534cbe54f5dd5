// The Monte Carlo Test of AESAVS §6.4 for ECB and CBC. The standard writes encryption and decryption as two algorithms;
// they are one, with plaintext and ciphertext exchanged.

/** One block in, one block out. In CBC each block is chained to the one before it. */
export type BlockStep = (block: Uint8Array) => Uint8Array;

/** Starts a run of blocks under one key; CBC has an IV, ECB none. */
export type StartRun = (key: Uint8Array, iv: Uint8Array | undefined) => BlockStep;

export interface MonteCarloSeed {
  readonly key: Uint8Array;
  readonly iv?: Uint8Array | undefined;
  readonly text: Uint8Array;
}

interface RoundEnd {
  /** The outputs of steps 998 and 999. */
  readonly last: readonly [Uint8Array, Uint8Array];
  readonly nextText: Uint8Array;
}

/** A thousand steps: ECB feeds each output back, CBC the output before it, the IV standing in before the first. */
function round(step: BlockStep, { iv, text }: MonteCarloSeed): RoundEnd {
  let input = text;
  let previous: Uint8Array = iv ?? new Uint8Array(16);
  let output: Uint8Array = previous;
  for (let index = 0; index < 1000; index++) {
    previous = output;
    output = Uint8Array.from(step(input));
    input = iv === undefined ? output : previous;
  }
  return { last: [previous, output], nextText: input };
}

/** The outputs of `rounds` rounds of 1,000 steps, each under the key that the one before it leads to. */
export function monteCarlo(start: StartRun, seed: MonteCarloSeed, rounds: number): Uint8Array[] {
  const results: Uint8Array[] = [];
  let current = seed;
  for (let done = 0; done < rounds; done++) {
    const { key, iv } = current;
    const { last, nextText } = round(start(key, iv), current);
    const mask = Uint8Array.from([...last[0], ...last[1]]).subarray(32 - key.length);
    results.push(last[1]);
    current = { key: key.map((byte, index) => byte ^ (mask[index] ?? 0)), iv: iv && last[1], text: nextText };
  }
  return results;
}
