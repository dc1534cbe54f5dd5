/** The speed of late: over the last two seconds, so that it follows and does not flicker. */
const WINDOW_MILLISECONDS = 2_000;
const REPORT_MILLISECONDS = 100;

export interface Reading {
  readonly bytes: number;
  /** 0 until there is something to measure. */
  readonly bytesPerSecond: number;
}

/** Counts bytes, and reports them at most ten times a second. */
export class Meter {
  readonly #report: (reading: Reading) => void;
  readonly #now: () => number;
  readonly #marks: { readonly at: number; readonly bytes: number }[];
  #bytes = 0;
  #reported: number;

  constructor(report: (reading: Reading) => void, now: () => number = () => performance.now()) {
    this.#report = report;
    this.#now = now;
    this.#reported = now();
    this.#marks = [{ at: this.#reported, bytes: 0 }];
    report({ bytes: 0, bytesPerSecond: 0 });
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    const at = this.#now();
    if (at - this.#reported < REPORT_MILLISECONDS) return;
    this.#reported = at;
    this.#marks.push({ at, bytes: this.#bytes });
    while (this.#marks.length > 2 && at - (this.#marks[1]?.at ?? at) >= WINDOW_MILLISECONDS) this.#marks.shift();
    const [first] = this.#marks;
    const bytesPerSecond = first ? ((this.#bytes - first.bytes) * 1_000) / (at - first.at) : 0;
    this.#report({ bytes: this.#bytes, bytesPerSecond });
  }
}
