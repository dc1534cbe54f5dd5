/** Which call fails, counted from 0 since the last reset, and what it throws. */
export interface Failing {
  made: string[];
  failsAt: (name: string, index: number) => boolean;
  thrown: unknown;
}

/**
 * An object whose every method is counted and can fail: `node:crypto`, WebCrypto's `subtle`, and what they return (an ECDH).
 *
 * @param later names of methods that fail by a rejected promise; the others throw
 */
export function failing<T extends object>(real: T, state: Failing, later: (name: string) => boolean): T {
  return new Proxy(real, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function" || typeof property !== "string") return value;
      return (...parameters: unknown[]) => {
        const index = state.made.push(property) - 1;
        if (!state.failsAt(property, index)) {
          const result: unknown = value.apply(target, parameters);
          const isEcdh = property === "createECDH" && typeof result === "object" && result !== null;
          return isEcdh ? failing(result, state, later) : result;
        }
        const callback = parameters.at(-1);
        if (typeof callback === "function" && index % 2 === 0) return callback(state.thrown ?? new Error("no reason"));
        if (later(property) && index % 2 === 0) return Promise.reject(state.thrown);
        throw state.thrown;
      };
    },
  });
}
