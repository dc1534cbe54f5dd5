/** A synchronous call longer than this, in ms, shows that the token is not quick. */
const slowCall = 5;
/** Calls through the thread pool that must have been quick, one after the other, before calls are made synchronously. */
const quickStreak = 3;
/** ... and each of them at most so long, in ms, with the way to the thread pool and back. */
const quickCall = 2;
/** How long, in ms, synchronous calls may follow each other before the event loop gets a turn. */
const turnBudget = 8;

/**
 * Decides whether a short operation is called synchronously or in the thread pool. A software token does AES-GCM in tens of
 * microseconds, and the way to the thread pool and back costs as much again; one behind a network may take milliseconds or
 * hang. Every token starts as slow and proves otherwise, and no run of synchronous calls keeps the event loop for long.
 */
export class Pace {
  #streak = 0;
  #quick = false;
  /** When the first synchronous call since the event loop's last turn began, or 0. */
  #turnBegan = 0;

  /** Whether the next operation may be called synchronously. */
  get quick(): boolean {
    return this.#quick && (this.#turnBegan === 0 || performance.now() - this.#turnBegan < turnBudget);
  }

  /** @param began `performance.now()` before the call */
  calledSynchronously(began: number): void {
    if (performance.now() - began > slowCall) {
      this.#quick = false;
      this.#streak = 0;
    }
    if (this.#turnBegan !== 0) return;
    this.#turnBegan = began;
    setImmediate(() => {
      this.#turnBegan = 0;
    });
  }

  calledInThreadPool(began: number): void {
    this.#streak = performance.now() - began <= quickCall ? this.#streak + 1 : 0;
    if (this.#streak >= quickStreak) this.#quick = true;
  }
}
