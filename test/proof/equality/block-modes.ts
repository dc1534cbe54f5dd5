// ECB, CBC, CTR, CFB and OFB (SP 800-38A).
import { constantBytes } from "../standards/bytes.ts";
import { cbcDecrypt, cbcEncrypt, cfb, ctr, ecb, ofb } from "../standards/sp800-38a.ts";
import type { SymbolicEngine } from "../symbolic-engine.ts";
import { type CipherCase, type EqualityCase, expand } from "./case.ts";

type Run = (engine: SymbolicEngine, cipher: CipherCase, length: number) => string[];

const ecbOf =
  (direction: "Encrypt" | "Decrypt"): Run =>
  (engine, cipher, length) => {
    const standard = expand(engine, cipher);
    const text = engine.unknown(engine.io, length, "text");
    const expected = ecb(direction === "Encrypt" ? standard.encrypt : standard.decrypt, text);
    engine.call(`${cipher.cipher}Ecb${direction}`, engine.slot, engine.io, length);
    return engine.differences(engine.io, expected, "text");
  };

type Chaining = "CbcEncrypt" | "CbcDecrypt" | "CfbEncrypt" | "CfbDecrypt" | "Ofb";

/** The chain in memory becomes what the next part goes on from; the block before the text stays. */
const chained =
  (mode: Chaining): Run =>
  (engine, cipher, length) => {
    const { algebra } = engine;
    const standard = expand(engine, cipher);
    const text = engine.unknown(engine.io, length, "text");
    const iv = engine.unknown(engine.nonce, 16, "IV");
    const before = engine.unknown(engine.io - 16, 16, "the block before");
    const expected = {
      CbcEncrypt: () => cbcEncrypt(algebra, standard, iv, text),
      CbcDecrypt: () => cbcDecrypt(algebra, standard, iv, text),
      CfbEncrypt: () => cfb(algebra, standard, iv, text, "output"),
      CfbDecrypt: () => cfb(algebra, standard, iv, text, "input"),
      Ofb: () => ofb(algebra, standard, iv, text),
    }[mode]();
    engine.call(`${cipher.cipher}${mode}`, engine.slot, engine.nonce, engine.io, length);
    return [
      ...engine.differences(engine.io, expected.text, "text"),
      // After a part that is no whole block there is no next one.
      ...(length % 16 === 0 ? engine.differences(engine.nonce, expected.chain, "chain") : []),
      ...engine.differences(engine.io - 16, before, "the block before"),
    ];
  };

const ctrFrom =
  (counter: Uint8Array): Run =>
  (engine, cipher, length) => {
    const standard = expand(engine, cipher);
    const text = engine.unknown(engine.io, length, "text");
    engine.place(engine.nonce, constantBytes(counter));
    const expected = ctr(engine.algebra, standard, counter, text);
    engine.call(`${cipher.cipher}Ctr`, engine.slot, engine.nonce, engine.io, length);
    return [
      ...engine.differences(engine.io, expected.text, "text"),
      ...engine.differences(engine.nonce, expected.chain, "counter"),
    ];
  };

/** A counter that ends in these four bytes, or in sixteen of 255 but for the last. */
const counterEnding = (word: number): Uint8Array =>
  Uint8Array.from([...Array(12).fill(9), word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255]);

const counters = {
  "0": new Uint8Array(16),
  "2^32 − 3": counterEnding(-3),
  "2^128 − 3": Uint8Array.from([...Array(15).fill(255), 253]),
  // No multiple of any batch, and 256 blocks end within 8 KiB from here on.
  "1029": counterEnding(1029),
} as const;

const modes = {
  "ECB encryption": ecbOf("Encrypt"),
  "ECB decryption": ecbOf("Decrypt"),
  "CBC encryption": chained("CbcEncrypt"),
  "CBC decryption": chained("CbcDecrypt"),
  "CFB encryption": chained("CfbEncrypt"),
  "CFB decryption": chained("CfbDecrypt"),
  OFB: chained("Ofb"),
  "CTR from 0": ctrFrom(counters["0"]),
  "CTR from 2^32 − 3": ctrFrom(counters["2^32 − 3"]),
  "CTR from 2^128 − 3": ctrFrom(counters["2^128 − 3"]),
  "CTR from 1029": ctrFrom(counters["1029"]),
} as const satisfies Readonly<Record<string, Run>>;

export type BlockMode = keyof typeof modes;

export const blockMode = (cipher: CipherCase, mode: BlockMode, length: number): EqualityCase => ({
  name: `${cipher.name} ${mode}, ${length} bytes`,
  run: (engine) => modes[mode](engine, cipher, length),
});
