import { type CipherCase, type EngineCalls, publicBytes, type Scenario } from "./scenario.ts";
import type { Secret } from "./secret.ts";

// CMAC, CFB, OFB and key wrap, with secret keys and secret data; tags and wrapped keys, right and wrong.

function cmacKey(engine: EngineCalls, cipher: CipherCase, secret: Secret): number {
  const slot = engine.expand(cipher, secret);
  engine.call(`${cipher.cipher}CmacExpand`, slot);
  return slot;
}

/** A whole message; which of its blocks are padded follows from its length. */
function cmac(cipher: CipherCase, length: number): Scenario {
  return {
    name: `cmac, ${length} bytes`,
    run(engine, secret) {
      const slot = cmacKey(engine, cipher, secret);
      engine.write(engine.io, secret.bytes(length));
      engine.call(`${cipher.cipher}CmacFinish`, slot, engine.nonce, engine.io, length);
      return undefined;
    },
  };
}

/** In two parts, and compared with a tag that is wrong in every other trial, in a byte that goes by the trial. */
function cmacVerified(cipher: CipherCase, length: number): Scenario {
  return {
    name: `cmac verified, ${length} bytes`,
    run(engine, secret) {
      const slot = cmacKey(engine, cipher, secret);
      const data = secret.bytes(length + 64);
      for (const state of [engine.nonce, engine.run]) {
        engine.write(engine.io, data);
        engine.call(`${cipher.cipher}CmacUpdate`, slot, state, engine.io, 64);
        engine.call(`${cipher.cipher}CmacFinish`, slot, state, engine.io + 64, length);
      }
      if (secret.trial % 2 === 1) {
        const at = engine.run + ((secret.trial >> 1) & 15);
        engine.memory[at] = (engine.memory[at] ?? 0) ^ 1;
      }
      engine.call("equalBlocks", engine.nonce, engine.run);
      return undefined;
    },
  };
}

function keystreamMode(cipher: CipherCase, mode: string, length: number): Scenario {
  return {
    name: `${mode}, ${length} bytes`,
    run(engine, secret) {
      const slot = engine.expand(cipher, secret);
      engine.write(engine.nonce, publicBytes(16));
      engine.write(engine.io, secret.bytes(length));
      engine.call(`${cipher.cipher}${mode}`, slot, engine.nonce, engine.io, length);
      return undefined;
    },
  };
}

function wrappingKey(engine: EngineCalls, cipher: CipherCase, secret: Secret): number {
  const key = secret.bytes(cipher.keyLength);
  engine.write(engine.io, key);
  engine.call("aesExpand", engine.slot, engine.io, key.length);
  engine.call("aesKwExpand", engine.slot, engine.io);
  return engine.slot;
}

/** Wraps, spoils one bit in every other trial, and unwraps. */
function keyWrap(cipher: CipherCase, name: "Kw" | "Kwp", length: number): Scenario {
  const wrapped = Math.ceil(length / 8) * 8 + 8;
  return {
    name: `${name}, ${length} bytes`,
    run(engine, secret) {
      const { io, memory } = engine;
      const slot = wrappingKey(engine, cipher, secret);
      engine.write(io + 8, secret.bytes(length));
      engine.call(`aes${name}Wrap`, slot, io, name === "Kw" ? wrapped : length);
      if (secret.trial % 2 === 1) {
        const at = io + ((secret.trial >> 1) % wrapped);
        memory[at] = (memory[at] ?? 0) ^ 0x10;
      }
      engine.call(`aes${name}Unwrap`, slot, io, wrapped);
      return undefined;
    },
  };
}

export function furtherModeScenarios(cipher: CipherCase): Scenario[] {
  const batch = cipher.cipher === "aes" ? 512 : 2048;
  const wraps = [
    ...[16, 32].map((length) => keyWrap(cipher, "Kw", length)),
    ...[1, 8, 20, 33].map((length) => keyWrap(cipher, "Kwp", length)),
  ];
  return [
    ...[0, 1, 16, 40, 64].map((length) => cmac(cipher, length)),
    ...[1, 16, 33].map((length) => cmacVerified(cipher, length)),
    ...[1, 16, 100].map((length) => keystreamMode(cipher, "CfbEncrypt", length)),
    ...[1, 16, 100, batch, batch + 100].map((length) => keystreamMode(cipher, "CfbDecrypt", length)),
    ...[1, 16, 100].map((length) => keystreamMode(cipher, "Ofb", length)),
    ...(cipher.cipher === "aes" ? wraps : []),
  ];
}
