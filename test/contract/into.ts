import { expect } from "vitest";
import { expectBytes, marked } from "../reference/expect-bytes.ts";
import { refusal } from "./refusal.ts";

/** One operation that can write to `into`, and the bytes it must give. */
export interface Writer {
  readonly name: string;
  readonly expected: Uint8Array;
  write(into?: Uint8Array): Uint8Array;
}

/** `into` of exactly the right size, larger, and inside a larger buffer; nothing outside the result is touched. */
export function expectIntoRules({ name, expected, write }: Writer): void {
  expectBytes(write(), expected, `${name} without into`);
  for (const extra of [0, 1, 15, 16, 4096]) {
    for (const offset of [0, 1, 16]) {
      const buffer = marked(offset + expected.length + extra + 7);
      const into = buffer.subarray(offset, offset + expected.length + extra);
      const written = write(into);
      const label = `${name}, ${extra} bytes to spare, offset ${offset}`;
      expectBytes(written, expected, label);
      expect(written.buffer, label).toBe(buffer.buffer);
      expect([written.byteOffset, written.length], label).toEqual([offset, expected.length]);
      const untouched = [...buffer.subarray(0, offset), ...buffer.subarray(offset + expected.length)];
      expect(
        untouched.every((byte) => byte === 0xa5),
        `${label}: bytes around the result`,
      ).toBe(true);
    }
  }
}

/** Too small an `into` is refused with the size it needs, and left as it was. */
export function expectTooSmallRefused({ name, expected, write }: Writer): void {
  for (const length of new Set([0, 1, expected.length >> 1, expected.length - 1])) {
    if (length < 0 || length >= expected.length) continue;
    const into = marked(length);
    const error = refusal("ERR_BUFFER", () => write(into), `${name} into ${length} bytes`);
    expect(error.message).toContain(String(expected.length));
    expectBytes(into, marked(length), `${name}: into after the refusal`);
  }
}

/** Results stand alone: writing over one, or over the whole buffer it lies in, changes no other. */
export function expectResultsIndependent(first: () => Uint8Array, second: () => Uint8Array): void {
  const results = [first(), second(), first(), second()];
  const copies = results.map((result) => Uint8Array.from(result));
  for (const [index, result] of results.entries()) {
    new Uint8Array(result.buffer).fill(0xee);
    for (let later = index + 1; later < results.length; later++) {
      expectBytes(results[later]!, copies[later]!, `result ${later} after result ${index} was written over`);
    }
  }
  expectBytes(first(), copies[0]!, "the next result");
}
