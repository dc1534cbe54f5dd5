import { aesGcm } from "lanelock";
import { aesCbc, aesCtr } from "lanelock/unauthenticated";
import { afterAll, expect, test } from "vitest";
import { enter } from "../../src/engine/call.ts";
import { refusal } from "../contract/refusal.ts";
import { expectScratchWiped } from "../contract/wiping.ts";

// Lengths that operators of 32 bits would take for negative. The arrays are zeros that nobody writes to, so that they take addresses
// and hardly any memory.

const long = process.env.LANELOCK_LONG === "1";
const nonce = (first: number) => new Uint8Array(12).fill(first);
const data = new Uint8Array(40).fill(7);

const aead = aesGcm(new Uint8Array(32), { backend: "wasm" });
const next = aead.seal(nonce(9), data);

function expectNothingLeft(): void {
  const host = enter();
  expectScratchWiped();
  host.busy = false;
  expect(aead.seal(nonce(9), data)).toEqual(next);
}

test("sealMany and openMany take additional data of 2 GiB less 15 bytes", { timeout: 600_000 }, () => {
  const aad = new Uint8Array(2 ** 31 - 15);
  const sealed = aead.sealMany([
    { nonce: nonce(1), data },
    { nonce: nonce(2), data, aad },
  ]);
  expectNothingLeft();
  const opened = aead.openMany([
    { nonce: nonce(1), data: sealed[0]! },
    { nonce: nonce(2), data: sealed[1]!, aad },
  ]);
  expect(opened).toEqual([data, data]);
  expectNothingLeft();
  using native = aesGcm(new Uint8Array(32), { backend: "native" });
  expect(native.seal(nonce(2), data, { aad })).toEqual(sealed[1]);
});

// Two arrays of 2 GiB, one of them written to.
if (long) {
  test("openMany looks at a message of 2 GiB and more, and finds it forged", { timeout: 600_000 }, () => {
    const sealed = new Uint8Array(2 ** 31 + 16);
    const opened = aead.openMany([
      { nonce: nonce(9), data: next },
      { nonce: nonce(2), data: sealed },
    ]);
    expect(opened[0]).toEqual(data);
    expect(opened[1]).toMatchObject({ code: "ERR_AUTHENTICATION" });
    expectNothingLeft();
  });

  test("sealMany seals a record of 2 GiB as seal does", { timeout: 600_000 }, () => {
    const record = new Uint8Array(2 ** 31);
    const [first, second] = aead.sealMany([
      { nonce: nonce(1), data },
      { nonce: nonce(2), data: record },
    ]);
    expect(aead.open(nonce(1), first!)).toEqual(data);
    const stream = aead.sealStream(nonce(2));
    const part = record.subarray(0, 2 ** 26);
    for (let at = 0; at < record.length; at += part.length) {
      const piece = stream.update(part);
      expect(Buffer.compare(piece, second!.subarray(at, at + piece.length))).toBe(0);
    }
    expect(Buffer.compare(stream.final(), second!.subarray(2 ** 31))).toBe(0);
    expectNothingLeft();
  });
}

/** The longest array of this Node, if it can be had: 2^32 bytes in Node 20, more in later ones. */
function longestInput(): Uint8Array | undefined {
  try {
    return new Uint8Array(2 ** 32);
  } catch {
    return undefined;
  }
}

const longest = longestInput();

// Only where no array can hold the result: elsewhere it would take 4 GiB and a long time.
if (longest !== undefined && Number(process.versions.node.split(".")[0]) < 22) {
  test("a result that no array can hold is refused as such, and nothing is left", () => {
    using cbc = aesCbc(new Uint8Array(32));
    using native = aesGcm(new Uint8Array(32), { backend: "native" });
    for (const call of [
      () => aead.seal(nonce(1), longest),
      () => native.seal(nonce(1), longest),
      () => aead.sealMany([{ nonce: nonce(1), data: longest }]),
      () => cbc.encrypt(new Uint8Array(16), longest),
    ]) {
      const error = refusal("ERR_LIMIT", call);
      expect(error.message).toMatch(/memory/);
      expect(error.cause).toBeInstanceOf(RangeError);
      expectNothingLeft();
    }
  });
}

test("results of impossible lengths are refused where they are allocated", () => {
  const allocation = Uint8Array;
  const failing = new Proxy(Uint8Array, {
    construct: (target, given, newTarget) => {
      if (typeof given[0] === "number" && given[0] > 50_000) throw new RangeError("Array buffer allocation failed");
      return Reflect.construct(target, given, newTarget);
    },
  });
  using ctr = aesCtr(new Uint8Array(16), { backend: "wasm" });
  using cbc = aesCbc(new Uint8Array(16), { backend: "wasm" });
  const text = new Uint8Array(60_000);
  const [sealed, padded] = [aead.seal(nonce(1), text), cbc.encrypt(new Uint8Array(16), text)];
  const stream = aead.sealStream(nonce(1));
  for (const call of [
    () => aead.seal(nonce(1), text),
    () => aead.open(nonce(1), sealed),
    () => aead.sealMany([{ nonce: nonce(1), data: text }]),
    () => ctr.encrypt(new allocation(16), text),
    () => cbc.encrypt(new allocation(16), text),
    () => cbc.decrypt(new allocation(16), padded),
    () => stream.update(text),
  ]) {
    globalThis.Uint8Array = failing;
    try {
      refusal("ERR_LIMIT", call);
    } finally {
      globalThis.Uint8Array = allocation;
    }
    expectNothingLeft();
  }
  expect(Buffer.concat([stream.update(text), stream.final()])).toEqual(Buffer.from(sealed));
});

afterAll(() => aead.dispose());
