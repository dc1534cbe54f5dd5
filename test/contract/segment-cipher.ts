import { describe, expect, test } from "vitest";
import { notAuthentic } from "../../src/envelope/format/not-authentic.ts";
import { AES_256_GCM, SM4_GCM } from "../../src/envelope/format/suites.ts";
import type { MessageKeys } from "../../src/envelope/keys/message-keys.ts";
import type { SegmentBatch, SegmentCipher } from "../../src/envelope/segments/segment-cipher.ts";
import { nonceOf, sealSegment } from "../envelope/independent-format.ts";
import { seeded } from "../reference/seeded.ts";

// The contract of every segment cipher, on every thread.

const SIZE = 4_096;
const TAG = 16;

export interface SegmentCipherUnderTest {
  readonly name: string;
  readonly suite: 1 | 2;
  make(keys: MessageKeys): SegmentCipher | Promise<SegmentCipher>;
}

const refused = expect.objectContaining({ code: "ERR_AUTHENTICATION", message: notAuthentic().message });

export function segmentCipherContract({ name, suite, make }: SegmentCipherUnderTest): void {
  const random = seeded(`segments ${name}`);
  const segmentKey = random.bytes(suite === 1 ? 32 : 16);
  const noncePrefix = random.bytes(7);
  const plaintext = random.bytes(3 * SIZE + 100);

  const cipherOf = async (): Promise<SegmentCipher> => {
    const keys = { segmentKey: segmentKey.slice(), noncePrefix: noncePrefix.slice(), commitment: new Uint8Array(32) };
    const making = make({ ...keys, suite: suite === 1 ? AES_256_GCM : SM4_GCM, segmentSize: SIZE });
    // It copies the keys: they may be wiped as soon as it is there.
    const cipher = await making;
    for (const key of Object.values(keys)) key.fill(0);
    return cipher;
  };

  /** As docs/formats.md has it, by an implementation that is not ours. */
  const expected = ({ bytes, first, final }: SegmentBatch): Buffer => {
    const count = Math.max(1, Math.ceil(bytes.length / SIZE));
    const segments = Array.from({ length: count }, (_, i) => {
      const nonce = nonceOf(noncePrefix, first + i, final && i === count - 1);
      return sealSegment(suite, Buffer.from(segmentKey), nonce, bytes.subarray(i * SIZE, (i + 1) * SIZE));
    });
    return Buffer.concat(segments);
  };

  const roomFor = async (cipher: SegmentCipher) => {
    const room = cipher.reserve();
    if (room) await room;
  };
  const seal = async (cipher: SegmentCipher, run: SegmentBatch, into?: Uint8Array<ArrayBuffer>) => {
    await roomFor(cipher);
    return cipher.seal(run, into);
  };
  const open = async (cipher: SegmentCipher, run: SegmentBatch, into?: Uint8Array<ArrayBuffer>) => {
    await roomFor(cipher);
    return cipher.open(run, into);
  };

  const runs: SegmentBatch[] = [0, 1, 15, 16, 17, SIZE - 1, SIZE, SIZE + 1, 2 * SIZE, 3 * SIZE, 3 * SIZE + 100].map(
    (length) => ({
      bytes: plaintext.subarray(0, length),
      first: 0,
      final: true,
    }),
  );
  runs.push({ bytes: plaintext.subarray(0, SIZE), first: 0, final: false });
  runs.push({ bytes: plaintext.subarray(0, 2 * SIZE), first: 258, final: false });
  runs.push({ bytes: plaintext.subarray(0, 2 * SIZE), first: 2 ** 32 - 3, final: true });

  describe(name, () => {
    test("seals as the format says, and opens it again", async () => {
      const cipher = await cipherOf();
      for (const run of runs) {
        const sealed = await seal(cipher, run);
        expect(Buffer.compare(sealed, expected(run)), `${run.bytes.length} bytes at ${run.first}`).toBe(0);
        const opened = await open(cipher, { ...run, bytes: sealed });
        expect(Buffer.compare(opened, run.bytes)).toBe(0);
      }
      cipher.dispose();
    });

    test("writes to the front of `into` where it is given", async () => {
      const cipher = await cipherOf();
      const run = { bytes: plaintext, first: 7, final: true };
      const into = new Uint8Array(plaintext.length + 4 * TAG + 9).fill(0xee);
      const sealed = await seal(cipher, run, into);
      expect([sealed.buffer === into.buffer, sealed.byteOffset]).toEqual([true, 0]);
      expect(Buffer.compare(sealed, expected(run))).toBe(0);
      expect(into.subarray(sealed.length)).toEqual(new Uint8Array(9).fill(0xee));
      const opened = await open(cipher, { ...run, bytes: sealed.slice() }, into);
      expect(Buffer.compare(opened, plaintext)).toBe(0);
      cipher.dispose();
    });

    test("takes a run in before it returns: its bytes may change", async () => {
      const cipher = await cipherOf();
      const bytes = plaintext.slice(0, 2 * SIZE);
      const run = { bytes, first: 0, final: true };
      const wanted = expected(run);
      await roomFor(cipher);
      const sealing = cipher.seal(run);
      bytes.fill(0xff);
      const sealed = await sealing;
      expect(Buffer.compare(sealed, wanted)).toBe(0);
      await roomFor(cipher);
      const copy = sealed.slice();
      const opening = cipher.open({ bytes: copy, first: 0, final: true });
      copy.fill(0xff);
      expect(Buffer.compare(await opening, plaintext.subarray(0, 2 * SIZE))).toBe(0);
      cipher.dispose();
    });

    test("many runs at once give their own results", async () => {
      const cipher = await cipherOf();
      const all = Array.from({ length: 40 }, (_, i) => ({
        bytes: plaintext.subarray(i, i + SIZE),
        first: i,
        final: i === 39,
      }));
      const sealed = await Promise.all(all.map((run) => seal(cipher, run)));
      for (const [i, run] of all.entries()) expect(Buffer.compare(sealed[i] ?? run.bytes, expected(run))).toBe(0);
      cipher.dispose();
    });

    test("refuses segments that were changed, moved, cut or not the last, and wipes its output", async () => {
      const cipher = await cipherOf();
      const run = { bytes: plaintext.subarray(0, SIZE + 50), first: 4, final: true };
      const sealed = expected(run);
      const unit = SIZE + TAG;
      for (const at of [0, 1, SIZE - 1, SIZE, unit - 1, unit, unit + 49, unit + 50, sealed.length - 1]) {
        const spoilt = new Uint8Array(sealed);
        spoilt[at] = (spoilt[at] ?? 0) ^ 0x40;
        const into = new Uint8Array(sealed.length);
        await expect(open(cipher, { ...run, bytes: spoilt }, into), String(at)).rejects.toEqual(refused);
        expect(into.every((byte) => byte === 0)).toBe(true);
      }
      const wrong: SegmentBatch[] = [
        { ...run, bytes: sealed, first: 5 },
        { ...run, bytes: sealed, final: false },
        { ...run, bytes: sealed.subarray(0, -1) },
        { ...run, bytes: sealed.subarray(0, unit) },
        { ...run, bytes: sealed.subarray(0, unit + TAG - 1) },
        { ...run, bytes: sealed.subarray(0, TAG - 1) },
        { ...run, bytes: new Uint8Array(0) },
      ];
      for (const one of wrong) await expect(open(cipher, one)).rejects.toEqual(refused);
      expect(Buffer.compare(await open(cipher, { ...run, bytes: sealed }), run.bytes)).toBe(0);
      cipher.dispose();
    });

    test("works nothing after its end, which may come twice", async () => {
      const cipher = await cipherOf();
      cipher.dispose();
      cipher.dispose();
      const run = { bytes: plaintext.subarray(0, 10), first: 0, final: true };
      await expect(seal(cipher, run)).rejects.toMatchObject({ code: "ERR_STATE" });
      await expect(open(cipher, { ...run, bytes: expected(run) })).rejects.toMatchObject({ code: "ERR_STATE" });
    });
  });
}
