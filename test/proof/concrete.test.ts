import { expect, test } from "vitest";
import { readVectors, type VectorCase } from "../conformance/response-file.ts";
import { EngineCalls } from "../constant-time/scenario.ts";
import { everything as long, TIMEOUT } from "./counts.ts";
import { Lockstep } from "./lockstep.ts";
import { pinnedPrograms } from "./modules.ts";

// The interpreter computes what V8 computes, in every byte of memory, on the vectors of test/conformance/. What it says of other
// domains rests on this.

type Cipher = "aes" | "sm4";
type Mode = (engine: EngineCalls, cipher: Cipher, vector: VectorCase) => void;

const expectAt = (engine: EngineCalls, at: number, bytes: Uint8Array, { name }: VectorCase) =>
  expect(Buffer.compare(engine.memory.subarray(at, at + bytes.length), bytes), name).toBe(0);

function expand(engine: EngineCalls, cipher: Cipher, vector: VectorCase): void {
  const key = vector.bytes("KEY");
  engine.write(engine.io, key);
  engine.call(`${cipher}Expand`, engine.slot, engine.io, key.length);
}

const ecb: Mode = (engine, cipher, vector) => {
  const [plaintext, ciphertext] = [vector.bytes("PLAINTEXT"), vector.bytes("CIPHERTEXT")];
  expand(engine, cipher, vector);
  engine.write(engine.io, plaintext);
  engine.call(`${cipher}EcbEncrypt`, engine.slot, engine.io, plaintext.length);
  expectAt(engine, engine.io, ciphertext, vector);
  engine.call(`${cipher}EcbDecrypt`, engine.slot, engine.io, plaintext.length);
  expectAt(engine, engine.io, plaintext, vector);
};

const cbc: Mode = (engine, cipher, vector) => {
  const [plaintext, ciphertext] = [vector.bytes("PLAINTEXT"), vector.bytes("CIPHERTEXT")];
  expand(engine, cipher, vector);
  engine.write(engine.io, plaintext);
  engine.write(engine.nonce, vector.bytes("IV"));
  engine.call(`${cipher}CbcEncrypt`, engine.slot, engine.nonce, engine.io, plaintext.length);
  expectAt(engine, engine.io, ciphertext, vector);
  engine.write(engine.nonce, vector.bytes("IV"));
  engine.call(`${cipher}CbcDecrypt`, engine.slot, engine.nonce, engine.io, plaintext.length);
  expectAt(engine, engine.io, plaintext, vector);
};

const ctr: Mode = (engine, cipher, vector) => {
  const [plaintext, ciphertext] = [vector.bytes("PLAINTEXT"), vector.bytes("CIPHERTEXT")];
  expand(engine, cipher, vector);
  engine.write(engine.io, plaintext);
  engine.write(engine.nonce, vector.bytes("IV"));
  engine.call(`${cipher}Ctr`, engine.slot, engine.nonce, engine.io, plaintext.length);
  expectAt(engine, engine.io, ciphertext, vector);
};

/** Some files write PT and CT, others PLAINTEXT and CIPHERTEXT. */
const gcmOf =
  (plain: string, sealed: string): Mode =>
  (engine, cipher, vector) => {
    const [nonce, aad, tag, ciphertext] = ["IV", "AAD", "TAG", sealed].map((field) => vector.bytes(field));
    if (!nonce || !aad || !tag || !ciphertext) return;
    const text = engine.io + Math.ceil(aad.length / 16) * 16;
    expand(engine, cipher, vector);
    engine.call(`${cipher}GcmExpand`, engine.slot);
    engine.write(engine.nonce, nonce);
    engine.write(engine.io, aad);
    engine.write(text, ciphertext);
    engine.write(text + ciphertext.length, tag);
    const parameters = [engine.slot, nonce.length, engine.io, aad.length, ciphertext.length];
    const verdict = engine.call(`${cipher}GcmOpen`, ...parameters, tag.length);
    expect(verdict, vector.name).toBe(vector.fails ? 0 : 1);
    if (vector.fails) return;
    expectAt(engine, text, vector.bytes(plain), vector);
    engine.write(engine.nonce, nonce);
    engine.call(`${cipher}GcmSeal`, ...parameters);
    expectAt(engine, text, ciphertext, vector);
    expectAt(engine, text + ciphertext.length, tag, vector);
  };

const kinds = ["GFSbox", "KeySbox", "VarKey", "VarTxt", "MMT"];
const bits = [128, 192, 256];
const cavp = (mode: string) => kinds.flatMap((kind) => bits.map((size) => `nist-cavp/${mode}${kind}${size}.rsp`));

/** The files, how they are run, and of how many vectors one is run in short runs. */
const suites: readonly [name: string, files: readonly string[], cipher: Cipher, mode: Mode, reduced: number][] = [
  ["AES-ECB", cavp("ECB"), "aes", ecb, 20],
  ["AES-CBC", cavp("CBC"), "aes", cbc, 20],
  [
    "AES-GCM",
    bits.flatMap((size) => [`nist-cavp/gcmEncryptExtIV${size}.rsp`, `nist-cavp/gcmDecrypt${size}.rsp`]),
    "aes",
    gcmOf("PT", "CT"),
    499,
  ],
  ["AES-CTR", bits.map((size) => `rfc3686/aes-${size}-ctr.txt`), "aes", ctr, 1],
  ["AES-CTR of SP 800-38A", ["sp800-38a/ctr.txt"], "aes", ctr, 1],
  ["SM4-ECB", ["sm4/draft-ribose-cfrg-sm4-10-ecb.txt"], "sm4", ecb, 1],
  ["SM4-CBC", ["sm4/draft-ribose-cfrg-sm4-10-cbc.txt"], "sm4", cbc, 1],
  ["SM4-CTR", ["sm4/draft-ribose-cfrg-sm4-10-ctr.txt"], "sm4", ctr, 1],
  ["SM4-GCM", ["sm4/rfc8998.txt"], "sm4", gcmOf("PLAINTEXT", "CIPHERTEXT"), 1],
];

for (const program of pinnedPrograms()) {
  test.each(suites)(`${program.build}: as V8 on %s`, TIMEOUT, (_name, files, cipher, mode, reduced) => {
    const engine = new EngineCalls(new Lockstep(program));
    const vectors = files.flatMap(readVectors).filter((_, index) => long || index % reduced === 0);
    expect(vectors.length).toBeGreaterThan(0);
    for (const vector of vectors) mode(engine, cipher, vector);
  });
}
