import type { ModuleOptions } from "lanelock/pkcs11";
import { Pkcs11Module } from "../../src/providers/pkcs11/session/module.ts";

export interface CallRecord {
  /** The functions called, in order. */
  made: string[];
  /** Whether a call fails, by its name and its place in `made`. */
  failing: ((name: string, index: number) => boolean) | undefined;
  thrown: unknown;
  /** Looks at a call's parameters before it, and may answer in its place. */
  instead: ((name: string, parameters: readonly unknown[], real: () => unknown) => unknown) | undefined;
}

/** Counts the calls of a module's functions in this process, and lets some of them fail. The real token answers the others. */
export async function instrument(options: ModuleOptions): Promise<CallRecord> {
  const { api } = await Pkcs11Module.load(options);
  const state: CallRecord = { made: [], failing: undefined, thrown: undefined, instead: undefined };
  const names = [api, Object.getPrototypeOf(api)].flatMap((one) => Object.getOwnPropertyNames(one));
  for (const name of new Set(names.filter((one) => one.startsWith("C_")))) {
    const original: unknown = Reflect.get(api, name);
    if (typeof original !== "function") continue;
    Reflect.set(api, name, (...parameters: unknown[]) => {
      state.made.push(name);
      const real = () => original.apply(api, parameters);
      if (!state.failing?.(name, state.made.length - 1)) {
        return state.instead ? state.instead(name, parameters, real) : real();
      }
      // What is closed is closed, whatever the call says.
      if (name === "C_CloseSession") real();
      if (name.endsWith("Async") && state.made.length % 2 === 0) return Promise.reject(state.thrown);
      throw state.thrown;
    });
  }
  return state;
}
