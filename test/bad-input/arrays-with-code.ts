// Byte arrays whose own properties or class have code in them.

/** The same bytes, said to be `claimed` many by a property of the array's own. */
export function lying(bytes: Uint8Array, claimed: number): Uint8Array {
  return Object.defineProperties(Uint8Array.from(bytes), {
    length: { value: claimed },
    byteLength: { value: claimed },
  });
}

function refuse(): never {
  throw new Error("code of the array's own was called");
}

/** An array all of whose methods, and those of its class, are not to be called. */
export class Guarded extends Uint8Array<ArrayBuffer> {
  static get [Symbol.species](): Uint8ArrayConstructor {
    return refuse();
  }
}
for (const name of Reflect.ownKeys(Object.getPrototypeOf(Uint8Array.prototype))) {
  if (name !== "constructor") Object.defineProperty(Guarded.prototype, name, { get: refuse, set: refuse });
}

export function guarded(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Guarded(Uint8Array.from(bytes).buffer);
}

export type Wrap = (bytes: Uint8Array) => Uint8Array;

/** Ways to make such an array of bytes, with their names. */
export const wraps: [string, Wrap][] = [
  ...[0, 1, 12, 16, 100, 65_536, 1_000_000, Number.NaN].map((claimed): [string, Wrap] => [
    `that claim ${claimed} bytes`,
    (bytes) => lying(bytes, claimed),
  ]),
  ["whose methods refuse", guarded],
];
