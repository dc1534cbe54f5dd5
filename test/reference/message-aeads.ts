import { aessiv, gcmsiv } from "@noble/ciphers/aes.js";
import { type AesSiv, aesCcm, aesGcmSiv, aesSiv, type MessageAead, sm4Ccm, xaes256Gcm } from "lanelock";
import { ccm } from "./ccm.ts";
import { opensslAesCcm, opensslAesGcm, opensslEncrypt, type SealInput } from "./openssl-modes.ts";

// The AEADs that seal whole messages, each beside the implementation it is compared with. The suites run over this list.

/** Tests compute tag lengths; the type of the option names each one. */
export type CcmTagLength = NonNullable<NonNullable<Parameters<typeof aesCcm>[1]>["tagLength"]>;

export interface MessageAeadUnderTest {
  readonly name: string;
  readonly keyLength: number;
  /** Lengths of keys that it takes, and of nonces. */
  readonly keyLengths: readonly number[];
  readonly nonceLengths: readonly number[];
  readonly nonceLength: number;
  /** Whether V stands in front of the ciphertext, in place of a tag behind it. */
  readonly tagFirst: boolean;
  create(key: Uint8Array): MessageAead;
  /** What the other implementation seals. */
  expected(input: SealInput): Uint8Array<ArrayBuffer>;
}

/** AES-SIV in the shape of the others: nonce and additional data are components. */
export function withNonce(siv: AesSiv): MessageAead {
  const components = (nonce: Uint8Array, options: Parameters<MessageAead["seal"]>[2]) => {
    if (options === undefined) return { nonce };
    const { aad, ...rest } = options;
    return { ...rest, nonce, ...(aad === undefined ? {} : { aad: [aad] }) };
  };
  return {
    tagLength: siv.tagLength,
    nonceLength: siv.nonceLength,
    seal: (nonce, plaintext, options) => siv.seal(plaintext, components(nonce, options)),
    open: (nonce, sealed, options) => siv.open(sealed, components(nonce, options)),
    dispose: () => siv.dispose(),
    [Symbol.dispose]: () => siv.dispose(),
  };
}

/** From the algorithm of C2SP's document, over OpenSSL's AES and AES-GCM. */
function opensslXaes({ key, nonce, ...message }: SealInput): Uint8Array<ArrayBuffer> {
  const encrypt = (data: Uint8Array) => opensslEncrypt({ cipher: "aes", mode: "ecb", key, data, padding: "none" });
  const zero = BigInt(`0x${Buffer.from(encrypt(new Uint8Array(16))).toString("hex")}`);
  const subkey = ((zero << 1n) & ((1n << 128n) - 1n)) ^ (zero >> 127n === 0n ? 0n : 0x87n);
  const k1 = Buffer.from(subkey.toString(16).padStart(32, "0"), "hex");
  const half = (counter: number) => {
    const block = Buffer.from([0, counter, 0x58, 0, ...nonce.subarray(0, 12)]);
    return encrypt(block.map((byte, index) => byte ^ (k1[index] ?? 0)));
  };
  return opensslAesGcm({ ...message, key: Buffer.concat([half(1), half(2)]), nonce: nonce.subarray(12) });
}

function nobleGcmSiv({ key, nonce, plaintext, aad }: SealInput): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(gcmsiv(Uint8Array.from(key), Uint8Array.from(nonce), aad).encrypt(plaintext));
}

function nobleSiv({ key, nonce, plaintext, aad }: SealInput): Uint8Array<ArrayBuffer> {
  const components = aad === undefined ? [nonce] : [aad, nonce];
  return Uint8Array.from(aessiv(key, ...components).encrypt(plaintext));
}

const gcmSiv = { create: aesGcmSiv, keyLengths: [16, 32], expected: nobleGcmSiv };
const aesWithCcm = { create: aesCcm, keyLengths: [16, 24, 32], expected: opensslAesCcm };
const siv = { create: (key: Uint8Array) => withNonce(aesSiv(key)), keyLengths: [32, 48, 64], expected: nobleSiv };
const twelve = { nonceLength: 12, nonceLengths: [12], tagFirst: false };
const ccmNonces = { nonceLength: 12, nonceLengths: [7, 8, 9, 10, 11, 12, 13], tagFirst: false };
const anyNonce = { nonceLength: 16, nonceLengths: [1, 12, 16, 100], tagFirst: true };

export const messageAeads: readonly MessageAeadUnderTest[] = [
  { name: "aes-128-gcm-siv", keyLength: 16, ...twelve, ...gcmSiv },
  { name: "aes-256-gcm-siv", keyLength: 32, ...twelve, ...gcmSiv },
  {
    name: "xaes-256-gcm",
    ...{ keyLength: 32, keyLengths: [32], nonceLength: 24, nonceLengths: [24], tagFirst: false },
    ...{ create: xaes256Gcm, expected: opensslXaes },
  },
  { name: "aes-128-ccm", keyLength: 16, ...ccmNonces, ...aesWithCcm },
  { name: "aes-256-ccm", keyLength: 32, ...ccmNonces, ...aesWithCcm },
  { name: "sm4-ccm", keyLength: 16, keyLengths: [16], ...ccmNonces, create: sm4Ccm, expected: ccm("sm4") },
  { name: "aes-128-siv", keyLength: 32, ...anyNonce, ...siv },
  { name: "aes-256-siv", keyLength: 64, ...anyNonce, ...siv },
];
