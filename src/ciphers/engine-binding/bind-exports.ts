/** The exports of a module for one block cipher, under names without its prefix: `aesGcmSeal` is `gcmSeal`. */
export type Unprefixed<Exports, Prefix extends string> = {
  readonly [Name in keyof Exports as Name extends `${Prefix}${infer Rest}` ? Uncapitalize<Rest> : never]: Exports[Name];
};

/** What `rest` returns, with the exports of a module whose names begin with `prefix`. The module is loaded when it is first called. */
export function bindExports<Exports extends object, Prefix extends string, Rest extends object>(
  prefix: Prefix,
  module: () => Exports,
  rest: () => Rest,
): () => Rest & Unprefixed<Exports, Prefix> {
  let bound: (Rest & Unprefixed<Exports, Prefix>) | undefined;
  return () => {
    if (bound !== undefined) return bound;
    const exports = Object.entries(module())
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.charAt(prefix.length).toLowerCase() + name.slice(prefix.length + 1), value]);
    const functions: Unprefixed<Exports, Prefix> = Object.fromEntries(exports);
    // Spread, not filled key by key: V8 would keep such an object as a dictionary, and look up every call in it.
    bound = { ...rest(), ...functions };
    return bound;
  };
}
