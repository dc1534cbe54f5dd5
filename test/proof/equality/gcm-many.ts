// Many GCM messages in shared lanes (assembly/mode/gcm-many.ts), each as SP 800-38D has it.
import type { Byte } from "../algebra.ts";
import { constantByte, constantBytes } from "../standards/bytes.ts";
import type { SymbolicEngine } from "../symbolic-engine.ts";
import { type CipherCase, type EqualityCase, expandGcm, type Hashing, publicBytes, roundUp } from "./case.ts";
import { firstCounter, hashedAtOnce, keystreamed, tagDifferences, tagOf } from "./gcm.ts";

export interface ManyShape {
  /** Bytes of additional data and of text of each message. */
  readonly messages: readonly (readonly [aad: number, text: number])[];
  readonly tag: number;
  readonly hashing?: Hashing;
}

interface Placed {
  readonly nonce: Byte[];
  readonly aad: Byte[];
  readonly text: Byte[];
}

/** Where a record's parts begin. */
const offsets = (aad: number, text: number) => ({
  aad: 64,
  text: 64 + roundUp(aad),
  tag: 64 + roundUp(aad) + text,
  size: 64 + roundUp(aad) + roundUp(text) + 32,
});

/** Writes the records. What lies in them between the parts may have any value. */
function placeAll(engine: SymbolicEngine, { messages }: ManyShape): Placed[] {
  let at = engine.io;
  return messages.map(([aadLength, textLength], index) => {
    const { aad, text, size } = offsets(aadLength, textLength);
    const nonce = constantBytes(publicBytes(12, 7 * index + 1));
    engine.unknown(at, size, "what the host did not write");
    engine.place(at, nonce);
    const words = Uint32Array.from([aadLength, textLength, size]);
    engine.place(at + 48, constantBytes(new Uint8Array(words.buffer)));
    const placed = {
      nonce,
      aad: engine.unknown(at + aad, aadLength, `aad ${index}`),
      text: engine.unknown(at + text, textLength, `text ${index}`),
    };
    at += size;
    return placed;
  });
}

function sealMany(engine: SymbolicEngine, cipher: CipherCase, shape: ManyShape): string[] {
  const key = expandGcm(engine, cipher, shape.hashing ?? "multiplied");
  const expected = placeAll(engine, shape).map(({ nonce, aad, text }) => {
    const j0 = firstCounter(key, nonce);
    const ciphertext = keystreamed(engine, key, j0, text);
    return { j0, aad, ciphertext };
  });
  // In the order in which the program hashes.
  const packed = expected.flatMap(({ j0, aad, ciphertext }) => [
    ...ciphertext,
    ...tagOf(engine, key, j0, [hashedAtOnce(aad, ciphertext)]).slice(0, shape.tag),
  ]);
  engine.call(`${cipher.cipher}GcmSealMany`, engine.slot, engine.io, shape.messages.length, shape.tag);
  return engine.differences(engine.io, packed, "what is sealed");
}

/** `forged` says of each message how its verdict is decided. */
function openMany(engine: SymbolicEngine, cipher: CipherCase, shape: ManyShape, forged: readonly boolean[]): string[] {
  const key = expandGcm(engine, cipher, shape.hashing ?? "multiplied");
  let at = engine.io;
  const messages = placeAll(engine, shape).map((message, index) => {
    const { tag, size } = offsets(message.aad.length, message.text.length);
    const given = engine.unknown(at + tag, shape.tag, `tag ${index}`);
    at += size;
    return { ...message, given };
  });
  const expected = messages.map(({ nonce, aad, text, given }, index) => {
    const j0 = firstCounter(key, nonce);
    const plaintext = keystreamed(engine, key, j0, text);
    const tag = tagOf(engine, key, j0, [hashedAtOnce(aad, text)]);
    return {
      text: forged[index] ? plaintext.map(() => constantByte(0)) : plaintext,
      question: tagDifferences(engine, tag, given),
    };
  });
  const asked = engine.deciding(...forged);
  engine.call(`${cipher.cipher}GcmOpenMany`, engine.slot, engine.io, messages.length, shape.tag);
  const verdicts = forged.map((each) => constantByte(Number(!each)));
  return [
    ...engine.askedOther(
      asked,
      expected.map(({ question }) => question),
      "the tags",
    ),
    ...engine.differences(engine.call("verdicts"), verdicts, "verdicts"),
    ...engine.differences(
      engine.io,
      expected.flatMap(({ text }) => text),
      "texts",
    ),
  ];
}

export function gcmMany(cipher: CipherCase, shape: ManyShape): EqualityCase[] {
  const lengths = shape.messages.map(([aad, text]) => `${aad}+${text}`).join(" ");
  const name = `${lengths}, tag ${shape.tag}${shape.hashing === "unknown" ? ", around GHASH" : ""}`;
  const odd = shape.messages.map((_, index) => index % 2 === 1);
  return [
    { name: `${cipher.name} GCM seal many, ${name}`, run: (engine) => sealMany(engine, cipher, shape) },
    { name: `${cipher.name} GCM open many, ${name}`, run: (engine) => openMany(engine, cipher, shape, odd) },
  ];
}
