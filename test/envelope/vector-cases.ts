import { createHash } from "node:crypto";
import { seeded } from "../reference/seeded.ts";
import { deriveKeys, independentSeal } from "./independent-format.ts";

/** A case of test/vectors/envelope/envelope.json, as docs/formats.md describes it. */
export interface EnvelopeVector {
  readonly name: string;
  readonly suite: number;
  readonly segmentSizeLog2: number;
  readonly dataKey: string;
  readonly wrappedKey: string;
  readonly salt: string;
  readonly context: Record<string, string> | null;
  readonly contextDigest: string;
  readonly segmentKey: string;
  readonly noncePrefix: string;
  readonly commitment: string;
  readonly plaintextLength: number;
  readonly message?: string;
  readonly messageSha256: string;
}

export interface RefusedVector {
  readonly reason: string;
  readonly dataKey: string;
  readonly context: Record<string, string> | null;
  readonly message: string;
}

export interface EnvelopeVectors {
  readonly messages: EnvelopeVector[];
  readonly refused: RefusedVector[];
}

const SHORT = 12_000;
const ambiguous = { "a=b": "c", a: "b=c", "é\u{1f511}": "&", "": "" };
const shapes = [
  { name: "empty", length: 0 },
  { name: "one byte", length: 1 },
  { name: "one segment, full", length: 4_096 },
  { name: "one segment and a byte", length: 4_097 },
  { name: "two segments, full, with a context", length: 8_192, context: { tenant: "42", table: "orders" } },
  { name: "a context that needs lengths to be told from others", length: 100, context: ambiguous },
  { name: "a wrapped key of one byte", length: 20, wrappedLength: 1 },
  { name: "a wrapped key of 1,024 bytes", length: 20, wrappedLength: 1_024 },
];
const largeShapes = [
  { name: "segments of 64 KiB", length: 200_000, segmentSizeLog2: 16 },
  { name: "segments of 16 MiB, one of them", length: 70_000, segmentSizeLog2: 24 },
];

export function vectorPlaintext(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (7 * i + Math.floor(i / 256)) % 256);
}

export function makeVectors(): EnvelopeVectors {
  const messages = [1, 2].flatMap((suite) =>
    [...shapes, ...largeShapes].map((shape) => makeVector({ segmentSizeLog2: 12, ...shape }, suite)),
  );
  return { messages, refused: refusedOf(messages[3]) };
}

interface Shape {
  readonly name: string;
  readonly length: number;
  readonly segmentSizeLog2: number;
  readonly context?: Record<string, string>;
  readonly wrappedLength?: number;
}

function makeVector(
  { name, length, segmentSizeLog2, context, wrappedLength = 96 }: Shape,
  suite: number,
): EnvelopeVector {
  const { bytes } = seeded(`envelope vector ${suite} ${name}`);
  const [dataKey, wrappedKey, salt] = [bytes(32), bytes(wrappedLength), bytes(32)];
  const input = { suite, segmentSizeLog2, dataKey, wrappedKey, salt, context: context ?? null };
  const message = independentSeal({ ...input, plaintext: vectorPlaintext(length) });
  const hex = (value: Uint8Array) => Buffer.from(value).toString("hex");
  const keys = deriveKeys(input);
  return {
    name: `${suite === 1 ? "AES" : "SM4"}, ${name}`,
    ...{ suite, segmentSizeLog2, dataKey: hex(dataKey), wrappedKey: hex(wrappedKey), salt: hex(salt) },
    context: input.context,
    ...{ contextDigest: hex(keys.contextDigest), segmentKey: hex(keys.segmentKey) },
    ...{ noncePrefix: hex(keys.noncePrefix), commitment: hex(keys.commitment) },
    plaintextLength: length,
    ...(message.length <= SHORT && { message: hex(message) }),
    messageSha256: createHash("sha256").update(message).digest("hex"),
  };
}

/** Ways to spoil the message of 4,097 bytes: its segments begin at 168, and the second at 4,280. */
function refusedOf(vector: EnvelopeVector | undefined): RefusedVector[] {
  const { dataKey = "", context = null, message = "" } = vector ?? {};
  const bytes = Buffer.from(message, "hex");
  const changed = (at: number, value: number) => Buffer.from(bytes).fill(value, at, at + 1);
  const [header, first, second] = [bytes.subarray(0, 168), bytes.subarray(168, 4_280), bytes.subarray(4_280)];
  const cases: [reason: string, message: Buffer][] = [
    ["another magic", changed(3, 0x32)],
    ["suite 0", changed(4, 0)],
    ["suite 2 for a message of suite 1", changed(4, 2)],
    ["segment size 2^11", changed(5, 11)],
    ["segment size 2^25", changed(5, 25)],
    ["another valid segment size", changed(5, 13)],
    ["a wrapped key of no bytes", Buffer.concat([bytes.subarray(0, 6), Buffer.of(0, 0), bytes.subarray(104)])],
    [
      "a wrapped key of 1,025 bytes",
      Buffer.concat([bytes.subarray(0, 6), Buffer.of(4, 1), Buffer.alloc(1_025), bytes]),
    ],
    ["another salt", changed(104, (bytes[104] ?? 0) ^ 1)],
    ["another commitment", changed(167, (bytes[167] ?? 0) ^ 1)],
    ["another tag", changed(bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1)],
    ["without its last segment", Buffer.concat([header, first])],
    ["segments swapped", Buffer.concat([header, second, first])],
    ["its last segment twice", Buffer.concat([bytes, second])],
    ["a byte behind the last segment", Buffer.concat([bytes, Buffer.of(0)])],
    ["cut inside the last tag", bytes.subarray(0, -1)],
    ["the header alone", header],
  ];
  return cases.map(([reason, spoilt]) => ({ reason, dataKey, context, message: spoilt.toString("hex") }));
}
