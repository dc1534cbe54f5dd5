import type { Memcheck } from "./memcheck.ts";

/** A piece of work and what memcheck said of it. */
export interface Watched {
  readonly name: string;
  /** How often a jump or an address depended on a secret. */
  readonly reports: number;
  /** How often one may: once for each verdict that it gives away, or as the list of declassified values says. */
  readonly allowed: number;
  /** How often one must at least: for controls, and where there is a verdict. */
  readonly expected: number;
}

export interface Expected {
  readonly allowed: number;
  readonly expected?: number;
}

export class Watch {
  readonly results: Watched[] = [];
  readonly #memcheck: Memcheck;

  constructor(memcheck: Memcheck) {
    this.#memcheck = memcheck;
  }

  /** Runs `work` and counts; it says what it may give away. */
  async over(name: string, work: () => Expected | Promise<Expected>): Promise<void> {
    this.#memcheck.note(name);
    const before = this.#memcheck.errors();
    const { allowed, expected = 0 } = await work();
    this.results.push({ name, reports: this.#memcheck.errors() - before, allowed, expected });
  }
}
