// GCM (SP 800-38D): a message in one call, and in parts.
import type { Bit, Byte } from "../algebra.ts";
import { blocksOf, constantBytes, xorBytes } from "../standards/bytes.ts";
import { zeroBlock } from "../standards/sp800-38b.ts";
import { increment, lengthBlock } from "../standards/sp800-38d.ts";
import type { SymbolicEngine } from "../symbolic-engine.ts";
import {
  type CipherCase,
  type EqualityCase,
  expandGcm,
  type GcmKey,
  type Hashing,
  publicBytes,
  roundUp,
} from "./case.ts";

type Bytes = readonly Byte[];

export interface GcmShape {
  readonly nonce: number;
  readonly aad: number;
  readonly text: number;
  readonly tag: number;
  /** With all products unless it says otherwise. */
  readonly hashing?: Hashing;
}

const described = ({ nonce, aad, text, tag, hashing }: GcmShape) =>
  `nonce ${nonce}, aad ${aad}, text ${text}, tag ${tag}${hashing === "unknown" ? ", around GHASH" : ""}`;

/** The first counter block (§7.1 step 2). */
export function firstCounter({ ghash }: GcmKey, nonce: Bytes): Bytes {
  if (nonce.length === 12) return [...nonce, ...constantBytes([0, 0, 0, 1])];
  return ghash.update(ghash.update(zeroBlock(), nonce), lengthBlock(0, nonce.length));
}

/** GCTR from the block after J0 on (§7.1 step 3). */
export function keystreamed({ algebra }: SymbolicEngine, { standard }: GcmKey, j0: Bytes, text: Bytes): Byte[] {
  return blocksOf(text).flatMap((block, i) =>
    xorBytes(algebra, block, standard.encrypt(increment(algebra, j0, i + 1))),
  );
}

/** The tag over a ciphertext (§7.1 steps 4 to 6), whose parts the program hashes in calls of their own. */
export function tagOf(engine: SymbolicEngine, key: GcmKey, j0: Bytes, parts: readonly Bytes[]): Byte[] {
  const hash = parts.reduce<Bytes>((state, part) => key.ghash.update(state, part), zeroBlock());
  return xorBytes(engine.algebra, hash, key.standard.encrypt(j0));
}

/** Additional data, text and lengths as one call hashes them. */
export function hashedAtOnce(aad: Bytes, text: Bytes): Bytes {
  const zeros = (length: number) => constantBytes(new Uint8Array(-length & 15));
  return [...aad, ...zeros(aad.length), ...text, ...zeros(text.length), ...lengthBlock(aad.length, text.length)];
}

/** The bits in which a tag differs from what is given. */
export const tagDifferences = ({ algebra }: SymbolicEngine, tag: Bytes, given: Bytes): Bit[] =>
  xorBytes(algebra, given, tag.slice(0, given.length)).flat();

function seal(engine: SymbolicEngine, cipher: CipherCase, shape: GcmShape): string[] {
  const key = expandGcm(engine, cipher, shape.hashing ?? "multiplied");
  const at = engine.io + roundUp(shape.aad);
  const nonce = constantBytes(publicBytes(shape.nonce));
  engine.place(engine.nonce, nonce);
  const aad = engine.unknown(engine.io, shape.aad, "aad");
  const text = engine.unknown(at, shape.text, "text");
  const j0 = firstCounter(key, nonce);
  const ciphertext = keystreamed(engine, key, j0, text);
  const tag = tagOf(engine, key, j0, [hashedAtOnce(aad, ciphertext)]);
  engine.call(`${cipher.cipher}GcmSeal`, engine.slot, shape.nonce, engine.io, shape.aad, shape.text);
  return [
    ...engine.differences(at, ciphertext, "ciphertext"),
    ...engine.differences(at + shape.text, tag, "tag"),
    ...engine.differences(engine.io, aad, "additional data"),
  ];
}

/** The verdict is about the bits in which the tags differ, and nothing else; then the text is decrypted, or left as it was. */
function open(engine: SymbolicEngine, cipher: CipherCase, shape: GcmShape, forged: boolean): string[] {
  const key = expandGcm(engine, cipher, shape.hashing ?? "multiplied");
  const at = engine.io + roundUp(shape.aad);
  const nonce = constantBytes(publicBytes(shape.nonce));
  engine.place(engine.nonce, nonce);
  const aad = engine.unknown(engine.io, shape.aad, "aad");
  const text = engine.unknown(at, shape.text, "text");
  const given = engine.unknown(at + shape.text, shape.tag, "tag");
  const j0 = firstCounter(key, nonce);
  const plaintext = keystreamed(engine, key, j0, text);
  const tag = tagOf(engine, key, j0, [hashedAtOnce(aad, text)]);
  const asked = engine.deciding(forged);
  const lengths = [shape.nonce, engine.io, shape.aad, shape.text, shape.tag];
  const verdict = engine.call(`${cipher.cipher}GcmOpen`, engine.slot, ...lengths);
  return [
    ...(verdict === Number(!forged) ? [] : [`the verdict is ${verdict}`]),
    ...engine.askedOther(asked, [tagDifferences(engine, tag, given)], "the tags"),
    ...engine.differences(at, forged ? text : plaintext, "text"),
  ];
}

export function gcm(cipher: CipherCase, shape: GcmShape): EqualityCase[] {
  return (
    [
      ["seal", seal],
      ["open", (engine, ...rest) => open(engine, ...rest, false)],
      ["refuse", (engine, ...rest) => open(engine, ...rest, true)],
    ] as const satisfies readonly (readonly [string, typeof seal])[]
  ).map(([name, run]) => ({
    name: `${cipher.name} GCM ${name}, ${described(shape)}`,
    run: (engine) => run(engine, cipher, shape),
  }));
}

/** Lengths of the parts, all of whole blocks but the last of each kind. A nonce of several parts is hashed on its own. */
export interface GcmParts {
  readonly nonce: readonly number[];
  readonly aad: readonly number[];
  readonly text: readonly number[];
}

export const sum = (lengths: readonly number[]) => lengths.reduce((all, length) => all + length, 0);

/** A list cut into parts of these lengths. */
export function cutInto<T>(list: readonly T[], lengths: readonly number[]): T[][] {
  return lengths.map((length, i) => list.slice(sum(lengths.slice(0, i)), sum(lengths.slice(0, i)) + length));
}

/** A message that is sealed in parts. The standard goes first, so that its S-boxes are known when the engine comes to them. */
function inParts(engine: SymbolicEngine, cipher: CipherCase, parts: GcmParts): string[] {
  const { io, run, slot } = engine;
  const key = expandGcm(engine, cipher, "multiplied");
  const nonce = cutInto(constantBytes(publicBytes(sum(parts.nonce))), parts.nonce);
  const aad = cutInto(engine.unknown(io, sum(parts.aad), "aad"), parts.aad);
  const text = engine.unknown(io, sum(parts.text), "text");
  const hashed = (state: Bytes, part: Bytes) => key.ghash.update(state, part);
  const isHashed = nonce.length > 1;
  const j0 = isHashed
    ? hashed(nonce.reduce<Bytes>(hashed, zeroBlock()), lengthBlock(0, sum(parts.nonce)))
    : firstCounter(key, nonce.flat());
  const sealed = cutInto(keystreamed(engine, key, j0, text), parts.text);
  const tag = tagOf(engine, key, j0, [...aad, ...sealed, lengthBlock(sum(parts.aad), text.length)]);

  const step = (name: string, ...rest: number[]) => engine.call(`${cipher.cipher}Gcm${name}`, slot, run, ...rest);
  const work = (name: string, part: Bytes) => {
    engine.place(io, part);
    step(name, io, part.length);
  };
  if (isHashed) {
    for (const part of nonce) work("HashNonce", part);
    step("StartHashed", sum(parts.nonce));
  } else {
    engine.place(engine.nonce, nonce.flat());
    step("Start", sum(parts.nonce));
  }
  for (const part of aad) work("Aad", part);
  const differences = cutInto(text, parts.text).flatMap((part, i) => {
    work("Keystream", part);
    const wrong = engine.differences(io, sealed[i]!, "ciphertext");
    work("HashText", sealed[i]!);
    return wrong;
  });
  step("Tag", engine.otherSlot);
  return [...differences, ...engine.differences(engine.otherSlot, tag, "tag")];
}

export const gcmInParts = (cipher: CipherCase, parts: GcmParts): EqualityCase => ({
  name: `${cipher.name} GCM in parts, nonce ${parts.nonce.join("+")}, aad ${parts.aad.join("+")}, text ${parts.text.join("+")}`,
  run: (engine) => inParts(engine, cipher, parts),
});

/** What ends a message in parts: whether the first bytes of the tag are those given, with the run's state of any value. */
function verify(engine: SymbolicEngine, cipher: CipherCase, length: number, forged: boolean): string[] {
  const key = expandGcm(engine, cipher, "multiplied");
  const nonce = constantBytes(publicBytes(12));
  engine.place(engine.nonce, nonce);
  const j0 = firstCounter(key, nonce);
  const tag = tagOf(engine, key, j0, [lengthBlock(0, 0)]);
  engine.call(`${cipher.cipher}GcmStart`, engine.slot, engine.run, 12);
  const given = engine.unknown(engine.otherSlot, length, "tag");
  const asked = engine.deciding(forged);
  const verdict = engine.call(`${cipher.cipher}GcmVerify`, engine.slot, engine.run, engine.otherSlot, length);
  return [
    ...(verdict === Number(!forged) ? [] : [`the verdict is ${verdict}`]),
    ...engine.askedOther(asked, [tagDifferences(engine, tag, given)], "the tags"),
  ];
}

export const gcmVerify = (cipher: CipherCase, length: number): EqualityCase[] =>
  [false, true].map((forged) => ({
    name: `${cipher.name} GCM in parts ${forged ? "refused" : "verified"}, tag ${length}`,
    run: (engine) => verify(engine, cipher, length, forged),
  }));
