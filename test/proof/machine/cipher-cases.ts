// The ciphers as applications call them: JavaScript around the engine.
import { aesCcm, aesGcm, aesGcmSiv, aesSiv, type MessageAead, sm4Ccm, sm4Gcm, xaes256Gcm } from "../../../src/index.ts";
import { aesKw, aesKwp } from "../../../src/key-wrap.ts";
import { aesCmac, sm4Cmac } from "../../../src/mac.ts";
import { aesCbc, aesCfb, aesCtr, aesEcb, aesOfb, sm4Cbc, sm4Cfb } from "../../../src/unauthenticated.ts";
import { bytes, type JavaScriptCase, refused, VERDICT } from "./javascript-case.ts";

interface MessageCase {
  readonly name: string;
  readonly aeadOf: (key: Uint8Array) => MessageAead;
  readonly keyLength: number;
  readonly verdicts: number;
}

const messageAeads: readonly MessageCase[] = [
  { name: "aesGcmSiv", aeadOf: aesGcmSiv, keyLength: 32, verdicts: 2 },
  { name: "xaes256Gcm", aeadOf: xaes256Gcm, keyLength: 32, verdicts: 2 },
  { name: "aesCcm", aeadOf: aesCcm, keyLength: 16, verdicts: 1 },
  { name: "sm4Ccm", aeadOf: sm4Ccm, keyLength: 16, verdicts: 1 },
];

export const cipherCases: readonly JavaScriptCase[] = [
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
      compiled: 12,
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
  ...messageAeads.map(
    ({ name, aeadOf, keyLength, verdicts }): JavaScriptCase => ({
      name: `${name}: key set-up, seal and open`,
      allowed: verdicts,
      reason: "the verdict, where JavaScript throws or does not; in GCM and GCM-SIV where the engine gives it, too",
      run(secretly, openly) {
        const aead = aeadOf(secretly(bytes(keyLength)));
        const nonce = bytes(aead.nonceLength);
        const sealed = openly(aead.seal(nonce, secretly(bytes(100)), { aad: secretly(bytes(20)) }));
        aead.open(nonce, sealed, { aad: secretly(bytes(20)) });
        aead.dispose();
      },
    }),
  ),
  {
    // To seal is watched in the engine alone: there V can be made public once it is known, as it is in the sealed message.
    name: "SIV: key set-up and open",
    allowed: 1,
    reason: VERDICT,
    run(secretly) {
      const aad = [bytes(20), bytes(16)];
      const sealing = aesSiv(bytes(64));
      const sealed = sealing.seal(bytes(100), { aad });
      sealing.dispose();
      const siv = aesSiv(secretly(bytes(64)));
      secretly(sealed.subarray(16));
      siv.open(sealed, { aad: aad.map(secretly) });
      siv.dispose();
    },
  },
  ...[aesCmac, sm4Cmac].map(
    (macOf): JavaScriptCase => ({
      name: `${macOf.name}: in one call, in pieces, verified`,
      allowed: 1,
      reason: VERDICT,
      run(secretly) {
        const mac = macOf(secretly(bytes(16)));
        const tag = mac.mac(secretly(bytes(40)));
        const stream = mac.stream();
        for (const length of [33, 20]) stream.update(secretly(bytes(length)));
        stream.final();
        if (mac.verify(secretly(bytes(40)), tag) !== true) throw new Error("The tag is right");
        mac.dispose();
      },
    }),
  ),
  {
    name: "aesKw: wrap and unwrap",
    allowed: 1,
    reason: VERDICT,
    run(secretly) {
      const kw = aesKw(secretly(bytes(32)));
      kw.unwrap(kw.wrap(secretly(bytes(32))));
      kw.dispose();
    },
  },
  {
    // What it unwraps is as long as the wrapped text says: nothing can be said of JavaScript once that length is secret.
    name: "aesKwp: wrap, and unwrap what is wrong",
    allowed: 1,
    reason: VERDICT,
    run(secretly) {
      const kwp = aesKwp(secretly(bytes(32)));
      kwp.wrap(secretly(bytes(20)));
      refused(() => kwp.unwrap(secretly(bytes(32))));
      kwp.dispose();
    },
  },
  {
    name: "CFB and OFB",
    allowed: 0,
    run(secretly) {
      for (const modeOf of [aesCfb, sm4Cfb]) {
        const cfb = modeOf(secretly(bytes(16)));
        cfb.decrypt(bytes(16), cfb.encrypt(bytes(16), secretly(bytes(100))));
        cfb.dispose();
      }
      const ofb = aesOfb(secretly(bytes(16)));
      ofb.encrypt(bytes(16), secretly(bytes(100)));
      ofb.dispose();
    },
  },
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
