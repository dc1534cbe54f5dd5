/** Steps that undo changes, the last one first. */
export class Undo {
  readonly #steps: (() => Promise<unknown>)[] = [];

  add(step: () => Promise<unknown>): void {
    this.#steps.push(step);
  }

  /** Undoes as much as possible. Ignores errors: the error that led here is the one to report. */
  async run(): Promise<void> {
    for (const step of this.#steps.reverse()) await step().catch(() => {});
  }
}
