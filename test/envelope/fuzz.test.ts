import { envelope, LanelockError } from "lanelock/envelope";
import { expect, test } from "vitest";
import { seeded } from "../reference/seeded.ts";
import { chunksOf, readUntilFailure, streamOf } from "./collect.ts";
import { FixedKms } from "./fixed-kms.ts";

const long = process.env.LANELOCK_LONG === "1";
const seed = `${Date.now()}`;
const SEGMENT = 2 ** 16;
const UNIT = SEGMENT + 16;
const HEADER = 168;

const kms = new FixedKms(new Uint8Array(32).fill(3), new Uint8Array(96).fill(9));
const sm4 = new FixedKms(new Uint8Array(32).fill(3), new Uint8Array(96).fill(9), "Aliyun_SM4");
const shared = { keyId: "key-fixed", cache: true };

test.each([
  { name: "on this thread", files: envelope(kms, shared), times: 1 },
  { name: "AES on two threads", files: envelope(kms, { ...shared, backend: "native", workers: 2 }), times: 0.5 },
  { name: "SM4 on two threads", files: envelope(sm4, { ...shared, workers: 2 }), times: 0.5 },
])(
  "random damage to messages of 100 segments lets nothing out that was not sealed: $name",
  async ({ name, files, times }) => {
    const count = times * (long ? 2_000 : 60);
    console.log(`${count} damaged messages of 6.4 MB ${name}, seed ${seed} (${times * 2_000} with LANELOCK_LONG=1)`);
    const random = seeded(`${seed} ${name}`);
    const plaintext = random.bytes(99 * SEGMENT + 1_234);
    const message = await files.seal(plaintext);
    const segment = (i: number) => message.subarray(HEADER + i * UNIT, HEADER + (i + 1) * UNIT);
    const damages: (() => Uint8Array)[] = [
      () => {
        const at = random.integer(0, message.length - 1);
        const spoilt = message.slice();
        spoilt[at] = (spoilt[at] ?? 0) ^ (1 << random.integer(0, 7));
        return spoilt;
      },
      () => message.slice(0, random.integer(0, message.length - 1)),
      () => Buffer.concat([message, random.bytes(random.integer(1, 70_000))]),
      () => {
        const [a, b] = [random.integer(0, 98), random.integer(0, 98)];
        const spoilt = message.slice();
        spoilt.set(segment(a), HEADER + b * UNIT);
        if (a === b) spoilt[HEADER + a * UNIT] = (spoilt[HEADER + a * UNIT] ?? 0) ^ 1;
        return spoilt;
      },
      () => {
        const at = HEADER + random.integer(0, 99) * UNIT;
        return Buffer.concat([message.subarray(0, at), message.subarray(at + UNIT)]);
      },
      () => {
        const at = HEADER + random.integer(0, 98) * UNIT;
        return Buffer.concat([message.subarray(0, at + UNIT), message.subarray(at)]);
      },
    ];
    for (let i = 0; i < count; i++) {
      const spoilt = (damages[i % damages.length] ?? (() => message))();
      await expect(files.open(spoilt)).rejects.toMatchObject({ code: "ERR_AUTHENTICATION" });
      const chunks = chunksOf(spoilt, random.integer(1, 300_000), random.integer(1, 70_000));
      const { bytes, error } = await readUntilFailure(streamOf(chunks).pipeThrough(files.openStream()));
      expect(error).toMatchObject({ code: "ERR_AUTHENTICATION" });
      expect(Buffer.compare(bytes, plaintext.subarray(0, bytes.length))).toBe(0);
      const offset = random.integer(0, plaintext.length);
      const length = random.integer(0, plaintext.length - offset);
      await files.openRange(spoilt, offset, length).then(
        (part) => expect(Buffer.compare(part, plaintext.subarray(offset, offset + length))).toBe(0),
        (reason) => expect(reason).toMatchObject({ code: "ERR_AUTHENTICATION" }),
      );
    }
    await files.close();
  },
);

test("random bytes are never a message", async () => {
  const count = long ? 100_000 : 3_000;
  console.log(`${count} random messages, seed ${seed} (100,000 with LANELOCK_LONG=1)`);
  const random = seeded(`${seed} noise`);
  const files = envelope(kms, shared);
  for (let i = 0; i < count; i++) {
    const noise = random.bytes(random.integer(0, 400));
    // Most of them begin like a message, so that they are read further than the magic.
    if (i % 4 > 0) noise.set([0x4c, 0x4c, 0x4b, 0x31, 1, 12 + (i % 13), 0].slice(0, noise.length));
    const error = await files.open(noise).then(
      () => undefined,
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(LanelockError);
    expect(error.code).toBe("ERR_AUTHENTICATION");
  }
});
