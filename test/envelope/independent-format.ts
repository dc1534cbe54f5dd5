import { createCipheriv, createDecipheriv, createHash, hkdfSync } from "node:crypto";
import { gcm } from "../reference/gcm.ts";

// Envelope messages as docs/formats.md describes them, on node:crypto alone: nothing here is shared with the library.

export interface FormatInput {
  readonly suite: number;
  readonly segmentSizeLog2: number;
  readonly dataKey: Uint8Array;
  readonly wrappedKey: Uint8Array;
  readonly salt: Uint8Array;
  readonly context: Record<string, string> | null;
  readonly plaintext: Uint8Array;
}

export interface DerivedKeys {
  readonly contextDigest: Buffer;
  readonly segmentKey: Buffer;
  readonly noncePrefix: Buffer;
  readonly commitment: Buffer;
}

const magic = Buffer.from("LLK1", "latin1");

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function contextDigestOf(context: Record<string, string> | null): Buffer {
  const pairs = Object.entries(context ?? {}).map(([key, value]) => [Buffer.from(key), Buffer.from(value)] as const);
  if (pairs.length === 0) return Buffer.alloc(32);
  pairs.sort(([a], [b]) => Buffer.compare(a, b));
  const hash = createHash("sha256").update(Buffer.of(0)).update(u32(pairs.length));
  for (const [key, value] of pairs) hash.update(u32(key.length)).update(key).update(u32(value.length)).update(value);
  return hash.digest();
}

export function deriveKeys(input: Omit<FormatInput, "plaintext" | "wrappedKey">): DerivedKeys {
  const { suite, segmentSizeLog2, dataKey, salt, context } = input;
  const contextDigest = contextDigestOf(context);
  const info = Buffer.concat([magic, Buffer.of(suite, segmentSizeLog2), contextDigest]);
  const keyLength = suite === 1 ? 32 : 16;
  const output = Buffer.from(hkdfSync("sha256", dataKey, salt, info, keyLength + 7 + 32));
  return {
    contextDigest,
    segmentKey: output.subarray(0, keyLength),
    noncePrefix: output.subarray(keyLength, keyLength + 7),
    commitment: output.subarray(keyLength + 7),
  };
}

export function nonceOf(prefix: Uint8Array, index: number, last: boolean): Buffer {
  return Buffer.concat([prefix, u32(index), Buffer.of(last ? 1 : 0)]);
}

export function sealSegment(suite: number, key: Buffer, nonce: Buffer, plaintext: Uint8Array): Uint8Array {
  if (suite === 2) return gcm("sm4")({ key, nonce, plaintext });
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function openSegment(suite: number, key: Buffer, nonce: Buffer, sealed: Uint8Array): Uint8Array {
  if (sealed.length < 16) throw new Error("no room for a tag");
  const ciphertext = sealed.subarray(0, -16);
  if (suite === 1) {
    const decipher = createDecipheriv("aes-256-gcm", key, nonce).setAuthTag(sealed.subarray(-16));
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  }
  // Counter mode is its own inverse; sealing the plaintext again shows whether the tag is right.
  const plaintext = gcm("sm4")({ key, nonce, plaintext: ciphertext }).subarray(0, -16);
  if (Buffer.compare(gcm("sm4")({ key, nonce, plaintext }), sealed) !== 0) throw new Error("wrong tag");
  return plaintext;
}

export function independentSeal(input: FormatInput): Buffer {
  const { suite, segmentSizeLog2, wrappedKey, salt, plaintext } = input;
  const { segmentKey, noncePrefix, commitment } = deriveKeys(input);
  const length = Buffer.of(wrappedKey.length >> 8, wrappedKey.length & 255);
  const parts: Uint8Array[] = [magic, Buffer.of(suite, segmentSizeLog2), length, wrappedKey, salt, commitment];
  const size = 2 ** segmentSizeLog2;
  const count = Math.max(1, Math.ceil(plaintext.length / size));
  for (let i = 0; i < count; i++) {
    const segment = plaintext.subarray(i * size, (i + 1) * size);
    parts.push(sealSegment(suite, segmentKey, nonceOf(noncePrefix, i, i === count - 1), segment));
  }
  return Buffer.concat(parts);
}

export interface IndependentReader {
  /** What a KMS would unwrap. */
  unwrap(wrappedKey: Uint8Array): Uint8Array | Promise<Uint8Array>;
  readonly context: Record<string, string> | null;
}

export interface IndependentlyOpened {
  readonly suite: number;
  readonly segmentSizeLog2: number;
  readonly wrappedKey: Uint8Array;
  readonly plaintext: Buffer;
}

export async function independentOpen(message: Uint8Array, reader: IndependentReader): Promise<IndependentlyOpened> {
  const bytes = Buffer.from(message);
  if (bytes.length < 72 || bytes.toString("latin1", 0, 4) !== "LLK1") throw new Error("no envelope message");
  const suite = bytes.readUInt8(4);
  const segmentSizeLog2 = bytes.readUInt8(5);
  const wrappedEnd = 8 + bytes.readUInt16BE(6);
  const wrappedKey = bytes.subarray(8, wrappedEnd);
  const salt = bytes.subarray(wrappedEnd, wrappedEnd + 32);
  const commitment = bytes.subarray(wrappedEnd + 32, wrappedEnd + 64);
  const dataKey = await reader.unwrap(wrappedKey);
  const keys = deriveKeys({ suite, segmentSizeLog2, dataKey, salt, context: reader.context });
  if (Buffer.compare(keys.commitment, commitment) !== 0) throw new Error("wrong commitment");
  const segments = bytes.subarray(wrappedEnd + 64);
  const unit = 2 ** segmentSizeLog2 + 16;
  const count = Math.max(1, Math.ceil(segments.length / unit));
  const plaintexts: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const nonce = nonceOf(keys.noncePrefix, i, i === count - 1);
    plaintexts.push(openSegment(suite, keys.segmentKey, nonce, segments.subarray(i * unit, (i + 1) * unit)));
  }
  return { suite, segmentSizeLog2, wrappedKey, plaintext: Buffer.concat(plaintexts) };
}
