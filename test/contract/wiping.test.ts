import { openStreamUnverified } from "lanelock/unauthenticated";
import { afterEach, beforeEach, expect, test } from "vitest";
import { engine } from "../../src/engine/load.ts";
import { slotsInUse } from "../../src/engine/slots.ts";
import { aeads, blockModes, nativeAeads, takesLength } from "../reference/ciphers.ts";
import { seeded } from "../reference/seeded.ts";
import { refusal } from "./refusal.ts";
import { expectNothingLeft, expectScratchWiped, leftovers, slots } from "./wiping.ts";

beforeEach(expectNothingLeft);
afterEach(expectNothingLeft);

/** The bytes of every live slot. */
function slotBytes(): Uint8Array[] {
  return slots().map(([from, to]) => engine().bytes.slice(from, to));
}

test("the check sees a single byte that was not wiped, below, between and above the slots", () => {
  using first = aeads[0]!.create(new Uint8Array(16));
  using second = aeads[0]!.create(new Uint8Array(16));
  expect([first, second, ...slots()]).toHaveLength(4);
  const taken = slots().slice(1);
  const memory = engine().bytes.slice();
  memory.fill(0, ...slots()[0]!);
  expect(leftovers(memory, taken)).toEqual([]);
  const [from, to] = taken[0]!;
  for (const address of [0, 700, from - 1, to, memory.length - 1]) {
    const spoiled = memory.slice();
    spoiled[address] = (spoiled[address] ?? 0) ^ 1;
    expect(leftovers(spoiled, taken)).toEqual([address]);
  }
  for (const inside of [from, to - 1]) {
    const changed = memory.slice();
    changed[inside] = (changed[inside] ?? 0) ^ 1;
    expect(leftovers(changed, taken)).toEqual([]);
  }
});

const all = [...aeads, ...blockModes];

test.each(all)("$name: a key is only in its slot, and dispose() wipes it", ({ name, keyLength, create }) => {
  const key = seeded(`slot ${name}`).bytes(keyLength);
  const cipher = create(key);
  expect(slotsInUse().length).toBe(1);
  expect(slotBytes()[0]!.some((byte) => byte !== 0)).toBe(true);
  expectScratchWiped();
  const [slot] = slots();
  cipher.dispose();
  expect(
    engine()
      .bytes.slice(...slot!)
      .every((byte) => byte === 0),
  ).toBe(true);
});

const lengths = [0, 1, 16, 100, 512, 1000, 5000, 40_000, 100_000, 300_000];

test.each([...aeads, ...nativeAeads])(
  "$name: no part of a message of any length is left in memory, opened or refused",
  (aead) => {
    const random = seeded(`wiping ${aead.name}`);
    using cipher = aead.create(random.bytes(aead.keyLength));
    const key = slotBytes();
    for (const length of lengths) {
      for (const nonceLength of [12, 16, 300]) {
        const [nonce, aad, plaintext] = [random.bytes(nonceLength), random.bytes(length >> 2), random.bytes(length)];
        const sealed = cipher.seal(nonce, plaintext, { aad });
        expectScratchWiped();
        cipher.open(nonce, sealed, { aad });
        expectScratchWiped();
        sealed[length] = (sealed[length] ?? 0) ^ 1;
        refusal("ERR_AUTHENTICATION", () => cipher.open(nonce, sealed, { aad }));
        expectScratchWiped();
      }
    }
    expect(slotBytes()).toHaveLength(key.length);
  },
);

test.each(aeads)("$name: streams own a slot until they end, are refused or are disposed of", (aead) => {
  const random = seeded(`wiping streams ${aead.name}`);
  using cipher = aead.create(random.bytes(aead.keyLength));
  const [nonce, aad, plaintext] = [random.bytes(16), random.bytes(1000), random.bytes(3000)];
  const sealed = cipher.seal(nonce, plaintext, { aad });
  const before = slotsInUse().length;

  const sealing = cipher.sealStream(nonce, { aad });
  sealing.update(plaintext.subarray(0, 1111));
  expectScratchWiped();
  expect(slotsInUse().length).toBeGreaterThan(before);
  sealing.final();
  expect(slotsInUse().length).toBe(before);
  expectScratchWiped();

  for (const tag of [sealed.subarray(3000), new Uint8Array(16)]) {
    const opening = openStreamUnverified(cipher, nonce, { aad });
    opening.update(sealed.subarray(0, 3000));
    if (tag.buffer === sealed.buffer) opening.final(tag);
    else refusal("ERR_AUTHENTICATION", () => opening.final(tag));
    expect(slotsInUse().length).toBe(before);
    expectScratchWiped();
  }

  for (const begin of [() => cipher.sealStream(nonce), () => openStreamUnverified(cipher, nonce)]) {
    const dropped = begin();
    dropped.update(plaintext);
    dropped.dispose();
    dropped.dispose();
    expect(slotsInUse().length).toBe(before);
    expectScratchWiped();
  }
});

test.each(blockModes)("$name: no part of a message of any length is left in memory", (mode) => {
  const random = seeded(`wiping ${mode.name}`);
  using cipher = mode.create(random.bytes(mode.keyLength));
  for (const any of lengths) {
    const data = random.bytes(takesLength(mode, any) ? any : any & ~15);
    const iv = random.bytes(16);
    const encrypted = cipher.encrypt(iv, data);
    expectScratchWiped();
    cipher.decrypt(iv, encrypted);
    expectScratchWiped();
    if (mode.padding === "pkcs7") {
      // Decrypted with its last block gone, a long message ends in random bytes; an empty one has nothing to take away.
      if (any >= 32) attempt(() => cipher.decrypt(iv, encrypted.subarray(0, encrypted.length - 16)));
      attempt(() => cipher.decrypt(iv, encrypted.subarray(1)));
      expectScratchWiped();
    }
  }
});

/** For calls that may succeed or fail: only what they leave behind counts. */
function attempt(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    expect(error).toMatchObject({ name: "LanelockError" });
  }
}
