import { forge } from "./gcm-scenarios.ts";
import { type CipherCase, type EngineCalls, publicBytes, type Scenario } from "./scenario.ts";
import type { Secret } from "./secret.ts";

// AES-GCM-SIV with secret keys, texts and additional data. The counter block, which is the tag, differs from trial to trial with them:
// no address may depend on it either.

/** Texts up to a few blocks, a group, a batch and past it, and past what is hashed at a time (2048 bytes). */
const texts = [0, 1, 16, 100, 128, 400, 512, 700, 2048 + 165];

interface MessageLengths {
  readonly aad: number;
  readonly text: number;
}

const describe = ({ aad, text }: MessageLengths) => `aad ${aad}, text ${text}`;
const roundUp = (length: number) => Math.ceil(length / 16) * 16;

/** Derives the keys of a message into `otherSlot`. */
function start(engine: EngineCalls, cipher: CipherCase, secret: Secret): number {
  engine.expand(cipher, secret);
  return begin(engine, cipher);
}

/** The same under the key that is expanded already. */
function begin(engine: EngineCalls, { keyLength }: CipherCase): number {
  engine.write(engine.nonce, publicBytes(12));
  engine.call("aesGcmSivStart", engine.slot, engine.otherSlot, keyLength);
  return engine.otherSlot;
}

/** Seals in one call; returns where the text begins. */
function seal(engine: EngineCalls, message: number, secret: Secret, { aad, text }: MessageLengths): number {
  const at = engine.io + roundUp(aad);
  engine.write(engine.io, secret.bytes(aad));
  engine.write(at, secret.bytes(text));
  engine.call("aesGcmSivSeal", message, engine.io, aad, text);
  return at;
}

function sealing(cipher: CipherCase, lengths: MessageLengths): Scenario {
  return {
    name: `gcm-siv seal, ${describe(lengths)}`,
    run(engine, secret) {
      seal(engine, start(engine, cipher, secret), secret, lengths);
      return undefined;
    },
  };
}

function opening(cipher: CipherCase, lengths: MessageLengths): Scenario {
  return {
    name: `gcm-siv open, ${describe(lengths)}`,
    verdicts: 2,
    run(engine, secret) {
      const { memory } = engine;
      const at = seal(engine, start(engine, cipher, secret), secret, lengths);
      const sealed = memory.slice(engine.io, at + lengths.text + 16);
      const text = at - engine.io;
      const forged = forge(secret, {
        tag: sealed.subarray(text + lengths.text),
        text: sealed.subarray(text, text + lengths.text),
        aad: sealed.subarray(0, lengths.aad),
      });
      const message = begin(engine, cipher);
      engine.write(engine.io, sealed);
      const verdict = engine.call("aesGcmSivOpen", message, engine.io, lengths.aad, lengths.text);
      if (verdict !== Number(!forged)) throw new Error(`The verdict is ${verdict}, forged: ${forged}`);
      return verdict;
    },
  };
}

/** A message sealed in parts, then opened in parts with a tag that may be wrong. No verdict: nothing may follow from it. */
function inParts(cipher: CipherCase, { aad, text }: MessageLengths): Scenario {
  const first = text - (text % 512);
  return {
    name: `gcm-siv in parts, ${describe({ aad, text })}`,
    run(engine, secret) {
      const { io, memory } = engine;
      const tag = engine.run;
      const message = start(engine, cipher, secret);
      const [data, plaintext] = [secret.bytes(aad), secret.bytes(text)];
      const each = (bytes: Uint8Array, step: "Hash" | "Keystream") =>
        [bytes.subarray(0, first), bytes.subarray(first)].map((part) => {
          engine.write(io, part);
          engine.call(`aesGcmSiv${step}`, message, io, part.length);
          return memory.slice(io, io + part.length);
        });
      each(data, "Hash");
      each(plaintext, "Hash");
      engine.call("aesGcmSivTag", message, tag, aad, text);
      engine.call("aesGcmSivCounter", message, tag);
      each(plaintext, "Keystream");
      const none = new Uint8Array(0);
      forge(secret, { tag: memory.subarray(tag, tag + 16), text: none, aad: none });
      engine.call("aesGcmSivVerify", message, tag, aad, text);
      return undefined;
    },
  };
}

export function gcmSivScenarios(cipher: CipherCase): Scenario[] {
  return [
    ...texts.map((text) => sealing(cipher, { aad: 13, text })),
    sealing(cipher, { aad: 500, text: 40 }),
    ...[0, 1, 100, 700].map((text) => opening(cipher, { aad: 13, text })),
    inParts(cipher, { aad: 13, text: 700 }),
  ];
}
