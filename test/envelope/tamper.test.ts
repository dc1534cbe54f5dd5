import { envelope, type LanelockError } from "lanelock/envelope";
import { describe, expect, test } from "vitest";
import { chunksOf, readUntilFailure, streamOf } from "./collect.ts";
import { FixedKms } from "./fixed-kms.ts";
import { vectorPlaintext } from "./vector-cases.ts";

// Nothing unverified leaves: every bit and every length of a message of two segments, and every way to put segments together.

const wrappedKey = new Uint8Array(96).fill(9);
const HEADER = 72 + wrappedKey.length;
const SEGMENT = 4_096;
const UNIT = SEGMENT + 16;
const refusal = { code: "ERR_AUTHENTICATION" };

const suites = [
  { name: "AES", keySpec: "Aliyun_AES_256", backend: "native" as const },
  { name: "AES", keySpec: "Aliyun_AES_256", backend: "wasm" as const },
  { name: "SM4", keySpec: "Aliyun_SM4", backend: "wasm" as const },
];

describe.each(suites)("$name, $backend", ({ keySpec, backend }) => {
  const kms = new FixedKms(new Uint8Array(32).fill(3), wrappedKey, keySpec);
  const files = envelope(kms, { keyId: "key-fixed", segmentSize: SEGMENT, cache: true, backend });
  const plaintext = vectorPlaintext(SEGMENT + 40);

  const refused = async (message: Uint8Array): Promise<LanelockError> => {
    const error = await files.open(message).then(
      () => undefined,
      (reason) => reason,
    );
    expect(error).toMatchObject(refusal);
    return error;
  };

  /** What the stream let out before it failed, which must be whole segments that were not touched. */
  const refusedAsStream = async (message: Uint8Array, intactSegments: number): Promise<void> => {
    const { bytes, error } = await readUntilFailure(streamOf([message]).pipeThrough(files.openStream()));
    expect(error).toMatchObject(refusal);
    expect(bytes.length % SEGMENT).toBe(0);
    expect(bytes.length).toBeLessThanOrEqual(intactSegments * SEGMENT);
    expect(Buffer.compare(bytes, plaintext.subarray(0, bytes.length))).toBe(0);
  };

  test("any flipped bit is one and the same error", async () => {
    const said = new Set<string>();
    const flip = async (message: Uint8Array, bit: number, intactSegments: number) => {
      const at = bit >> 3;
      message[at] = (message[at] ?? 0) ^ (1 << (bit & 7));
      said.add((await refused(message)).message);
      if (bit % 8 === 0) await refusedAsStream(message, intactSegments);
      message[at] = (message[at] ?? 0) ^ (1 << (bit & 7));
    };
    const short = await files.seal(plaintext.subarray(0, 40));
    for (let bit = 0; bit < short.length * 8; bit++) await flip(short, bit, 0);
    expect(await files.open(short)).toEqual(plaintext.subarray(0, 40));
    const message = await files.seal(plaintext);
    for (let at = HEADER; at < message.length; at++)
      await flip(message, at * 8 + (at % 61 === 0 ? 0 : 1 + (at % 7)), at < HEADER + UNIT ? 0 : 1);
    expect(await files.open(message)).toEqual(plaintext);
    expect(said.size).toBe(1);
  });

  test("any cut is an error, whole, as a stream and for every range", async () => {
    const message = await files.seal(plaintext);
    for (let length = 0; length < message.length; length++) {
      const cut = message.slice(0, length);
      await refused(cut);
      await expect(files.openRange(cut, 0, 0)).rejects.toMatchObject(refusal);
      if (length % 64 === 3) await refusedAsStream(cut, length < HEADER + UNIT ? 0 : 1);
    }
  });

  test("segments dropped, repeated, swapped, appended or taken from another message", async () => {
    const long = vectorPlaintext(4 * SEGMENT);
    const [message, other] = [await files.seal(long), await files.seal(long)];
    const segments = (of: Uint8Array) =>
      [0, 1, 2, 3].map((i) => of.subarray(HEADER + i * UNIT, HEADER + (i + 1) * UNIT));
    const own = segments(message);
    const foreign = segments(other);
    const header = message.subarray(0, HEADER);
    const orders: number[][] = [];
    for (let length = 0; length <= 5; length++) {
      for (let code = 0; code < 4 ** length; code++) {
        orders.push(Array.from({ length }, (_, i) => Math.floor(code / 4 ** i) % 4));
      }
    }
    let opened = 0;
    for (const order of orders) {
      const mixed = Buffer.concat([header, ...order.map((i) => own[i] ?? header)]);
      if (order.join() === "0,1,2,3") {
        expect(await files.open(mixed)).toEqual(long);
        opened += 1;
      } else await refused(mixed);
    }
    expect([opened, orders.length]).toEqual([1, 1_365]);
    for (let which = 1; which < 16; which++) {
      const mixed = [0, 1, 2, 3].map((i) => (which & (1 << i) ? foreign : own)[i] ?? header);
      await refused(Buffer.concat([header, ...mixed]));
      if (which < 15) await refused(Buffer.concat([other.subarray(0, HEADER), ...mixed]));
    }
    for (const extra of [1, 16, 17, UNIT]) await refused(Buffer.concat([message, new Uint8Array(extra)]));
    const emptyEnd = await files.seal(new Uint8Array(0));
    await refused(Buffer.concat([message, emptyEnd.subarray(HEADER)]));
  });

  test("the header of another message, another data key, another context", async () => {
    const [message, other] = [await files.seal(plaintext), await files.seal(plaintext)];
    await refused(Buffer.concat([other.subarray(0, HEADER), message.subarray(HEADER)]));
    const otherKms = new FixedKms(new Uint8Array(32).fill(4), wrappedKey, keySpec);
    await expect(envelope(otherKms, { backend }).open(message)).rejects.toMatchObject(refusal);
    const otherContext = envelope(kms, { backend, encryptionContext: { table: "orders" } });
    await expect(otherContext.open(message)).rejects.toMatchObject(refusal);
    const { bytes, error } = await readUntilFailure(streamOf([message]).pipeThrough(otherContext.openStream()));
    expect([bytes.length, error]).toEqual([0, expect.objectContaining(refusal)]);
    const shortKms = new FixedKms(new Uint8Array(16).fill(3), wrappedKey, keySpec);
    await expect(envelope(shortKms, { backend }).open(message)).rejects.toMatchObject(refusal);
  });

  test("a stream releases the segments before the changed one, and nothing of it", async () => {
    const long = vectorPlaintext(6 * SEGMENT + 7);
    const message = await files.seal(long);
    for (let segment = 0; segment <= 6; segment++) {
      const spoilt = message.slice();
      const at = HEADER + segment * UNIT + 5;
      spoilt[at] = (spoilt[at] ?? 0) ^ 0x10;
      for (const chunk of [1_000, UNIT, 100_000]) {
        const stream = streamOf(chunksOf(spoilt, chunk)).pipeThrough(files.openStream());
        const { bytes, error } = await readUntilFailure(stream);
        expect(error).toMatchObject(refusal);
        expect(bytes.length).toBeLessThanOrEqual(segment * SEGMENT);
        expect(Buffer.compare(bytes, long.subarray(0, bytes.length))).toBe(0);
      }
    }
  });
});
