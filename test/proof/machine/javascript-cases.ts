// The JavaScript that touches secrets, and controls that must be found: what each may give away, and why.
import { ecb as nobleEcb } from "@noble/ciphers/aes.js";
import { openEcies, sealEcies } from "../../../src/asymmetric/ecies.ts";
import { mgf1Xor } from "../../../src/asymmetric/mgf1.ts";
import { findMessage } from "../../../src/asymmetric/oaep-unpadding.ts";
import { unpadPkcs1 } from "../../../src/asymmetric/pkcs1-unpadding.ts";
import { decodeDataKey, encodeDataKey } from "../../../src/kms/use/data-key-encoding.ts";
import { findPadding, unpadPkcs7 } from "../../../src/providers/pkcs7.ts";
import { materialCipher } from "../../../src/providers/software/material-cipher.ts";
import { equalBytes } from "../../../src/shared/equal-bytes.ts";
import { hkdfSha256 } from "../../../src/shared/hash/hkdf-sha256.ts";
import { cipherCases } from "./cipher-cases.ts";
import { bytes, type JavaScriptCase, refused, type Secretly, VERDICT } from "./javascript-case.ts";

const MANY = Number.POSITIVE_INFINITY;

/** DB of RFC 8017 §7.1.1: the hash of an empty label, zeros, a one, the message. */
function oaepDb(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const db = new Uint8Array(223);
  db.set(Buffer.from("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "hex"));
  db[db.length - message.length - 1] = 1;
  db.set(message, db.length - message.length);
  return db;
}

/** A point of P-256, which any other would do for: its generator. */
const GENERATOR = Uint8Array.from(
  Buffer.from(
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" +
      "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
    "hex",
  ),
);

function pkcs1Encoded(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const encoded = new Uint8Array(256).fill(5);
  encoded.set([0, 2]);
  encoded[255 - message.length] = 0;
  encoded.set(message, 256 - message.length);
  return encoded;
}

const javascript: readonly JavaScriptCase[] = [
  {
    name: "comparison of tags and MACs, equal",
    allowed: 1,
    reason: VERDICT,
    run: (secretly) => equalBytes(secretly(bytes(64)), secretly(bytes(64))),
  },
  {
    name: "comparison of tags and MACs, different",
    allowed: 1,
    reason: VERDICT,
    run: (secretly) => equalBytes(secretly(bytes(64)), secretly(bytes(64, 2))),
  },
  {
    name: "OAEP, where the message begins",
    allowed: 0,
    run: (secretly) => findMessage("SHA-256", secretly(oaepDb(bytes(100)))),
  },
  {
    name: "PKCS#1 v1.5, wrong",
    allowed: 1,
    reason: VERDICT,
    run: (secretly) => refused(() => unpadPkcs1(secretly(bytes(256)), 32)),
  },
  {
    name: "PKCS#1 v1.5, right",
    allowed: 1,
    reason: VERDICT,
    run: (secretly) => unpadPkcs1(secretly(pkcs1Encoded(bytes(32))), 32),
  },
  {
    name: "PKCS#7, wrong",
    allowed: 1,
    reason: VERDICT,
    run: (secretly) => refused(() => unpadPkcs7(secretly(bytes(48)))),
  },
  {
    name: "PKCS#7, right, of a known length",
    allowed: 1,
    reason: VERDICT,
    run(secretly) {
      const padded = Uint8Array.from([...bytes(40), ...Array(8).fill(8)]);
      // The length of the text is the answer; that the other bytes of the padding are equal to the last is not known.
      secretly(padded.subarray(0, -1));
      return unpadPkcs7(padded);
    },
  },
  {
    name: "PKCS#7, where the padding begins, for any length",
    allowed: 0,
    run: (secretly) => findPadding(secretly(Uint8Array.from([...bytes(8), ...Array(8).fill(8)]))),
  },
  {
    name: "a data key as Base64",
    allowed: 0,
    run: (secretly) => encodeDataKey(secretly(bytes(32)), "base64"),
  },
  {
    name: "a data key from Base64",
    allowed: 1,
    reason: VERDICT,
    run(secretly) {
      const text = new TextEncoder().encode(btoa("secret data key, 32 bytes long.."));
      // How long the data key is shows in how the text ends.
      secretly(text.subarray(0, -2));
      return decodeDataKey(text, "base64");
    },
  },
  {
    name: "a wrapped key, unwrapped",
    allowed: 2,
    reason: "the verdict, where the engine gives it and where JavaScript throws or does not",
    run(secretly) {
      const [nonce, aad] = [bytes(12), bytes(30)];
      const data = materialCipher.seal({ key: secretly(bytes(32)), nonce, data: secretly(bytes(32, 9)), aad });
      materialCipher.open({ key: secretly(bytes(32)), nonce, data, aad });
    },
  },
];

/** What is known to depend on secrets, and why it is so. If one no longer does, its entry has to go. */
const known: readonly JavaScriptCase[] = [
  ...[
    {
      name: "HKDF",
      run: (secretly: Secretly) =>
        hkdfSha256({ key: secretly(bytes(32)), salt: bytes(32), info: bytes(20), length: 64 }),
    },
    { name: "OAEP's MGF1", run: (secretly: Secretly) => mgf1Xor("SHA-256", secretly(bytes(32)), new Uint8Array(64)) },
    {
      name: "ECIES",
      run: (secretly: Secretly) =>
        sealEcies({ ephemeralPoint: bytes(65), sharedX: secretly(bytes(32)), plaintext: secretly(bytes(60)) }),
    },
    {
      name: "ECIES, opened",
      async run(secretly: Secretly) {
        const sealed = sealEcies({ ephemeralPoint: GENERATOR, sharedX: bytes(32), plaintext: bytes(60) });
        secretly(sealed.subarray(GENERATOR.length));
        await openEcies({ spec: "EC_P256", ciphertext: sealed }, async () => secretly(bytes(32)));
      },
    },
  ].map((one) => ({ ...one, known: "SHA in JavaScript: V8 stores a number apart if it needs more than 32 bits" })),
].map(({ name, known, run }) => ({ name, reason: known, control: true, allowed: MANY, run }));

/** Stops at the first byte that differs. */
function equalEarly(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

const controls: readonly JavaScriptCase[] = [
  {
    name: "control: AES by tables",
    control: true,
    allowed: MANY,
    run: (secretly) => nobleEcb(secretly(bytes(16)), { disablePadding: true }).encrypt(secretly(bytes(16))),
  },
  {
    name: "control: a comparison that stops early",
    control: true,
    allowed: MANY,
    run: (secretly) => equalEarly(secretly(bytes(16)), bytes(16)),
  },
  {
    name: "control: a branch on a bit of a key",
    control: true,
    allowed: MANY,
    run: (secretly) => ((secretly(bytes(16))[5] ?? 0) & 4 ? "set" : "clear"),
  },
];

export const javaScriptCases: readonly JavaScriptCase[] = [...cipherCases, ...javascript, ...controls, ...known];
