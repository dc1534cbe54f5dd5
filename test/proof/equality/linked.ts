// What the ciphers' modules export for those of further modes: batches, few blocks, chains and GHASH.
import { constantBytes, xorBytes } from "../standards/bytes.ts";
import { cbcEncrypt, ecb } from "../standards/sp800-38a.ts";
import { cutBlock } from "../standards/sp800-38d.ts";
import { type CipherCase, type EqualityCase, expand, ghashOf } from "./case.ts";

export const batch = (cipher: CipherCase, blocks: number): EqualityCase => ({
  name: `${cipher.name} batch of ${blocks} blocks`,
  run(engine) {
    const standard = expand(engine, cipher);
    const [added, to] = [engine.io + 8192, engine.io + 16384];
    const text = engine.unknown(engine.io, 16 * blocks, "text");
    const more = engine.unknown(added, 16 * blocks, "what is added");
    const expected = xorBytes(engine.algebra, ecb(standard.encrypt, text), more);
    engine.call(`${cipher.cipher}EncryptBatch`, engine.slot, engine.io, to, added, blocks);
    return engine.differences(to, expected, "text");
  },
});

export const few = (cipher: CipherCase, blocks: number): EqualityCase => ({
  name: `${cipher.name}, ${blocks} blocks by vector permutation`,
  run(engine) {
    const standard = expand(engine, cipher);
    const expected = ecb(standard.encrypt, engine.unknown(engine.io, 16 * blocks, "text"));
    engine.call(`${cipher.cipher}EncryptFew`, engine.slot, engine.io, blocks);
    return engine.differences(engine.io, expected, "text");
  },
});

export const chain = (cipher: CipherCase, length: number): EqualityCase => ({
  name: `${cipher.name} chain of ${length} bytes`,
  run(engine) {
    const standard = expand(engine, cipher);
    const text = engine.unknown(engine.io, length, "text");
    const iv = engine.unknown(engine.nonce, 16, "IV");
    const expected = cbcEncrypt(engine.algebra, standard, iv, text);
    engine.call(`${cipher.cipher}EncryptChain`, engine.slot, engine.nonce, engine.io, length);
    return [...engine.differences(engine.io, expected.text, "text"), ...engine.differences(engine.nonce, iv, "IV")];
  },
});

/** Parts under one key, from a state of any value. */
export const ghash = (parts: readonly number[]): EqualityCase => ({
  name: `GHASH of ${parts.join(" and ")} bytes`,
  run(engine) {
    const h = engine.unknown(engine.io, 16, "H", true);
    const key = ghashOf(engine, cutBlock(engine.algebra, h, "H", { factor: true }));
    engine.call("ghashExpand", engine.slot, engine.io);
    let state: ReturnType<typeof engine.unknown> = engine.unknown(engine.nonce, 16, "state");
    return parts.flatMap((length) => {
      const data = engine.unknown(engine.io, length, "data");
      state = [...key.update(state, data)];
      engine.call("ghash", engine.slot, engine.nonce, engine.io, length);
      return engine.differences(engine.nonce, state, "state");
    });
  },
});

/** What lies between two addresses, or in all scratch, becomes zero; what is next to it stays. */
export const wiping: readonly EqualityCase[] = [
  {
    name: "wipe",
    run(engine) {
      const bytes = engine.unknown(engine.slot, 64, "what is there");
      engine.call("wipe", engine.slot + 16, 32);
      const zeros = constantBytes(new Uint8Array(32));
      return engine.differences(engine.slot, [...bytes.slice(0, 16), ...zeros, ...bytes.slice(48)], "memory");
    },
  },
  {
    name: "wiping all scratch",
    run(engine) {
      const from = 4096;
      engine.unknown(from, engine.slot - from, "what is there");
      const slot = engine.unknown(engine.slot, 16, "a slot");
      engine.call("wipeScratch");
      const zeros = constantBytes(new Uint8Array(engine.slot - from));
      return [...engine.differences(from, zeros, "scratch"), ...engine.differences(engine.slot, slot, "slot")];
    },
  },
];
