// AES-GCM-SIV (RFC 8452) and the keys of XAES-256-GCM (C2SP).
import type { Byte } from "../algebra.ts";
import { blockCipher } from "../standards/block-cipher.ts";
import { constantByte, constantBytes } from "../standards/bytes.ts";
import { deriveKeys, keystreamed, lengthBlock, reversedBlocks, tagOf } from "../standards/rfc8452.ts";
import { cmac, zeroBlock } from "../standards/sp800-38b.ts";
import type { SymbolicEngine } from "../symbolic-engine.ts";
import {
  type CipherCase,
  type EqualityCase,
  expand,
  ghashOf,
  type Hashing,
  publicBytes,
  roundUp,
  unknownHash,
} from "./case.ts";
import { tagDifferences } from "./gcm.ts";

type Bytes = readonly Byte[];

/** Derives the keys of a message in `otherSlot`, and by the standard. */
function begin(engine: SymbolicEngine, cipher: CipherCase, hashing: Hashing = "multiplied") {
  const standard = expand(engine, cipher);
  const nonce = publicBytes(12);
  const keys = deriveKeys(engine.algebra, standard, cipher.keyLength, nonce);
  engine.place(engine.nonce, constantBytes(nonce));
  engine.call("aesGcmSivStart", engine.slot, engine.otherSlot, cipher.keyLength);
  const ghash = hashing === "unknown" ? unknownHash(engine) : ghashOf(engine, keys.hash);
  /** Of parts that the program hashes in calls of their own, at most 2048 bytes in each. */
  const tag = (parts: readonly Bytes[], aad: number, text: number): Byte[] => {
    const pieces = parts.flatMap((part) =>
      Array.from({ length: Math.ceil(part.length / 2048) }, (_, i) => part.slice(2048 * i, 2048 * i + 2048)),
    );
    const hashed = [...pieces, lengthBlock(aad, text)].reduce<Bytes>(
      (state, piece) => ghash.update(state, reversedBlocks(piece)),
      zeroBlock(),
    );
    return tagOf(engine.algebra, keys.cipher, hashed.toReversed(), nonce);
  };
  return { keys, tag };
}

interface SivShape {
  readonly aad: number;
  readonly text: number;
  readonly hashing?: Hashing;
}

const described = (cipher: CipherCase, { aad, text, hashing }: SivShape) =>
  `${cipher.name} GCM-SIV, aad ${aad}, text ${text}${hashing === "unknown" ? ", around GHASH" : ""}`;

const seal = (cipher: CipherCase, shape: SivShape): EqualityCase => ({
  name: `${described(cipher, shape)}, seal`,
  run(engine) {
    const { aad, text, hashing } = shape;
    const { keys, tag } = begin(engine, cipher, hashing);
    const at = engine.io + roundUp(aad);
    const [data, plaintext] = [engine.unknown(engine.io, aad, "aad"), engine.unknown(at, text, "text")];
    const expected = tag([data, plaintext], aad, text);
    const sealed = keystreamed(engine.algebra, keys.cipher, expected, plaintext);
    engine.call("aesGcmSivSeal", engine.otherSlot, engine.io, aad, text);
    return [...engine.differences(at, sealed, "ciphertext"), ...engine.differences(at + text, expected, "tag")];
  },
});

const open = (cipher: CipherCase, shape: SivShape, forged: boolean): EqualityCase => ({
  name: `${described(cipher, shape)}, ${forged ? "refuse" : "open"}`,
  run(engine) {
    const { aad, text, hashing } = shape;
    const { keys, tag } = begin(engine, cipher, hashing);
    const at = engine.io + roundUp(aad);
    const data = engine.unknown(engine.io, aad, "aad");
    const sealed = engine.unknown(at, text, "text");
    const given = engine.unknown(at + text, 16, "tag");
    const plaintext = keystreamed(engine.algebra, keys.cipher, given, sealed);
    const expected = tag([data, plaintext], aad, text);
    const asked = engine.deciding(forged);
    const verdict = engine.call("aesGcmSivOpen", engine.otherSlot, engine.io, aad, text);
    return [
      ...(verdict === Number(!forged) ? [] : [`the verdict is ${verdict}`]),
      ...engine.askedOther(asked, [tagDifferences(engine, expected, given)], "the tags"),
      ...engine.differences(at, forged ? plaintext.map(() => constantByte(0)) : plaintext, "text"),
    ];
  },
});

/** A message in two parts, all steps of it. */
const inParts = (cipher: CipherCase, parts: readonly [number, number], forged: boolean): EqualityCase => ({
  name: `${cipher.name} GCM-SIV in parts, ${forged ? "refused" : "verified"}, text ${parts.join("+")}`,
  run(engine) {
    const { keys, tag } = begin(engine, cipher);
    const { io, otherSlot } = engine;
    const texts = parts.map((length) => engine.unknown(io, length, "text"));
    const text = texts.flat();
    const expected = tag(texts, 0, text.length);
    const sealed = keystreamed(engine.algebra, keys.cipher, expected, text);
    for (const part of texts) {
      engine.place(io, part);
      engine.call("aesGcmSivHash", otherSlot, io, part.length);
    }
    engine.call("aesGcmSivTag", otherSlot, engine.run, 0, text.length);
    const differences = engine.differences(engine.run, expected, "tag");
    engine.call("aesGcmSivCounter", otherSlot, engine.run);
    let from = 0;
    for (const part of texts) {
      engine.place(io, part);
      engine.call("aesGcmSivKeystream", otherSlot, io, part.length);
      differences.push(...engine.differences(io, sealed.slice(from, from + part.length), "ciphertext"));
      from += part.length;
    }
    return [...differences, ...verified(engine, cipher, forged)];
  },
});

/** Whether a tag is the one of an empty message. */
function verified(engine: SymbolicEngine, cipher: CipherCase, forged: boolean): string[] {
  const { tag } = begin(engine, cipher);
  const expected = tag([], 0, 0);
  const given = engine.unknown(engine.run, 16, "given tag");
  const asked = engine.deciding(forged);
  const verdict = engine.call("aesGcmSivVerify", engine.otherSlot, engine.run, 0, 0);
  return [
    ...(verdict === Number(!forged) ? [] : [`the verdict is ${verdict}`]),
    ...engine.askedOther(asked, [tagDifferences(engine, expected, given)], "the tags"),
  ];
}

export const gcmSiv = (cipher: CipherCase, shape: SivShape): EqualityCase[] => [
  seal(cipher, shape),
  open(cipher, shape, false),
  open(cipher, shape, true),
];

export const gcmSivInParts = (cipher: CipherCase, parts: readonly [number, number]): EqualityCase[] =>
  [false, true].map((forged) => inParts(cipher, parts, forged));

/** The key of a message under XAES-256-GCM: an AES-GCM slot that encrypts and hashes as one whose key is that of the specification. */
export const xaes: EqualityCase = {
  name: "XAES-256-GCM, the key of a message",
  run(engine) {
    const { algebra } = engine;
    const standard = expand(engine, { name: "AES-256", cipher: "aes", keyLength: 32 });
    const nonce = publicBytes(24);
    const half = [...nonce.subarray(0, 12)];
    const key = [1, 2].flatMap((counter) => cmac(algebra, standard, constantBytes([0, counter, 0x58, 0, ...half])));
    const derived = blockCipher(
      algebra,
      "aes",
      key.map((byte, i) => byte.map((bit, k) => algebra.cut(bit, `derived key ${i} bit ${k}`))),
    );
    const h = derived.encrypt(zeroBlock());
    const text = engine.unknown(engine.io, 16, "text");
    const expected = derived.encrypt(text);
    engine.place(engine.nonce, constantBytes(nonce));
    engine.call("aesXaesExpand", engine.slot);
    engine.call("aesXaesStart", engine.slot, engine.otherSlot);
    engine.call("aesEcbEncrypt", engine.otherSlot, engine.io, 16);
    const rest = [...constantBytes(nonce.subarray(12)), ...constantBytes([0, 0, 0, 0])];
    return [
      ...engine.differences(engine.io, expected, "text"),
      ...engine.differences(engine.otherSlot + engine.call("aesSize"), h, "H"),
      ...engine.differences(engine.nonce, rest, "the rest of the nonce"),
    ];
  },
};
