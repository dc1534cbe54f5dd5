import { runInNewContext } from "node:vm";

/** What is thrown in the place of a call. Drivers, file systems and test environments have thrown each of these kinds. */
export const FOREIGN: readonly (readonly [name: string, thrown: () => unknown])[] = [
  ["an Error", () => new Error("no such thing")],
  ["a string", () => "no such thing"],
  ["undefined", () => undefined],
  ["an Error of another realm", () => runInNewContext("Object.assign(new Error('elsewhere'), { code: 'EACCES' })")],
  ["an Error with a number for a code", () => Object.assign(new Error("odd"), { code: 17 })],
  ["an Error with an unknown code", () => Object.assign(new TypeError("odd"), { code: "ERR_TYPO" })],
  ["an object without prototype", () => Object.assign(Object.create(null), { message: 7 })],
  ["an object that cannot be read", () => Object.defineProperty({}, "code", { get: () => fail("no code for you") })],
  ["a symbol", () => Symbol("no")],
  ["null", () => null],
];

function fail(reason: string): never {
  throw new Error(reason);
}

/** Counts the calls that pass through it, and makes one of them fail: before it is done, or after. */
export class FaultInjector {
  #at = 0;
  #when: "before" | "after" = "before";
  #thrown: () => unknown = () => undefined;
  calls = 0;
  fired: string | undefined;

  arm(at: number, when: "before" | "after", thrown: () => unknown): void {
    this.#at = at;
    this.#when = when;
    this.#thrown = thrown;
    this.calls = 0;
    this.fired = undefined;
  }

  disarm(): void {
    this.arm(0, "before", () => undefined);
  }

  /** @param discard gets the result of a call that is done, and then reported as failed */
  call<T>(name: string, work: () => T, discard: (result: unknown) => void = () => undefined): T {
    this.calls += 1;
    if (this.calls !== this.#at) return work();
    this.fired = `${name}, ${this.#when}`;
    if (this.#when === "after") {
      const done = work();
      if (done instanceof Promise) {
        return done.then((result) => {
          discard(result);
          throw this.#thrown();
        }) as T;
      }
    }
    throw this.#thrown();
  }
}
