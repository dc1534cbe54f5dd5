import { type CipherCase, type EngineCalls, publicBytes, type Scenario } from "./scenario.ts";
import type { Secret } from "./secret.ts";

// CCM, AES-SIV and the key derivation of XAES-256-GCM with secret keys, texts and additional data, under public nonces.

/** A message's slot, apart from the key's. */
function messageOf(engine: EngineCalls): number {
  return engine.run;
}

/** Runs `work` on each part of secret bytes in IO. All but the last are multiples of 16 bytes. */
function inParts(engine: EngineCalls, bytes: Uint8Array, parts: number, work: (length: number) => void): void {
  const size = Math.ceil(bytes.length / parts / 16) * 16 || 16;
  for (let offset = 0; offset === 0 || offset < bytes.length; offset += size) {
    const part = bytes.subarray(offset, offset + size);
    engine.write(engine.io, part);
    work(part.length);
  }
}

interface CcmLengths {
  readonly nonce: number;
  readonly tag: number;
  readonly aad: number;
  readonly text: number;
  readonly parts: number;
}

/** Seals and verifies; every second trial's tag is forged, from which nothing may follow here. */
function ccm({ cipher, keyLength }: CipherCase, lengths: CcmLengths): Scenario {
  const { nonce, tag, aad, text, parts } = lengths;
  return {
    name: `ccm, ${JSON.stringify(lengths)}`,
    run(engine, secret) {
      const [slot, run] = [engine.expand({ cipher, keyLength }, secret), messageOf(engine)];
      const step = (name: string, ...rest: number[]) => engine.call(`${cipher}Ccm${name}`, slot, run, ...rest);
      engine.write(engine.nonce, publicBytes(nonce));
      step("Start", nonce, tag, aad, text);
      const plaintext = secret.bytes(text);
      if (aad > 0) inParts(engine, secret.bytes(aad), parts, (length) => step("Aad", engine.io, length));
      inParts(engine, plaintext, parts, (length) => step("Text", engine.io, length));
      inParts(engine, plaintext, parts, (length) => step("Keystream", engine.io, length));
      step("Tag", engine.io);
      engine.memory[engine.io] = (engine.memory[engine.io] ?? 0) ^ (secret.trial & 1);
      step("Verify", engine.io, tag);
      return undefined;
    },
  };
}

/** The beginning of a message whose additional data is longer than two bytes can tell. */
function longAad({ cipher, keyLength }: CipherCase, aad: number): Scenario {
  return {
    name: `ccm, ${aad} bytes of additional data`,
    run(engine, secret) {
      const [slot, run] = [engine.expand({ cipher, keyLength }, secret), messageOf(engine)];
      engine.write(engine.nonce, publicBytes(12));
      engine.call(`${cipher}CcmStart`, slot, run, 12, 16, aad, 0);
      engine.write(engine.io, secret.bytes(48));
      engine.call(`${cipher}CcmAad`, slot, run, engine.io, 48);
      return undefined;
    },
  };
}

function expandSiv(engine: EngineCalls, secret: Secret, half: number): number {
  const { io, slot } = engine;
  engine.write(io, secret.bytes(2 * half));
  engine.call("aesExpand", slot, io, half);
  engine.call("aesExpand", slot + engine.call("aesSize"), io + half, half);
  engine.call("aesSivExpand", slot);
  return slot;
}

/** Two components and a text, each in one part and then in several, sealed and verified as above. */
function siv(half: number, component: number, text: number): Scenario {
  return {
    name: `siv, keys of ${half}, components of ${component}, text ${text}`,
    run(engine, secret) {
      const [slot, run, io] = [expandSiv(engine, secret, half), messageOf(engine), engine.io];
      const step = (name: string, ...rest: number[]) => engine.call(`aesSiv${name}`, slot, run, ...rest);
      step("Start");
      engine.write(io, secret.bytes(component));
      step("Component", io, component);
      const whole = Math.max(0, component - 1) & ~15;
      engine.write(io, secret.bytes(component));
      step("Part", io, whole);
      step("Component", io + whole, component - whole);
      engine.write(io, secret.bytes(text));
      step("Text", io, text);
      engine.call("aesSivTag", run, engine.nonce);
      engine.memory[engine.nonce] = (engine.memory[engine.nonce] ?? 0) ^ (secret.trial & 1);
      engine.call("aesSivVerify", run, engine.nonce);
      // What everybody sees of a sealed message.
      engine.write(engine.nonce, publicBytes(16));
      engine.call("aesSivReceive", run, engine.nonce);
      step("Keystream", io, text);
      return undefined;
    },
  };
}

const xaes: Scenario = {
  name: "xaes start",
  run(engine, secret) {
    const slot = engine.expand({ cipher: "aes", keyLength: 32 }, secret);
    engine.call("aesXaesExpand", slot);
    engine.write(engine.nonce, publicBytes(24));
    engine.call("aesXaesStart", slot, engine.otherSlot);
    return undefined;
  },
};

export function messageScenarios(cipher: CipherCase): Scenario[] {
  const ccmScenarios = [
    ccm(cipher, { nonce: 7, tag: 4, aad: 0, text: 0, parts: 1 }),
    ccm(cipher, { nonce: 12, tag: 16, aad: 13, text: 100, parts: 1 }),
    ccm(cipher, { nonce: 13, tag: 10, aad: 14, text: 16, parts: 1 }),
    ccm(cipher, { nonce: 12, tag: 16, aad: 200, text: 700, parts: 3 }),
    ccm(cipher, { nonce: 12, tag: 16, aad: 0, text: 2048 + 165, parts: 4 }),
    ...[0xff00, 2 ** 32].map((aad) => longAad(cipher, aad)),
  ];
  if (cipher.cipher === "sm4") return ccmScenarios;
  const texts = [0, 1, 15, 16, 17, 32, 100, 2048 + 165];
  return [
    ...ccmScenarios,
    ...texts.flatMap((text) => siv(cipher.keyLength, 40, text)),
    ...[0, 16, 2200].map((component) => siv(cipher.keyLength, component, 40)),
    ...(cipher.keyLength === 32 ? [xaes] : []),
  ];
}
