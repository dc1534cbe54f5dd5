// What is proved equal to the standards, for every key and every text.
import type { Algebra, Bit, Byte } from "./algebra.ts";
import { constantByte, constantBytes, xorBytes } from "./standards/bytes.ts";
import * as aes from "./standards/fips197.ts";
import * as sm4 from "./standards/gbt32907.ts";
import { cutBlock, Ghash, increment, lengthBlock, padded } from "./standards/sp800-38d.ts";
import type { SymbolicEngine } from "./symbolic-engine.ts";

export interface CipherCase {
  readonly name: string;
  readonly cipher: "aes" | "sm4";
  readonly keyLength: number;
}

/** A block cipher by its standard, under one key. */
export interface StandardCipher {
  encrypt(block: readonly Byte[]): Byte[];
  decrypt(block: readonly Byte[]): Byte[];
}

export function standardCipher(algebra: Algebra, { cipher }: CipherCase, key: readonly Byte[]): StandardCipher {
  if (cipher === "aes") {
    const keys = aes.expandKey(algebra, key);
    return {
      encrypt: (block) => aes.encrypt(algebra, keys, block),
      decrypt: (block) => aes.decrypt(algebra, keys, block),
    };
  }
  const keys: readonly (readonly Bit[])[] = sm4.expandKey(algebra, key);
  return {
    encrypt: (block) => sm4.encrypt(algebra, keys, block),
    decrypt: (block) => sm4.encrypt(algebra, keys.toReversed(), block),
  };
}

/** Expands a key that may have any value, in the engine and by the standard. */
export function expand(engine: SymbolicEngine, cipher: CipherCase): StandardCipher {
  const key = engine.unknown(engine.io, cipher.keyLength, "key");
  const standard = standardCipher(engine.algebra, cipher, key);
  engine.call(`${cipher.cipher}Expand`, engine.slot, engine.io, cipher.keyLength);
  // The blocks of a batch that no text fills are zeros, as scratch is between calls: these S-boxes are known, too.
  const zeros = Array.from({ length: 16 }, () => constantByte(0));
  standard.encrypt(zeros);
  standard.decrypt(zeros);
  return standard;
}

const blocksOf = (bytes: readonly Byte[]): Byte[][] =>
  Array.from({ length: Math.ceil(bytes.length / 16) }, (_, i) => bytes.slice(16 * i, 16 * i + 16));

type Run = (engine: SymbolicEngine, cipher: CipherCase, length: number) => string[];

/** SP 800-38A §6.1. */
const ecbOf =
  (direction: "Encrypt" | "Decrypt"): Run =>
  (engine, cipher, length) => {
    const standard = expand(engine, cipher);
    const text = engine.unknown(engine.io, length, "text");
    const expected = blocksOf(text).flatMap((block) =>
      direction === "Encrypt" ? standard.encrypt(block) : standard.decrypt(block),
    );
    engine.call(`${cipher.cipher}Ecb${direction}`, engine.slot, engine.io, length);
    return engine.differences(engine.io, expected, "text");
  };

/** SP 800-38A §6.2. The chain in memory becomes the last ciphertext. */
const cbcEncrypt: Run = (engine, cipher, length) => {
  const standard = expand(engine, cipher);
  const text = engine.unknown(engine.io, length, "text");
  let chain = engine.unknown(engine.nonce, 16, "IV");
  const expected = blocksOf(text).flatMap((block) => {
    chain = standard.encrypt(xorBytes(engine.algebra, block, chain));
    return chain;
  });
  engine.call(`${cipher.cipher}CbcEncrypt`, engine.slot, engine.nonce, engine.io, length);
  return [...engine.differences(engine.io, expected, "text"), ...engine.differences(engine.nonce, chain, "chain")];
};

const cbcDecrypt: Run = (engine, cipher, length) => {
  const standard = expand(engine, cipher);
  const text = engine.unknown(engine.io, length, "text");
  let chain = engine.unknown(engine.nonce, 16, "IV");
  const before = engine.unknown(engine.io - 16, 16, "the block before");
  const expected = blocksOf(text).flatMap((block) => {
    const plain = xorBytes(engine.algebra, standard.decrypt(block), chain);
    chain = block;
    return plain;
  });
  engine.call(`${cipher.cipher}CbcDecrypt`, engine.slot, engine.nonce, engine.io, length);
  return [
    ...engine.differences(engine.io, expected, "text"),
    ...engine.differences(engine.nonce, chain, "chain"),
    ...engine.differences(engine.io - 16, before, "the block before"),
  ];
};

/** A counter block by its last bytes: SP 800-38A B.1, where the whole block counts. */
function counterAfter(block: Uint8Array, by: number): Uint8Array {
  const value = (BigInt(`0x${Buffer.from(block).toString("hex")}`) + BigInt(by)) % 2n ** 128n;
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(32, "0"), "hex"));
}

/** SP 800-38A §6.5, from a public counter. */
const ctrFrom =
  (counter: Uint8Array): Run =>
  (engine, cipher, length) => {
    const standard = expand(engine, cipher);
    const text = engine.unknown(engine.io, length, "text");
    engine.place(engine.nonce, constantBytes(counter));
    const expected = blocksOf(text).flatMap((block, i) => {
      const stream = standard.encrypt(constantBytes(counterAfter(counter, i)));
      return xorBytes(engine.algebra, block, stream.slice(0, block.length));
    });
    engine.call(`${cipher.cipher}Ctr`, engine.slot, engine.nonce, engine.io, length);
    const next = constantBytes(counterAfter(counter, Math.ceil(length / 16)));
    return [...engine.differences(engine.io, expected, "text"), ...engine.differences(engine.nonce, next, "counter")];
  };

export interface GcmShape {
  readonly nonce: number;
  readonly aad: number;
  readonly text: number;
  readonly tag: number;
}

/** From how many hashed blocks on a key has powers of H (assembly/ghash/key.ts): a fact of the program, not of the standard. */
const POWERS_FROM = 12;

interface Gcm {
  readonly ciphertext: Byte[];
  readonly tag: Byte[];
}

/** SP 800-38D §7.1 in the steps that the program takes; `open` hashes the text as it is. */
function gcm(
  engine: SymbolicEngine,
  standard: StandardCipher,
  shape: GcmShape,
  parts: { nonce: Byte[]; aad: Byte[]; text: Byte[] },
  open: boolean,
): Gcm {
  const { algebra } = engine;
  const zeros = constantBytes(new Uint8Array(16));
  const h = cutBlock(algebra, standard.encrypt(zeros), "H", { factor: true, through: true });
  const blocks = {
    nonce: shape.nonce === 12 ? 0 : Math.ceil(shape.nonce / 16),
    text: Math.ceil(shape.aad / 16) + Math.ceil(shape.text / 16) + 1,
  };
  let hashed = 0;
  const ghash = (lists: readonly (readonly Byte[])[]) => {
    const hash = { state: zeros as readonly Byte[] };
    for (const list of lists) {
      hashed += list.length / 16;
      const step = new Ghash(algebra, h, hashed >= POWERS_FROM ? 4 : 1);
      step.state = hash.state;
      step.update(list);
      hash.state = step.state;
    }
    return hash.state;
  };
  void blocks;
  const j0 =
    shape.nonce === 12
      ? [...parts.nonce, ...constantBytes([0, 0, 0, 1])]
      : ghash([padded(parts.nonce), lengthBlock(0, shape.nonce)]);
  const mask = standard.encrypt(j0);
  const output = blocksOf(parts.text).flatMap((block, i) => {
    const stream = standard.encrypt(increment(algebra, j0, i + 1));
    return xorBytes(algebra, block, stream.slice(0, block.length));
  });
  const hash = ghash([
    [...padded(parts.aad), ...padded(open ? parts.text : output), ...lengthBlock(shape.aad, shape.text)],
  ]);
  return { ciphertext: output, tag: xorBytes(algebra, hash, mask) };
}

function startGcm(engine: SymbolicEngine, cipher: CipherCase, shape: GcmShape) {
  const key = engine.unknown(engine.io, cipher.keyLength, "key");
  const standard = standardCipher(engine.algebra, cipher, key);
  const at = engine.io + Math.ceil(shape.aad / 16) * 16;
  const nonce = constantBytes(Uint8Array.from({ length: shape.nonce }, (_, i) => 17 * i + 3));
  const before = { standard, at, nonce };
  // Registers the standard's S-boxes for H, and for blocks that no text fills, before the engine comes to them.
  cutBlock(engine.algebra, standard.encrypt(constantBytes(new Uint8Array(16))), "H", { factor: true, through: true });
  engine.call(`${cipher.cipher}Expand`, engine.slot, engine.io, cipher.keyLength);
  engine.call(`${cipher.cipher}GcmExpand`, engine.slot);
  return before;
}

const gcmSeal =
  (shape: GcmShape) =>
  (engine: SymbolicEngine, cipher: CipherCase): string[] => {
    const { standard, at, nonce } = startGcm(engine, cipher, shape);
    const aad = engine.unknown(engine.io, shape.aad, "aad");
    const text = engine.unknown(at, shape.text, "text");
    engine.place(engine.nonce, nonce);
    const { ciphertext, tag } = gcm(engine, standard, shape, { nonce, aad, text }, false);
    engine.call(`${cipher.cipher}GcmSeal`, engine.slot, shape.nonce, engine.io, shape.aad, shape.text);
    return [
      ...engine.differences(at, ciphertext, "ciphertext"),
      ...engine.differences(at + shape.text, tag, "tag"),
      ...engine.differences(engine.io, aad, "additional data"),
    ];
  };

/** The verdict is about the bits in which the tags differ, and nothing else; then the text is decrypted, or left as it was. */
const gcmOpen =
  (shape: GcmShape, forged: boolean) =>
  (engine: SymbolicEngine, cipher: CipherCase): string[] => {
    const { standard, at, nonce } = startGcm(engine, cipher, shape);
    const aad = engine.unknown(engine.io, shape.aad, "aad");
    const text = engine.unknown(at, shape.text, "text");
    const given = engine.unknown(at + shape.text, shape.tag, "tag");
    engine.place(engine.nonce, nonce);
    const { ciphertext: plaintext, tag } = gcm(engine, standard, shape, { nonce, aad, text }, true);
    const asked = engine.deciding(forged);
    const verdict = engine.call(
      `${cipher.cipher}GcmOpen`,
      engine.slot,
      shape.nonce,
      engine.io,
      shape.aad,
      shape.text,
      shape.tag,
    );
    const wanted = xorBytes(engine.algebra, given, tag.slice(0, shape.tag)).flat();
    const sorted = (bits: readonly number[]) =>
      bits
        .map((bit) => engine.algebra.canonical(bit))
        .sort((a, b) => a - b)
        .join();
    const [question = [], ...more] = asked;
    return [
      ...(verdict === Number(!forged) ? [] : [`the verdict is ${verdict}`]),
      ...(more.length === 0 && sorted(question) === sorted(wanted)
        ? []
        : ["the verdict is about other bits than the tags"]),
      ...engine.differences(at, forged ? text : plaintext, "text"),
    ];
  };

export interface EqualityCase {
  readonly name: string;
  readonly run: (engine: SymbolicEngine) => string[];
}

const ciphers: readonly CipherCase[] = [
  { name: "AES-128", cipher: "aes", keyLength: 16 },
  { name: "AES-192", cipher: "aes", keyLength: 24 },
  { name: "AES-256", cipher: "aes", keyLength: 32 },
  { name: "SM4", cipher: "sm4", keyLength: 16 },
];

const counters: readonly [string, Uint8Array][] = [
  ["0", new Uint8Array(16)],
  ["2^32 − 3", Uint8Array.from([...Array(12).fill(9), 255, 255, 255, 253])],
  ["2^128 − 3", Uint8Array.from([...Array(15).fill(255), 253])],
];

/** Which shapes are proved: every path of the program has one (docs/proof.md). */
export interface Shapes {
  readonly ciphers: readonly string[];
  /** Lengths of whole blocks. */
  readonly blocks: readonly number[];
  readonly ctr: readonly number[];
  readonly gcm: readonly GcmShape[];
}

const described = ({ nonce, aad, text, tag }: GcmShape) => `nonce ${nonce}, aad ${aad}, text ${text}, tag ${tag}`;

export function equalityCases(shapes: Shapes): EqualityCase[] {
  const modes: [string, Run][] = [
    ["ECB encryption", ecbOf("Encrypt")],
    ["ECB decryption", ecbOf("Decrypt")],
    ["CBC decryption", cbcDecrypt],
  ];
  // One block after the other: it has no batches.
  const serial: [string, Run][] = [["CBC encryption", cbcEncrypt]];
  const counting = counters.map(([from, counter]): [string, Run] => [`CTR from ${from}`, ctrFrom(counter)]);
  const of = (cipher: CipherCase, list: readonly [string, Run][], lengths: readonly number[]): EqualityCase[] =>
    list.flatMap(([mode, run]) =>
      lengths.map((length) => ({
        name: `${cipher.name} ${mode}, ${length} bytes`,
        run: (engine: SymbolicEngine) => run(engine, cipher, length),
      })),
    );
  const gcmOf = (cipher: CipherCase, shape: GcmShape): EqualityCase[] =>
    (
      [
        ["seal", gcmSeal(shape)],
        ["open", gcmOpen(shape, false)],
        ["refuse", gcmOpen(shape, true)],
      ] as const
    ).map(([name, run]) => ({
      name: `${cipher.name} GCM ${name}, ${described(shape)}`,
      run: (engine: SymbolicEngine) => run(engine, cipher),
    }));
  return ciphers
    .filter(({ name }) => shapes.ciphers.includes(name))
    .flatMap((cipher) => [
      ...of(cipher, modes, shapes.blocks),
      ...of(
        cipher,
        serial,
        shapes.blocks.filter((length) => length <= 144),
      ),
      ...of(cipher, counting, shapes.ctr),
      ...shapes.gcm.flatMap((shape) => gcmOf(cipher, shape)),
    ]);
}
