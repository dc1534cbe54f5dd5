import {
  aesCcm,
  aesGcm,
  aesGcmSiv,
  aesSiv,
  type LanelockError,
  managedNonce,
  sm4Ccm,
  sm4Gcm,
  xaes256Gcm,
} from "lanelock";
import { afterEach, expect, test } from "vitest";
import { notBytes, unusableBytes } from "../bad-input/hostile-values.ts";
import { expectBytes, marked } from "../reference/expect-bytes.ts";
import { seeded } from "../reference/seeded.ts";
import { expectIntoRules, expectTooSmallRefused } from "./into.ts";
import { refusal } from "./refusal.ts";
import { expectNothingLeft } from "./wiping.ts";

afterEach(expectNothingLeft);

const key = (length: number) => seeded("managed").bytes(length);
const aad = seeded("managed aad").bytes(20);

const boxes = [
  { name: "AES-GCM", make: () => managedNonce(aesGcm(key(32))), nonce: 12, tag: 16 },
  { name: "a short tag", make: () => managedNonce(aesGcm(key(32), { tagLength: 12 })), nonce: 12, tag: 12 },
  { name: "SM4-GCM", make: () => managedNonce(sm4Gcm(key(16))), nonce: 12, tag: 16 },
  { name: "AES-CCM", make: () => managedNonce(aesCcm(key(16))), nonce: 12, tag: 16 },
  { name: "SM4-CCM", make: () => managedNonce(sm4Ccm(key(16))), nonce: 12, tag: 16 },
  { name: "AES-GCM-SIV", make: () => managedNonce(aesGcmSiv(key(32))), nonce: 12, tag: 16 },
  { name: "XAES-256-GCM", make: () => managedNonce(xaes256Gcm(key(32))), nonce: 24, tag: 16 },
];

test.each(boxes)("$name: nonce ‖ ciphertext ‖ tag, another nonce every time", ({ make, nonce, tag }) => {
  using box = make();
  expect(box.overhead).toBe(nonce + tag);
  const nonces = new Set<string>();
  for (const length of [0, 1, 16, 100, 40_000, 100_000]) {
    const plaintext = seeded("managed text").bytes(length);
    for (let round = 0; round < 5; round++) {
      const sealed = box.seal(plaintext, { aad });
      expect(sealed).toHaveLength(length + nonce + tag);
      nonces.add(Buffer.from(sealed.subarray(0, nonce)).toString("hex"));
      expectBytes(box.open(sealed, { aad }), plaintext, `${length} bytes`);
      refusal("ERR_AUTHENTICATION", () => box.open(sealed));
      for (const at of [0, nonce, sealed.length - 1]) {
        const forged = sealed.map((byte, index) => (index === at ? byte ^ 1 : byte));
        const into = marked(length);
        refusal("ERR_AUTHENTICATION", () => box.open(forged, { aad, into }));
        expectBytes(into, marked(length), "into");
      }
    }
  }
  expect(nonces.size).toBe(30);
  expect(box.sealed).toBe(30);
});

test("what it seals is what the AEAD seals under that nonce", () => {
  using aead = xaes256Gcm(key(32));
  const box = managedNonce(aead);
  const plaintext = seeded("managed text").bytes(50);
  const sealed = box.seal(plaintext, { aad });
  expectBytes(aead.seal(sealed.subarray(0, 24), plaintext, { aad }), sealed.subarray(24), "the AEAD alone");
  box.dispose();
  refusal("ERR_STATE", () => box.seal(plaintext));
  refusal("ERR_STATE", () => box.open(sealed));
  refusal("ERR_STATE", () => aead.seal(sealed.subarray(0, 24), plaintext));
});

test("AES-SIV: nonce ‖ V ‖ ciphertext, with any number of components", () => {
  using box = managedNonce(aesSiv(key(64)));
  const plaintext = seeded("managed text").bytes(50);
  const options = { aad: [aad, new Uint8Array(0), aad] };
  const [one, other] = [box.seal(plaintext, options), box.seal(plaintext, options)];
  expect(one).toHaveLength(50 + 16 + 16);
  expect(Buffer.compare(one.subarray(16), other.subarray(16))).not.toBe(0);
  for (const sealed of [one, other]) expectBytes(box.open(sealed, options), plaintext, "open");
  using siv = aesSiv(key(64));
  expectBytes(siv.seal(plaintext, { ...options, nonce: one.subarray(0, 16) }), one.subarray(16), "AES-SIV alone");
});

test.each(boxes)(
  "$name: into is written from its start, may overlap the input, and is refused if it is too small",
  ({ make, nonce, tag }) => {
    using box = make();
    for (const length of [0, 33, 40_000]) {
      const plaintext = seeded("managed text").bytes(length);
      const sealed = box.seal(plaintext, { aad });
      const open = (into?: Uint8Array) => box.open(sealed, { aad, into });
      expectIntoRules({ name: `open ${length}`, expected: plaintext, write: open });
      expectTooSmallRefused({ name: `open ${length}`, expected: plaintext, write: open });
      refusal("ERR_BUFFER", () => box.seal(plaintext, { into: marked(length + nonce + tag - 1) }));
      for (const distance of [-20, -nonce, -1, 0, 1, nonce, 30]) {
        const buffer = new Uint8Array(length + 200);
        buffer.set(plaintext, 50);
        const into = buffer.subarray(50 + distance);
        const written = box.seal(buffer.subarray(50, 50 + length), { aad, into });
        expect([written.byteOffset, written.length]).toEqual([50 + distance, length + nonce + tag]);
        expectBytes(box.open(written, { aad }), plaintext, `seal ${length} at ${distance}`);
        const opened = box.open(written, { aad, into: buffer.subarray(50) });
        expectBytes(opened, plaintext, `open ${length} at ${distance}`);
      }
    }
  },
);

test("GCM and CCM refuse after 2^32 messages, and count those from before; the others go on", () => {
  const limit = 2 ** 32;
  const text = new Uint8Array(5);
  const limited = [aesGcm(key(32)), sm4Gcm(key(16)), aesCcm(key(16)), sm4Ccm(key(16))];
  for (const aead of limited) {
    using box = managedNonce(aead, { sealed: limit - 2 });
    const last = [box.seal(text), box.seal(text)];
    expect(box.sealed).toBe(limit);
    for (let again = 0; again < 2; again++) {
      const error: LanelockError = refusal("ERR_LIMIT", () => box.seal(text));
      expect(error.message).toMatch(/4294967296.*new key/);
    }
    for (const sealed of last) expectBytes(box.open(sealed), text, "it still opens");
  }
  for (const aead of [xaes256Gcm(key(32)), aesGcmSiv(key(16))]) {
    using box = managedNonce(aead, { sealed: 2 ** 50 });
    expectBytes(box.open(box.seal(text)), text, "no limit");
  }
  using refused = aesGcm(key(32));
  for (const sealed of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, "7", null]) {
    refusal("ERR_ARGUMENT", () => managedNonce(refused, { sealed: sealed as number }));
  }
  refusal("ERR_ARGUMENT", () => managedNonce(refused, { seals: 7 } as object));
});

test("a failed seal does not count", () => {
  using box = managedNonce(aesGcm(key(32)));
  refusal("ERR_ARGUMENT", () => box.seal("text" as unknown as Uint8Array));
  refusal("ERR_ARGUMENT", () => box.seal(aad, { aad: 7 as unknown as Uint8Array }));
  refusal("ERR_BUFFER", () => box.seal(aad, { into: new Uint8Array(3) }));
  expect(box.sealed).toBe(0);
});

test("it refuses anything but an AEAD, bytes and its own options, and a message too short for nonce and tag", () => {
  for (const value of [undefined, null, 7, "aes", {}, [], { seal: () => aad, open: () => aad }]) {
    refusal("ERR_ARGUMENT", () => managedNonce(value as never));
  }
  using box = managedNonce(xaes256Gcm(key(32)));
  const sealed = box.seal(aad);
  for (const [label, value] of Object.entries(notBytes)) {
    refusal("ERR_ARGUMENT", () => box.seal(value as Uint8Array), label);
    refusal("ERR_ARGUMENT", () => box.open(value as Uint8Array), label);
    if (value === undefined) continue;
    for (const name of ["aad", "into"]) {
      refusal("ERR_ARGUMENT", () => box.seal(aad, { [name]: value }), `${name} is ${label}`);
      refusal("ERR_ARGUMENT", () => box.open(sealed, { [name]: value }), `${name} is ${label}`);
    }
  }
  for (const make of Object.values(unusableBytes)) {
    refusal("ERR_BUFFER", () => box.seal(make(100)));
    refusal("ERR_BUFFER", () => box.open(make(100)));
  }
  refusal("ERR_ARGUMENT", () => box.seal(aad, { nonce: aad } as object));
  for (let length = 0; length < 40; length++) {
    expect(refusal("ERR_LENGTH", () => box.open(new Uint8Array(length))).message).toMatch(/24.*16/);
  }
});
