// The JavaScript that touches secrets, and controls that must be found: what each may give away, and why.
import { ecb as nobleEcb } from "@noble/ciphers/aes.js";
import { sealEcies } from "../../../src/asymmetric/ecies.ts";
import { mgf1Xor } from "../../../src/asymmetric/mgf1.ts";
import { findMessage } from "../../../src/asymmetric/oaep-unpadding.ts";
import { unpadPkcs1 } from "../../../src/asymmetric/pkcs1-unpadding.ts";
import { aesGcm, sm4Gcm } from "../../../src/index.ts";
import { decodeDataKey, encodeDataKey } from "../../../src/kms/use/data-key-encoding.ts";
import { unpadPkcs7 } from "../../../src/providers/pkcs7.ts";
import { materialCipher } from "../../../src/providers/software/material-cipher.ts";
import { equalBytes } from "../../../src/shared/equal-bytes.ts";
import { hkdfSha256 } from "../../../src/shared/hash/hkdf-sha256.ts";
import { aesCbc, aesCtr, aesEcb, sm4Cbc } from "../../../src/unauthenticated.ts";

export interface JavaScriptCase {
  readonly name: string;
  /** How many jumps and addresses may depend on a secret, and why any may. */
  readonly allowed: number;
  readonly reason?: string;
  /** It must be found: a control, or what is known. */
  readonly control?: true;
  readonly run: (secretly: Secretly) => unknown;
}

type Secretly = <Bytes extends Uint8Array>(bytes: Bytes) => Bytes;

const MANY = Number.POSITIVE_INFINITY;
const VERDICT = "one verdict: it is the answer";

const bytes = (length: number, first = 1): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, index) => (first + 7 * index) & 255);

/** Runs what throws for a wrong input. */
function refused(work: () => unknown): void {
  try {
    work();
  } catch {
    return;
  }
  throw new Error("It was not refused");
}

/** DB of RFC 8017 §7.1.1: the hash of an empty label, zeros, a one, the message. */
function oaepDb(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const db = new Uint8Array(223);
  db.set(Buffer.from("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "hex"));
  db[db.length - message.length - 1] = 1;
  db.set(message, db.length - message.length);
  return db;
}

function pkcs1Encoded(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const encoded = new Uint8Array(256).fill(5);
  encoded.set([0, 2]);
  encoded[255 - message.length] = 0;
  encoded.set(message, 256 - message.length);
  return encoded;
}

const sealings: readonly JavaScriptCase[] = [
  ...[aesGcm, sm4Gcm].flatMap((gcm): JavaScriptCase[] => [
    {
      name: `${gcm.name}: key set-up, seal and open`,
      allowed: 2,
      reason: "the verdict, where the engine gives it and where JavaScript throws or does not",
      run(secretly) {
        const aead = gcm(secretly(bytes(16)));
        const sealed = aead.seal(bytes(12), secretly(bytes(100)), { aad: secretly(bytes(20)) });
        aead.open(bytes(12), sealed, { aad: secretly(bytes(20)) });
        aead.dispose();
      },
    },
    {
      name: `${gcm.name}: streams`,
      allowed: 2,
      reason: "the verdict, as above",
      run(secretly) {
        const aead = gcm(secretly(bytes(16)));
        const stream = aead.sealStream(bytes(12));
        const parts = [stream.update(secretly(bytes(700))), stream.update(secretly(bytes(33))), stream.final()];
        aead.open(bytes(12), Buffer.concat(parts));
        aead.dispose();
      },
    },
    {
      name: `${gcm.name}: sealMany and openMany`,
      allowed: 6,
      reason: "a verdict for each of three messages, in the engine and in JavaScript",
      run(secretly) {
        const aead = gcm(secretly(bytes(16)));
        const messages = [5, 64, 200].map((length, index) => ({
          nonce: bytes(12, index),
          data: secretly(bytes(length)),
        }));
        const sealed = aead.sealMany(messages);
        aead.openMany(sealed.map((data, index) => ({ nonce: bytes(12, index), data })));
        aead.dispose();
      },
    },
  ]),
  {
    name: "CTR and CBC without padding",
    allowed: 0,
    run(secretly) {
      const ctr = aesCtr(secretly(bytes(32)));
      ctr.encrypt(bytes(16), secretly(bytes(100)));
      ctr.dispose();
      for (const cbcOf of [aesCbc, sm4Cbc]) {
        const cbc = cbcOf(secretly(bytes(16)), { padding: "none" });
        cbc.decrypt(bytes(16), cbc.encrypt(bytes(16), secretly(bytes(96))));
        cbc.dispose();
      }
    },
  },
  {
    name: "CBC and ECB with a padding that is wrong",
    allowed: 2,
    reason: `${VERDICT}, of each`,
    run(secretly) {
      const cbc = aesCbc(secretly(bytes(16)));
      refused(() => cbc.decrypt(bytes(16), secretly(bytes(48))));
      cbc.dispose();
      const ecb = aesEcb(secretly(bytes(16)));
      refused(() => ecb.decrypt(secretly(bytes(48))));
      ecb.dispose();
    },
  },
];

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
  ].map((one) => ({ ...one, known: "SHA in JavaScript: V8 stores a number apart if it needs more than 32 bits" })),
  {
    name: "a data key as base64",
    known: "the host's btoa and atob look up in tables",
    run: (secretly: Secretly) => encodeDataKey(secretly(bytes(32)), "base64"),
  },
  {
    name: "a data key from base64",
    known: "the host's btoa and atob look up in tables",
    run: (secretly: Secretly) =>
      decodeDataKey(secretly(new TextEncoder().encode(btoa("secret data key, 32 bytes long.."))), "base64"),
  },
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

export const javaScriptCases: readonly JavaScriptCase[] = [...sealings, ...javascript, ...controls, ...known];
