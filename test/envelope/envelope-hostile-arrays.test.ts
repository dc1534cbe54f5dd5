import { runInNewContext } from "node:vm";
import { envelope, inspectHeader, messageLayout } from "lanelock/envelope";
import { describe, expect, test } from "vitest";
import { wraps } from "../bad-input/arrays-with-code.ts";
import { shrunkBytes } from "../bad-input/hostile-values.ts";
import { expectBytes } from "../reference/expect-bytes.ts";
import { seeded } from "../reference/seeded.ts";
import { collect, streamOf } from "./collect.ts";
import { FixedKms } from "./fixed-kms.ts";
import { independentOpen } from "./independent-format.ts";

// Byte arrays with code in them are taken for what they hold: what a message is, and where memory that was never written
// begins, is not for their properties to say.

const dataKey = new Uint8Array(32).fill(3);
const aes = new FixedKms(dataKey, new Uint8Array(96).fill(9));
const sm4 = new FixedKms(dataKey, new Uint8Array(96).fill(9), "Aliyun_SM4");
const random = seeded("hostile arrays in envelopes");
const plaintexts = [0, 100, 65_536, 200_001, 2 ** 21].map((length) => random.bytes(length));

const targets = [
  ["node:crypto", aes, { backend: "native", workers: 1 }],
  ["node:crypto on threads", aes, { backend: "native", workers: 2 }],
  ["the engine", sm4, { workers: 1 }],
  ["the engine on threads", sm4, { workers: 2 }],
] as const;

const opened = async (message: Uint8Array) =>
  (await independentOpen(Buffer.from(message), { context: null, unwrap: () => dataKey })).plaintext;

describe.each(targets)("by %s", (_, kms, options) => {
  test.each(wraps)("arrays %s are read by their real contents", async (_name, wrap) => {
    for (const cache of [true, false]) {
      await using files = envelope(kms, { keyId: "key-fixed", cache, ...options });
      for (const plaintext of plaintexts) {
        const sealed = await files.seal(wrap(plaintext));
        expect(sealed.length).toBe(files.sealedLength(plaintext.length));
        if (plaintext.length < 2 ** 20) expectBytes(await opened(sealed), plaintext, "seal");
        expectBytes(await files.open(wrap(sealed)), plaintext, "open");
        const streamed = await collect(streamOf([wrap(plaintext)]).pipeThrough(files.sealStream()));
        expectBytes(await files.open(streamed), plaintext, "sealStream");
        expectBytes(await collect(streamOf([wrap(sealed)]).pipeThrough(files.openStream())), plaintext, "openStream");
        const source = wrap(sealed);
        for (let i = 0; i < 2; i++) {
          const part = await files.openRange(source, plaintext.length >> 1, plaintext.length >> 2);
          expectBytes(part, plaintext.subarray(plaintext.length >> 1).subarray(0, plaintext.length >> 2), "openRange");
        }
      }
    }
  });
});

test("arrays of another realm are taken as those of this one", async () => {
  await using files = envelope(aes, { keyId: "key-fixed" });
  const elsewhere = (bytes: Uint8Array): Uint8Array =>
    runInNewContext("Uint8Array.from(bytes)", { bytes: Array.from(bytes) });
  const plaintext = random.bytes(70_000);
  const sealed = await collect(streamOf([elsewhere(plaintext)]).pipeThrough(files.sealStream()));
  expectBytes(await collect(streamOf([elsewhere(sealed)]).pipeThrough(files.openStream())), plaintext, "streams");
  expectBytes(await files.openRange(elsewhere(sealed), 5, 10), plaintext.subarray(5, 15), "openRange");
});

test.each(wraps)("headers of arrays %s", async (_, wrap) => {
  const sealed = await envelope(aes, { keyId: "key-fixed" }).seal(new Uint8Array(70_000));
  const header = inspectHeader(sealed);
  expect(inspectHeader(wrap(sealed))).toEqual(header);
  expect(messageLayout(wrap(sealed), sealed.length)).toEqual({ segments: 2, plaintextLength: 70_000 });
});

/** A view that follows a buffer whose size may change. */
function resizable(bytes: Uint8Array) {
  const buffer: ArrayBuffer & { resize(length: number): void } = Reflect.construct(ArrayBuffer, [
    bytes.length,
    { maxByteLength: 2 * bytes.length + 8 },
  ]);
  new Uint8Array(buffer).set(bytes);
  return { buffer, view: new Uint8Array(buffer) };
}

describe.each(targets)("by %s: arrays whose buffer", (_, kms, options) => {
  const plaintext = plaintexts[4] ?? new Uint8Array(0);
  const files = envelope(kms, { keyId: "key-fixed", ...options });
  const uses: Record<string, (bytes: Uint8Array) => Promise<Uint8Array>> = {
    open: (bytes) => files.open(bytes),
    openRange: (bytes) => files.openRange(bytes, 0, plaintext.length),
    openStream: (bytes) => collect(streamOf([bytes]).pipeThrough(files.openStream())),
    rewrap: (bytes) => files.rewrap(bytes, { keyId: "key-fixed" }),
  };

  test("can be resized, and is not, are as others", async () => {
    const sealed = await files.seal(resizable(plaintext).view);
    for (const [name, use] of Object.entries(uses)) {
      if (name !== "rewrap") expectBytes(await use(resizable(sealed).view), plaintext, name);
    }
  });

  test("grows meanwhile are read as they were passed", async () => {
    const { view, buffer } = resizable(plaintext);
    const sealing = files.seal(view);
    buffer.resize(plaintext.length + 5);
    const sealed = await sealing;
    expectBytes(await files.open(sealed), plaintext, "seal");
    const message = resizable(sealed);
    const opening = files.open(message.view);
    message.buffer.resize(sealed.length + 5);
    expectBytes(await opening, plaintext, "open");
  });

  test("shrinks meanwhile: sealed as they were, opened never in part", async () => {
    const { view, buffer } = resizable(plaintext);
    const sealing = files.seal(view);
    buffer.resize(5);
    const sealed = await sealing;
    expectBytes(await files.open(sealed), plaintext, "seal");
    for (const name of ["open", "openRange"] as const) {
      for (const left of [0, 100, 70_000]) {
        for (let turns = 0; turns < 4; turns++) {
          const message = resizable(sealed);
          const opening = uses[name]?.(message.view).then(
            (bytes) => expectBytes(bytes, plaintext, name),
            (error) => expect(error).toMatchObject({ name: "LanelockError", code: "ERR_BUFFER" }),
          );
          for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
          message.buffer.resize(left);
          await opening;
        }
      }
    }
  });

  test("has shrunk before are refused", async () => {
    for (const [name, use] of Object.entries(uses)) {
      if (name !== "openStream")
        await expect(use(shrunkBytes(300)), name).rejects.toMatchObject({ code: "ERR_BUFFER" });
    }
    await expect(files.seal(shrunkBytes(300))).rejects.toMatchObject({ code: "ERR_BUFFER" });
  });
});
