/** Runs one task at a time, in the order of the calls. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param wait bounds the wait for the turn, for example by a deadline. When it rejects, the task does not run; its turn passes
   * to the next task. A task that has begun is never interrupted.
   */
  async run<T>(
    task: () => T | Promise<T>,
    wait: (turn: Promise<unknown>) => Promise<unknown> = (turn) => turn,
  ): Promise<T> {
    const previous = this.#last;
    let finish: () => void = () => undefined;
    this.#last = new Promise<void>((resolve) => {
      finish = resolve;
    });
    try {
      await wait(previous);
    } catch (reason) {
      previous.finally(finish);
      throw reason;
    }
    try {
      return await task();
    } finally {
      finish();
    }
  }
}
