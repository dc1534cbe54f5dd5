import { abortable } from "../../shared/abortable.ts";

interface Flight<T> {
  readonly landed: Promise<T>;
  readonly abort: AbortController;
  waiting: number;
}

/** Calls that several callers can wait for: one at a time for each id, aborted when nobody waits any more. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /** Waits for the call in progress for this id; `undefined` if there is none. */
  join(id: string, signal: AbortSignal | undefined): Promise<T> | undefined {
    const flight = this.#flights.get(id);
    return flight && this.#wait(id, flight, signal);
  }

  /** Starts the call for this id, and waits for it. */
  lead(id: string, signal: AbortSignal | undefined, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const abort = new AbortController();
    const landed = call(abort.signal).finally(() => this.#forget(id, flight));
    landed.catch(() => {});
    const flight: Flight<T> = { landed, abort, waiting: 0 };
    this.#flights.set(id, flight);
    return this.#wait(id, flight, signal);
  }

  abortAll(reason: unknown): void {
    for (const { abort } of this.#flights.values()) abort.abort(reason);
    this.#flights.clear();
  }

  async #wait(id: string, flight: Flight<T>, signal: AbortSignal | undefined): Promise<T> {
    flight.waiting += 1;
    try {
      return await abortable(flight.landed, signal);
    } finally {
      flight.waiting -= 1;
      if (flight.waiting === 0 && signal?.aborted) {
        this.#forget(id, flight);
        flight.abort.abort(signal.reason);
      }
    }
  }

  #forget(id: string, flight: Flight<T>): void {
    if (this.#flights.get(id) === flight) this.#flights.delete(id);
  }
}
