import { type CipherCase, publicBytes, type Scenario } from "./scenario.ts";

// What the ciphers' modules export for those of further modes: ciphers and GHASH, with secret keys and secret blocks.

function batch(cipher: CipherCase, blocks: number): Scenario {
  return {
    name: `encrypt batch, ${blocks} blocks`,
    run(engine, secret) {
      const slot = engine.expand(cipher, secret);
      const added = engine.io + 4096;
      engine.write(engine.io, secret.bytes(16 * blocks));
      engine.write(added, secret.bytes(16 * blocks));
      engine.call(`${cipher.cipher}EncryptBatch`, slot, engine.io, engine.io, added, blocks);
      return undefined;
    },
  };
}

function few(cipher: CipherCase, blocks: number): Scenario {
  return {
    name: `encrypt few, ${blocks} blocks`,
    run(engine, secret) {
      const slot = engine.expand(cipher, secret);
      engine.write(engine.io, secret.bytes(16 * blocks));
      engine.call(`${cipher.cipher}EncryptFew`, slot, engine.io, blocks);
      return undefined;
    },
  };
}

function chain(cipher: CipherCase, length: number): Scenario {
  return {
    name: `encrypt chain, ${length} bytes`,
    run(engine, secret) {
      const slot = engine.expand(cipher, secret);
      engine.write(engine.nonce, publicBytes(16));
      engine.write(engine.io, secret.bytes(length));
      engine.call(`${cipher.cipher}EncryptChain`, slot, engine.nonce, engine.io, length);
      return undefined;
    },
  };
}

/** Under a hash key that has one table of powers, and past the length from which it has all. */
function hashing(length: number): Scenario {
  return {
    name: `ghash, ${length} bytes`,
    run(engine, secret) {
      const state = engine.nonce;
      engine.write(engine.io, secret.bytes(16));
      engine.call("ghashExpand", engine.slot, engine.io);
      engine.write(state, secret.bytes(16));
      engine.write(engine.io, secret.bytes(length));
      engine.call("ghash", engine.slot, state, engine.io, length);
      return undefined;
    },
  };
}

export function linkedScenarios(cipher: CipherCase): Scenario[] {
  const full = cipher.cipher === "aes" ? 32 : 128;
  return [
    ...[1, 7, 8, full].map((blocks) => batch(cipher, blocks)),
    ...[1, 2, 4, 6].map((blocks) => few(cipher, blocks)),
    // AES's further modes have a chain of their own, which the scenarios of CMAC call.
    ...(cipher.cipher === "sm4" ? [16, 80, 272].map((length) => chain(cipher, length)) : []),
    ...[1, 16, 100, 500].map(hashing),
  ];
}
