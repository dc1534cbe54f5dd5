import { forge } from "./gcm-scenarios.ts";
import { type CipherCase, declarePublic, type EngineCalls, publicBytes, type Scenario } from "./scenario.ts";
import type { Secret } from "./secret.ts";

// Many messages in shared lanes, as src/ciphers/gcm/gcm-many.ts lays them out for assembly/mode/gcm-many.ts: their lengths are
// public, and what `openMany` tells of each.

/** Bytes of additional data and of text of each message: less than a batch of either cipher, several, one that takes as many
 * blocks as make the tables of powers. */
const shortMessages: readonly [number, number][] = [
  [0, 0],
  [0, 1],
  [13, 16],
  [16, 64],
  [40, 100],
];
const longMessages: readonly [number, number][] = [
  ...shortMessages,
  [0, 700],
  [300, 31],
  ...Array.from({ length: 20 }, (): [number, number] => [16, 64]),
];

interface Batch {
  readonly name: string;
  readonly messages: readonly [number, number][];
  readonly tagLength: number;
}

const batches: readonly Batch[] = [
  { name: "1 message", messages: [[16, 64]], tagLength: 16 },
  { name: "5 short messages", messages: shortMessages, tagLength: 16 },
  { name: "5 short messages, tag 12", messages: shortMessages, tagLength: 12 },
  { name: "27 messages", messages: longMessages, tagLength: 16 },
];

const roundUp = (length: number) => Math.ceil(length / 16) * 16;

/** A message in its record. */
interface Placed {
  readonly aad: Uint8Array;
  readonly text: Uint8Array;
  readonly tag: Uint8Array;
}

/** Writes the record of one message to `at`; returns where the next begins. */
function place(engine: EngineCalls, at: number, { aad, text, tag }: Placed): number {
  const size = 64 + roundUp(aad.length) + roundUp(text.length) + 32;
  const header = new DataView(new ArrayBuffer(64));
  for (const [index, word] of [aad.length, text.length, size].entries()) header.setUint32(48 + 4 * index, word, true);
  new Uint8Array(header.buffer).set(publicBytes(12));
  engine.write(at, declarePublic(new Uint8Array(size)));
  engine.write(at, declarePublic(new Uint8Array(header.buffer)));
  engine.write(at + 64, aad);
  engine.write(at + 64 + roundUp(aad.length), text);
  engine.write(at + 64 + roundUp(aad.length) + text.length, tag);
  return at + size;
}

function placeAll(engine: EngineCalls, messages: readonly Placed[]): void {
  let at = engine.io;
  for (const message of messages) at = place(engine, at, message);
}

/** Seals the messages of a batch; returns them sealed. */
function seal(engine: EngineCalls, { cipher }: CipherCase, secret: Secret, { messages, tagLength }: Batch): Placed[] {
  const none = new Uint8Array(0);
  const plain = messages.map(([aad, text]) => ({ aad: secret.bytes(aad), text: secret.bytes(text), tag: none }));
  placeAll(engine, plain);
  engine.call(`${cipher}GcmSealMany`, engine.slot, engine.io, messages.length, tagLength);
  let at = engine.io;
  return plain.map(({ aad, text: { length } }) => {
    const text = engine.memory.slice(at, at + length);
    const tag = engine.memory.slice(at + length, at + length + tagLength);
    at += length + tagLength;
    return { aad, text, tag };
  });
}

function sealing(cipher: CipherCase, batch: Batch): Scenario {
  return {
    name: `gcm seal many, ${batch.name}`,
    run(engine, secret) {
      engine.expand(cipher, secret, true);
      seal(engine, cipher, secret, batch);
      return undefined;
    },
  };
}

/** Opens them with none, the last or all forged, in turn: which is what the caller learns. */
function opening(cipher: CipherCase, batch: Batch): Scenario {
  const last = batch.messages.length - 1;
  const verdicts = last === 0 ? 2 : 3;
  return {
    name: `gcm open many, ${batch.name}`,
    verdicts,
    run(engine, secret) {
      engine.expand(cipher, secret, true);
      const sealed = seal(engine, cipher, secret, batch);
      const turn = { ...secret, trial: 2 * Math.floor(secret.trial / verdicts) + 1 };
      const kind = secret.trial % verdicts;
      for (const [index, message] of sealed.entries())
        if (kind === 2 || (kind === 1 && index === last)) forge(turn, message);
      placeAll(engine, sealed);
      engine.call(`${cipher.cipher}GcmOpenMany`, engine.slot, engine.io, sealed.length, batch.tagLength);
      const from = engine.call("verdicts");
      const right = engine.memory.subarray(from, from + sealed.length).reduce((sum, verdict) => sum + verdict, 0);
      if (right !== [last + 1, last, 0][kind]) throw new Error(`${right} messages of ${last + 1} are right`);
      return right;
    },
  };
}

export function gcmManyScenarios(cipher: CipherCase): Scenario[] {
  return batches.flatMap((batch) => [sealing(cipher, batch), opening(cipher, batch)]);
}
