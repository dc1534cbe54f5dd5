import { LanelockError } from "lanelock";
import { afterEach, expect, test } from "vitest";
import { expectScratchWiped } from "../contract/wiping.ts";
import { aeads } from "../reference/ciphers.ts";
import { expectBytes } from "../reference/expect-bytes.ts";
import { seeded } from "../reference/seeded.ts";

afterEach(expectScratchWiped);

// Objects with code in them: the code may run in the middle of a call, or lie.

function sample(name: string, keyLength: number) {
  const random = seeded(`hostile objects ${name}`);
  return {
    key: random.bytes(keyLength),
    nonce: random.bytes(12),
    aad: random.bytes(40),
    plaintext: random.bytes(200),
  };
}

test.each(aeads)("$name: options that call the same key while they are read change no result", (aead) => {
  const given = sample(aead.name, aead.keyLength);
  const { key, nonce, aad, plaintext } = given;
  const sealed = aead.expected(given);
  using cipher = aead.create(key);
  const reentrant = {
    get aad() {
      expectBytes(cipher.seal(nonce, plaintext, { aad }), sealed, "the call inside");
      return aad;
    },
  };
  expectBytes(cipher.seal(nonce, plaintext, reentrant), sealed, "seal");
  expectBytes(cipher.open(nonce, sealed, reentrant), plaintext, "open");
  const stream = cipher.sealStream(nonce, reentrant);
  expectBytes(Buffer.concat([stream.update(plaintext), stream.final()]), sealed, "stream");
});

test.each(aeads)("$name: an error thrown by an option's getter passes through and breaks nothing", (aead) => {
  const given = sample(aead.name, aead.keyLength);
  using cipher = aead.create(given.key);
  const thrower = {
    get into(): Uint8Array {
      throw new Error("from the getter");
    },
  };
  expect(() => cipher.seal(given.nonce, given.plaintext, thrower)).toThrow("from the getter");
  expectBytes(cipher.seal(given.nonce, given.plaintext, { aad: given.aad }), aead.expected(given), "afterwards");
});

test.each(aeads)("$name: options that dispose the key or detach the data end in a typed error", (aead) => {
  const given = sample(aead.name, aead.keyLength);
  const { key, nonce, aad, plaintext } = given;
  const cipher = aead.create(key);
  const disposing = {
    get aad() {
      cipher.dispose();
      return aad;
    },
  };
  expect(() => cipher.seal(nonce, plaintext, disposing)).toThrow(LanelockError);
  using other = aead.create(key);
  const gone = Uint8Array.from(plaintext);
  const detaching = {
    get aad() {
      structuredClone(gone, { transfer: [gone.buffer] });
      return aad;
    },
  };
  expect(() => other.seal(nonce, gone, detaching)).toThrow(LanelockError);
  expectBytes(other.seal(nonce, plaintext, { aad }), aead.expected(given), "afterwards");
});

class WrongLength extends Uint8Array {
  static claimed = 0;
  override get length(): number {
    return WrongLength.claimed;
  }
  override get byteLength(): number {
    return WrongLength.claimed;
  }
}

test.each(aeads)("$name: an array that lies about its length gives its true result or a typed error", (aead) => {
  const given = sample(aead.name, aead.keyLength);
  const { key, nonce, aad, plaintext } = given;
  const sealed = aead.expected(given);
  using cipher = aead.create(key);
  for (const claimed of [0, 1, 199, 201, 65_536, 2 ** 31, 2 ** 32 + 200, -1, Number.NaN]) {
    WrongLength.claimed = claimed;
    const attempt = () => cipher.seal(nonce, new WrongLength(plaintext.buffer), { aad });
    let result: Uint8Array | undefined;
    try {
      result = attempt();
    } catch (error) {
      expect(error, `claims ${claimed} bytes`).toBeInstanceOf(LanelockError);
    }
    if (result) expectBytes(result, sealed, `claims ${claimed} bytes`);
    expectBytes(cipher.seal(nonce, plaintext, { aad }), sealed, "afterwards");
  }
});
