/** One way to do what a case measures. Async where the API is. */
export interface Contender {
  readonly name: string;
  readonly run: () => Uint8Array | undefined | Promise<Uint8Array | undefined>;
}

/** What the first contender, lanelock, has to reach against another: its speed over the other's, in one run. */
export interface Bar {
  readonly against: string;
  readonly atLeast: number;
  /** Major versions of Node on which it holds; all unless given. */
  readonly nodes?: readonly number[];
}

/** Contenders that do the same work on the same input; the first is lanelock. */
export interface Case {
  readonly name: string;
  /** Bytes of input to one operation. */
  readonly bytes: number;
  readonly contenders: readonly Contender[];
  readonly bars?: readonly Bar[];
  /** Rounds to measure where `--rounds` does not say: fewer where one operation takes long. */
  readonly rounds?: number;
  /** False where outputs differ by design (random nonces); otherwise they are compared before anything is timed. */
  readonly sameOutput?: false;
}
