import { type CipherCase, type EngineCalls, publicBytes, type Scenario } from "./scenario.ts";
import type { Secret } from "./secret.ts";

// GCM with secret keys, texts and additional data, under nonces that stay the same while the keys vary: those of 12 bytes make
// a counter that is public, all others one that depends on the key.

const nonceLengths = [1, 8, 12, 13, 16, 128];

/** Texts that end in every kind of path: one call's first batch, several, tables of powers (12 blocks hashed), and
 * prepared counters across 256 blocks. */
const texts = [0, 1, 16, 100, 128, 400, 700];
const longText = 8192 + 165;
/** Past the largest batch, SM4's of 128 blocks, and still one call: the counters of its end are counted on from the first. */
const twoBatches = 128 * 16 + 165;

interface MessageLengths {
  readonly nonce: number;
  readonly aad: number;
  readonly text: number;
}

const describe = ({ nonce, aad, text }: MessageLengths) => `nonce ${nonce}, aad ${aad}, text ${text}`;
const roundUp = (length: number) => Math.ceil(length / 16) * 16;

/** Puts a message where `gcmSeal` takes it and seals it; returns where its text begins. */
function seal(engine: EngineCalls, { cipher }: CipherCase, secret: Secret, lengths: MessageLengths): number {
  const text = engine.io + roundUp(lengths.aad);
  engine.write(engine.nonce, publicBytes(lengths.nonce));
  engine.write(engine.io, secret.bytes(lengths.aad));
  engine.write(text, secret.bytes(lengths.text));
  engine.call(`${cipher}GcmSeal`, engine.slot, lengths.nonce, engine.io, lengths.aad, lengths.text);
  return text;
}

function sealing(cipher: CipherCase, lengths: MessageLengths): Scenario {
  return {
    name: `gcm seal, ${describe(lengths)}`,
    run(engine, secret) {
      engine.expand(cipher, secret, true);
      seal(engine, cipher, secret, lengths);
      return undefined;
    },
  };
}

/** Several messages under one key, until its hash key has made its tables. */
function sealingMany(cipher: CipherCase, lengths: MessageLengths): Scenario {
  return {
    name: `gcm seal six times, ${describe(lengths)}`,
    run(engine, secret) {
      engine.expand(cipher, secret, true);
      for (let message = 0; message < 6; message++) seal(engine, cipher, secret, lengths);
      return undefined;
    },
  };
}

interface SealedParts {
  readonly tag: Uint8Array;
  readonly text: Uint8Array;
  readonly aad: Uint8Array;
}

/** Every second trial changes one bit that the tag covers, in turn of every byte of the tag and of other places. */
export function forge({ trial }: Pick<Secret, "trial">, parts: SealedParts): boolean {
  if (trial % 2 === 0) return false;
  const turn = trial >> 1;
  const part = turn % 4 === 3 ? [parts.text, parts.aad][(turn >> 2) % 2] : parts.tag;
  const target = part && part.length > 0 ? part : parts.tag;
  const place = turn % target.length;
  target[place] = (target[place] ?? 0) ^ (1 << (turn % 8));
  return true;
}

function opening(cipher: CipherCase, lengths: MessageLengths, tagLength: number): Scenario {
  return {
    name: `gcm open, ${describe(lengths)}, tag ${tagLength}`,
    verdicts: 2,
    run(engine, secret) {
      engine.expand(cipher, secret, true);
      const text = seal(engine, cipher, secret, lengths);
      const { memory } = engine;
      const tag = memory.subarray(text + lengths.text, text + lengths.text + tagLength);
      const aad = memory.subarray(engine.io, engine.io + lengths.aad);
      const forged = forge(secret, { tag, aad, text: memory.subarray(text, text + lengths.text) });
      engine.write(engine.nonce, publicBytes(lengths.nonce));
      const parameters = [engine.slot, lengths.nonce, engine.io, lengths.aad, lengths.text, tagLength];
      const verdict = engine.call(`${cipher.cipher}GcmOpen`, ...parameters);
      if (verdict !== Number(!forged)) throw new Error(`The verdict is ${verdict}, forged: ${forged}`);
      return verdict;
    },
  };
}

/** One message in parts, as streams make it: the exports it takes, on the run. */
class Parts {
  readonly #engine: EngineCalls;
  readonly #cipher: CipherCase["cipher"];

  constructor(engine: EngineCalls, { cipher }: CipherCase) {
    this.#engine = engine;
    this.#cipher = cipher;
  }

  #call(step: string, ...parameters: number[]): number {
    return this.#engine.call(`${this.#cipher}Gcm${step}`, this.#engine.slot, this.#engine.run, ...parameters);
  }

  /** A step on bytes in IO; returns what it leaves there. */
  work(step: "HashNonce" | "Aad" | "Keystream" | "HashText", bytes: Uint8Array): Uint8Array {
    const { io, memory } = this.#engine;
    this.#engine.write(io, bytes);
    this.#call(step, io, bytes.length);
    return memory.slice(io, io + bytes.length);
  }

  /** Nonces of up to 256 bytes go in one piece, longer ones are hashed in pieces. */
  start(nonce: Uint8Array, aad: Uint8Array): void {
    if (nonce.length <= 256) {
      this.#engine.write(this.#engine.nonce, nonce);
      this.#call("Start", nonce.length);
    } else {
      for (let offset = 0; offset < nonce.length; offset += 256) {
        this.work("HashNonce", nonce.subarray(offset, offset + 256));
      }
      this.#call("StartHashed", nonce.length);
    }
    this.work("Aad", aad);
  }

  tag(at: number): void {
    this.#call("Tag", at);
  }

  verify(at: number): number {
    return this.#call("Verify", at, 16);
  }
}

/** A message sealed in parts, then opened in parts, with a tag that may be wrong. No verdict: nothing may follow from it. */
function inParts(cipher: CipherCase, lengths: MessageLengths): Scenario {
  const last = lengths.text % 512;
  const nonce = publicBytes(lengths.nonce);
  return {
    name: `gcm in parts, ${describe(lengths)}`,
    run(engine, secret) {
      const parts = new Parts(engine, cipher);
      const tag = engine.otherSlot;
      engine.expand(cipher, secret, true);
      const aad = secret.bytes(lengths.aad);
      parts.start(nonce, aad);
      const sealed = [lengths.text - last, last].map((length) => {
        const part = parts.work("Keystream", secret.bytes(length));
        return parts.work("HashText", part);
      });
      parts.tag(tag);
      engine.memory.fill(0, engine.run, engine.run + engine.call("runSize"));
      parts.start(nonce, aad);
      for (const part of sealed) {
        parts.work("HashText", part);
        parts.work("Keystream", part);
      }
      const none = new Uint8Array(0);
      forge(secret, { tag: engine.memory.subarray(tag, tag + 16), text: none, aad: none });
      parts.verify(tag);
      return undefined;
    },
  };
}

/** Messages past one batch, and past 8 KiB and 256 blocks. */
function longMessages(cipher: CipherCase, nonce: number): Scenario[] {
  return [
    sealing(cipher, { nonce, aad: 0, text: twoBatches }),
    opening(cipher, { nonce, aad: 13, text: twoBatches }, 16),
    sealing(cipher, { nonce, aad: 0, text: longText }),
    opening(cipher, { nonce, aad: 13, text: longText }, 16),
    inParts(cipher, { nonce, aad: 0, text: longText }),
  ];
}

/** `everyNonceLong`: with each length of nonce, not only with one that makes a public counter and one that does not. */
export function gcmScenarios(cipher: CipherCase, everyNonceLong: boolean): Scenario[] {
  const short = (nonce: number) => [
    ...texts.map((text) => sealing(cipher, { nonce, aad: 13, text })),
    sealing(cipher, { nonce, aad: 500, text: 40 }),
    sealingMany(cipher, { nonce, aad: 13, text: 50 }),
    ...[0, 1, 100, 400].map((text) => opening(cipher, { nonce, aad: 13, text }, 16)),
    ...[4, 12].map((tagLength) => opening(cipher, { nonce, aad: 0, text: 40 }, tagLength)),
    inParts(cipher, { nonce, aad: 13, text: 700 }),
  ];
  return [
    ...nonceLengths.flatMap(short),
    inParts(cipher, { nonce: 1000, aad: 0, text: 100 }),
    ...(everyNonceLong ? nonceLengths : [12, 16]).flatMap((nonce) => longMessages(cipher, nonce)),
  ];
}
