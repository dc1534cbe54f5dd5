import { LanelockError } from "../../errors.ts";
import { performance } from "../../shared/timers.ts";

/** Failures in a row after which the circuit opens. */
const failuresToOpen = 5;
/** How long it stays open at first, in ms. The time doubles with each trial that fails, up to the longest. */
const firstMs = 500;
const longestMs = 30_000;

/** What an error says about the key manager: it failed, it answered, or nothing (the caller gave up). */
export type Verdict = "failed" | "answered" | "nothing";

/**
 * A circuit breaker: while a key manager is down, callers fail at once instead of waiting for it. After a time, one call goes through
 * as a trial.
 */
export class Circuit {
  readonly #name: string;
  #failures = 0;
  #openForMs = 0;
  #openUntil = 0;
  #onTrial = false;

  /** @param name of the key manager, for the message */
  constructor(name: string) {
    this.#name = name;
  }

  /** @throws LanelockError `ERR_PROVIDER` while the circuit is open */
  async through<T>(call: () => Promise<T>, judge: (error: unknown) => Verdict): Promise<T> {
    const isTrial = this.#enter();
    try {
      const result = await call();
      this.#answered();
      return result;
    } catch (error) {
      const verdict = judge(error);
      if (verdict === "failed") this.#failed(isTrial);
      if (verdict === "answered") this.#answered();
      throw error;
    } finally {
      if (isTrial) this.#onTrial = false;
    }
  }

  /** @returns whether this call is the trial of an open circuit */
  #enter(): boolean {
    if (this.#openForMs === 0) return false;
    const wait = this.#openUntil - performance.now();
    if (wait <= 0 && !this.#onTrial) {
      this.#onTrial = true;
      return true;
    }
    const when = wait > 0 ? `in ${Math.ceil(wait)} ms` : "by a call that is under way";
    const message = `The key manager ${this.#name} has failed ${this.#failures} times in a row; it is tried again ${when}.`;
    throw new LanelockError("ERR_PROVIDER", message);
  }

  #answered(): void {
    this.#failures = 0;
    this.#openForMs = 0;
  }

  #failed(isTrial: boolean): void {
    this.#failures += 1;
    const isOpen = this.#openForMs > 0;
    if (this.#failures < failuresToOpen || (isOpen && !isTrial)) return;
    this.#openForMs = isOpen ? Math.min(this.#openForMs * 2, longestMs) : firstMs;
    this.#openUntil = performance.now() + this.#openForMs;
  }
}
