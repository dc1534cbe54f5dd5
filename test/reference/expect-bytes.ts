import { expect } from "vitest";

/** `toEqual` for byte arrays, fast enough for a hundred thousand messages; it reports the first difference. */
export function expectBytes(actual: Uint8Array, expected: Uint8Array, message: string): void {
  if (!(actual instanceof Uint8Array)) expect.fail(`${message}: no Uint8Array but ${String(actual)}`);
  if (Buffer.compare(actual, expected) === 0) return;
  const at = expected.findIndex((byte, index) => byte !== actual[index]);
  const hex = (bytes: Uint8Array) => Buffer.from(bytes.subarray(Math.max(at, 0), Math.max(at, 0) + 16)).toString("hex");
  expect.fail(
    `${message}: ${actual.length} bytes, ${expected.length} expected; ` +
      `from byte ${at} on ${hex(actual)}, expected ${hex(expected)}`,
  );
}

/** A byte array of `length`, filled with a pattern, so that a test can see what was left alone. */
export function marked(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).fill(0xa5);
}

/** Every byte array of a record is still what its copy holds. */
export function expectUnmodified(given: Readonly<Record<string, Uint8Array>>, before: typeof given): void {
  expect(Object.keys(given)).toEqual(Object.keys(before));
  for (const [name, bytes] of Object.entries(given)) expectBytes(bytes, before[name]!, `the caller's ${name}`);
}

/** Copies of bytes in the kinds of array that callers have. Node's `Buffer` is one whose `slice` does not copy. */
export const arrayKinds: readonly [string, (bytes: Uint8Array) => Uint8Array][] = [
  ["Uint8Array", (bytes) => Uint8Array.from(bytes)],
  ["Buffer", (bytes) => Buffer.from(bytes)],
];
