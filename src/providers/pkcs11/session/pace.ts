import { performance, setImmediate } from "../../../shared/timers.ts";

/**
 * A synchronous call that takes longer than this, in ms, is slow. A token is slow after so many slow calls in a row, since any one
 * may have waited for the processor; or after one call of ten times the length.
 */
const slowCall = 5;
const slowStreak = 3;
/** Calls in the thread pool after which a token may count as quick ... */
const trials = 3;
/** ... if one of them took at most this, in ms, with the way there and back. A busy machine delays some of them. */
const quickCall = 2;
/** How long, in ms, synchronous calls may follow one another before the event loop gets a turn. */
const turnBudget = 8;

/**
 * Decides whether a short operation is called synchronously or in the thread pool. A software token does AES-GCM in tens of
 * microseconds, and the way to the thread pool and back costs as much again; a token behind a network may take milliseconds or
 * hang. Every token counts as slow until it has been quick, and no series of synchronous calls blocks the event loop for long.
 */
export class Pace {
  #quick = false;
  #slowInARow = 0;
  #tried = 0;
  #shortest = Number.POSITIVE_INFINITY;
  /** When the first synchronous call since the event loop's last turn began, or 0. */
  #turnBegan = 0;

  /** Whether operations are called synchronously: now, or in the next turn of the event loop if this one has lasted long enough. */
  get quick(): "now" | "next turn" | undefined {
    if (!this.#quick) return undefined;
    return this.#turnBegan === 0 || performance.now() - this.#turnBegan < turnBudget ? "now" : "next turn";
  }

  /** @param began `performance.now()` before the call */
  calledSynchronously(began: number): void {
    const taken = performance.now() - began;
    this.#slowInARow = taken > slowCall ? this.#slowInARow + 1 : 0;
    if (this.#slowInARow >= slowStreak || taken > 10 * slowCall) this.#takeAsSlow();
    if (this.#turnBegan !== 0) return;
    this.#turnBegan = began;
    setImmediate(() => {
      this.#turnBegan = 0;
    });
  }

  calledInThreadPool(began: number): void {
    if (this.#quick) return;
    this.#tried += 1;
    this.#shortest = Math.min(this.#shortest, performance.now() - began);
    if (this.#tried < trials) return;
    this.#quick = this.#shortest <= quickCall;
    this.#tried = 0;
    this.#shortest = Number.POSITIVE_INFINITY;
  }

  #takeAsSlow(): void {
    this.#quick = false;
    this.#slowInARow = 0;
  }
}
