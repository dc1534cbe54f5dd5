import { before, type Deadline } from "./deadline.ts";

/**
 * One at a time, in order. SoftHSM 2.6.1 fails with CKR_GENERAL_ERROR when a token object is written while another session of
 * the process searches for objects, so searches and creations on one token take turns.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** The deadline is for the waiting; work that has begun goes on. */
  async take<T>(deadline: Omit<Deadline, "what">, work: () => T | Promise<T>): Promise<T> {
    const previous = this.#last;
    let finish: () => void = () => undefined;
    this.#last = new Promise<void>((resolve) => {
      finish = resolve;
    });
    try {
      await before({ ...deadline, what: "The token's objects were not free" }, previous);
    } catch (reason) {
      previous.finally(finish);
      throw reason;
    }
    try {
      return await work();
    } finally {
      finish();
    }
  }
}
