import { aesGcm, sm4Gcm } from "lanelock";
import { aesCbc, aesEcb, openStreamUnverified, sm4Cbc, sm4Ecb } from "lanelock/unauthenticated";
import { afterEach, expect, test } from "vitest";
import { refusal } from "../contract/refusal.ts";
import { expectScratchWiped } from "../contract/wiping.ts";
import { aeads, blockModes } from "../reference/ciphers.ts";

afterEach(expectScratchWiped);

const key = new Uint8Array(16);

test.each([
  ["aesGcm", aesGcm],
  ["sm4Gcm", sm4Gcm],
])("%s refuses a tag length that GCM does not have and names those it has", (_, create) => {
  for (const tagLength of [
    0,
    1,
    3,
    5,
    7,
    9,
    11,
    17,
    32,
    -4,
    12.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    "16",
    null,
    {},
  ]) {
    const error = refusal("ERR_ARGUMENT", () => create(key, { tagLength: tagLength as 16 }), String(tagLength));
    for (const right of ["4", "8", "12", "16"]) expect(error.message).toContain(right);
  }
  for (const options of [undefined, {}, { tagLength: undefined }]) {
    using aead = create(key, options as { tagLength?: 16 });
    expect(aead.seal(new Uint8Array(12), new Uint8Array(1))).toHaveLength(17);
  }
});

test.each([
  ["aesCbc", aesCbc],
  ["aesEcb", aesEcb],
  ["sm4Cbc", sm4Cbc],
  ["sm4Ecb", sm4Ecb],
])("%s refuses a padding it does not know and names those it knows", (_, create) => {
  for (const padding of ["", "PKCS7", "pkcs5", "zero", "toString", 7, true, null, {}]) {
    const error = refusal("ERR_ARGUMENT", () => create(key, { padding: padding as "none" }), String(padding));
    expect(error.message).toMatch(/pkcs7.*none/);
  }
});

const notOptions: Readonly<Record<string, unknown>> = {
  null: null,
  "a string": "pkcs7",
  "a number": 16,
  "a boolean": true,
};

test("every cipher refuses options that are not an object", () => {
  for (const [label, options] of Object.entries(notOptions)) {
    for (const create of [aesGcm, sm4Gcm, aesCbc, aesEcb, sm4Cbc, sm4Ecb]) {
      refusal("ERR_ARGUMENT", () => create(key, options as object), `${create.name} with ${label}`);
    }
  }
});

test.each(aeads)("$name: seal, open and the streams refuse options that are not an object", ({ keyLength, create }) => {
  using aead = create(new Uint8Array(keyLength));
  const nonce = new Uint8Array(12);
  const sealed = aead.seal(nonce, new Uint8Array(3));
  for (const [label, options] of Object.entries(notOptions)) {
    refusal("ERR_ARGUMENT", () => aead.seal(nonce, new Uint8Array(3), options as object), label);
    refusal("ERR_ARGUMENT", () => aead.open(nonce, sealed, options as object), label);
    refusal("ERR_ARGUMENT", () => aead.sealStream(nonce, options as object), label);
    refusal("ERR_ARGUMENT", () => openStreamUnverified(aead, nonce, options as object), label);
  }
});

test.each(blockModes)("$name: encrypt and decrypt refuse options that are not an object", ({ keyLength, create }) => {
  using cipher = create(new Uint8Array(keyLength));
  const iv = new Uint8Array(16);
  const encrypted = cipher.encrypt(iv, new Uint8Array(32));
  for (const [label, options] of Object.entries(notOptions)) {
    refusal("ERR_ARGUMENT", () => cipher.encrypt(iv, new Uint8Array(32), options as object), label);
    refusal("ERR_ARGUMENT", () => cipher.decrypt(iv, encrypted, options as object), label);
  }
});

/** A name for each, and the one that a message must suggest. */
const misspelt = [
  ["additionalData", "aad"],
  ["AAD", "aad"],
  ["add", "aad"],
  ["int", "into"],
  ["output", "into"],
] as const;

test.each(aeads)("$name: an option with another name is refused, and the right one named", ({ keyLength, create }) => {
  using aead = create(new Uint8Array(keyLength));
  const nonce = new Uint8Array(12);
  const data = new Uint8Array(20);
  for (const [name, right] of misspelt) {
    const options = { [name]: nonce };
    const list = [
      { nonce, data },
      { nonce: new Uint8Array(12).fill(1), data, ...options },
    ];
    const single = [() => aead.seal(nonce, data, options), () => aead.open(nonce, data, options)];
    for (const call of single) {
      const { message } = refusal("ERR_ARGUMENT", call, name);
      expect(message).toContain(`"${name}"`);
      expect(message).toContain(right);
    }
    for (const call of [() => aead.sealMany(list), () => aead.openMany(list)]) {
      expect(refusal("ERR_ARGUMENT", call, name).message).toMatch(new RegExp(`^messages\\[1\\]: .*"${name}"`));
    }
    for (const call of [() => aead.sealStream(nonce, options), () => openStreamUnverified(aead, nonce, options)]) {
      expect(refusal("ERR_ARGUMENT", call, name).message).toContain(`"${name}"`);
    }
  }
  const into = new Uint8Array(40);
  refusal("ERR_ARGUMENT", () => aead.sealStream(nonce, { into } as object));
});

test.each(blockModes)(
  "$name: an option with another name is refused, and the right one named",
  ({ keyLength, create }) => {
    using cipher = create(new Uint8Array(keyLength));
    const block = new Uint8Array(16);
    for (const options of [{ out: block }, { Into: block }, { into: block, aad: block }] as object[]) {
      for (const call of [() => cipher.encrypt(block, block, options), () => cipher.decrypt(block, block, options)]) {
        expect(refusal("ERR_ARGUMENT", call).message).toContain("into");
      }
    }
  },
);

test("constructors refuse an option with another name, and name the right one", () => {
  for (const create of [aesGcm, sm4Gcm]) {
    expect(refusal("ERR_ARGUMENT", () => create(key, { tagLenght: 12 } as object)).message).toContain('"tagLength"');
    refusal("ERR_ARGUMENT", () => create(key, { taglength: undefined } as object));
  }
  for (const create of [aesCbc, aesEcb, sm4Cbc, sm4Ecb]) {
    expect(refusal("ERR_ARGUMENT", () => create(key, { pading: "none" } as object)).message).toContain('"padding"');
  }
});

test("an option on Object.prototype is not the caller's", () => {
  Object.defineProperty(Object.prototype, "polluted", {
    value: 1,
    enumerable: true,
    configurable: true,
    writable: true,
  });
  try {
    using aead = aesGcm(key, { tagLength: 12 });
    expect(aead.seal(new Uint8Array(12), key, { aad: key })).toHaveLength(28);
    expect(aead.sealMany([{ nonce: new Uint8Array(12), data: key }])).toHaveLength(1);
  } finally {
    Reflect.deleteProperty(Object.prototype, "polluted");
  }
});
