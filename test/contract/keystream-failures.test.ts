import { expect, test, vi } from "vitest";
import { aes } from "../../src/ciphers/engine-binding/cipher-engine.ts";
import { KeySlot } from "../../src/ciphers/engine-binding/key-slot.ts";
import { openWithKeystream, sealWithKeystream } from "../../src/ciphers/gcm/gcm-keystream.ts";
import { nativeAesGcm } from "../../src/ciphers/native/gcm.ts";
import { seeded } from "../reference/seeded.ts";
import { refusal } from "./refusal.ts";
import { expectScratchWiped } from "./wiping.ts";

test("a message that fails after its keystream was made leaves no keystream, and its successors are right", () => {
  const random = seeded("keystream failures");
  const cipher = aes();
  const keySlot = new KeySlot(cipher, random.bytes(16), {
    size: cipher.gcmSize(),
    complete: cipher.gcmExpand,
    keepsGiven: true,
  });
  const native = nativeAesGcm("native", keySlot);
  if (native === undefined) expect.fail("Node has AES-GCM");
  const key = { cipher, slot: keySlot.address, native };
  const [nonce, aad, text] = [random.bytes(12), random.bytes(20), random.bytes(700)];
  const sealed = sealWithKeystream(
    key,
    { nonce, aad, aadLength: 20, data: text, length: 700, tagLength: 12 },
    undefined,
  );
  const plain = { nonce, aad, aadLength: 20, data: text, length: 700, tagLength: 16 };
  const message = { ...plain, data: sealed, tagLength: 12 };

  const made = vi.spyOn(native, "keystream");
  const tooSmall = () => new Uint8Array(1);
  for (const fail of [
    () => sealWithKeystream(key, plain, tooSmall()),
    () => openWithKeystream(key, message, tooSmall()),
  ]) {
    made.mockClear();
    refusal("ERR_LIMIT", fail);
    const keystream = made.mock.results[0]?.value as Uint8Array;
    expect(keystream.length).toBe(720);
    expect(keystream.every((byte) => byte === 0)).toBe(true);
    expectScratchWiped();
  }
  expect(openWithKeystream(key, message, undefined)).toEqual(text);
  keySlot.dispose();
});
