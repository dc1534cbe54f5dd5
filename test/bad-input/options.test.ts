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
