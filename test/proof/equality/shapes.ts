// The shapes that are proved: every path of the program has one (build.ts checks that), on either side of each length from
// which the program goes another way.
import { type BlockMode, blockMode } from "./block-modes.ts";
import { type CipherName, ciphers, type EqualityCase } from "./case.ts";
import { type GcmShape, gcm, gcmInParts, gcmVerify } from "./gcm.ts";
import { gcmMany } from "./gcm-many.ts";
import { gcmSiv, gcmSivInParts, xaes } from "./gcm-siv.ts";
import { kw, kwp, kwpLengths } from "./key-wrap.ts";
import { batch, chain, few, ghash, wiping } from "./linked.ts";
import { ccm, ccmLongAad, cmacOf, equalBlocks, siv } from "./macs.ts";

const aes = ["AES-128", "AES-192", "AES-256"] as const satisfies readonly CipherName[];
const all = [...aes, "SM4"] as const;

const shape = (nonce: number, aad: number, text: number, tag = 16): GcmShape => ({ nonce, aad, text, tag });

const blockModes = (names: readonly CipherName[], modes: readonly BlockMode[], lengths: readonly number[]) =>
  names.flatMap((name) => modes.flatMap((mode) => lengths.map((length) => blockMode(ciphers[name], mode, length))));

/** Bytes of a full batch. */
const batchOf = (name: CipherName) => 16 * (name === "SM4" ? 128 : 32);

const parallel = ["ECB encryption", "ECB decryption", "CBC decryption"] as const;
const counting = ["CTR from 0", "CTR from 2^32 − 3", "CTR from 2^128 − 3"] as const;

/** 5 short messages, whose blocks share lanes; 12, which fill a batch and make the powers of H. */
const few5: readonly (readonly [number, number])[] = [
  [0, 0],
  [0, 1],
  [13, 16],
  [16, 64],
  [40, 100],
];

export const everyShape: readonly EqualityCase[] = [
  ...blockModes(["AES-128"], parallel, [16, 96, 112, 128, 144, 192, 512, 528, 1040]),
  ...blockModes(["AES-192", "AES-256"], parallel, [16, 144, 528]),
  // By rows, and a tail.
  ...blockModes(["AES-128"], parallel, [2064]),
  ...blockModes(["AES-256"], parallel, [2048]),
  ...blockModes(["AES-128"], ["CTR from 0"], [2064]),
  ...blockModes(["SM4"], parallel, [16, 64, 256, 272, 528, 2064]),
  ...blockModes(all, ["CBC encryption"], [0, 16, 80]),
  ...blockModes(all, ["CFB encryption", "OFB"], [0, 32, 36]),
  ...blockModes(all, ["CFB decryption"], [1, 20]),
  ...blockModes(["AES-128"], ["CFB decryption"], [144]),
  ...blockModes(["AES-128"], ["CFB decryption"], [512, 620]),
  ...blockModes(["SM4"], ["CFB decryption"], [272, 2048, 2148]),
  ...blockModes(aes, ["CTR from 2^32 − 3"], [1, 100]),
  ...blockModes(["AES-128"], counting, [16, 100, 200, 600]),
  ...blockModes(["SM4"], counting, [1, 100, 600]),
  ...blockModes(["SM4"], ["CTR from 0"], [2148]),
  // Prepared counters, from 8 KiB on: aligned at once or not, across 256 blocks, with a tail.
  ...blockModes(["AES-128", "SM4"], ["CTR from 1029"], [8192 + 165]),
  ...(["AES-192", "AES-256"] as const).flatMap((name) => gcm(ciphers[name], shape(12, 20, 20))),
  ...(["AES-128", "SM4"] as const).flatMap((name) =>
    [shape(12, 0, 0), shape(12, 20, 20), shape(12, 0, 100, 12), shape(8, 0, 40), shape(16, 13, 33, 4)].flatMap((each) =>
      gcm(ciphers[name], each),
    ),
  ),
  ...(["AES-128", "SM4"] as const).flatMap((name) => [
    ...gcm(ciphers[name], shape(12, 16, 250)),
    gcmInParts(ciphers[name], { nonce: [12], aad: [16, 0], text: [64, 33] }),
    gcmInParts(ciphers[name], { nonce: [9], aad: [], text: [48] }),
    gcmInParts(ciphers[name], { nonce: [32, 8], aad: [20], text: [20] }),
    ...[4, 16].flatMap((length) => gcmVerify(ciphers[name], length)),
    ...gcmMany(ciphers[name], { messages: few5, tag: 16 }),
    ...gcmMany(ciphers[name], { messages: few5.slice(1, 3), tag: 12 }),
    // More than a batch, and prepared counters; secret counters have none.
    ...gcm(ciphers[name], { ...shape(12, 20, batchOf(name) + 100), hashing: "unknown" }),
    ...gcm(ciphers[name], { ...shape(8, 0, batchOf(name) + 100), hashing: "unknown" }),
    ...gcm(ciphers[name], { ...shape(12, 0, 8192 + 165), hashing: "unknown" }).slice(0, 2),
    // Lanes that are filled exactly, and a block more.
    ...[batchOf(name) - 16, batchOf(name)].flatMap((text) =>
      gcmMany(ciphers[name], { messages: [[0, text]], tag: 16, hashing: "unknown" }),
    ),
    cmacOf(ciphers[name], 0, 0),
    cmacOf(ciphers[name], 0, 16),
    cmacOf(ciphers[name], 32, 20),
    ccm(ciphers[name], { nonce: 7, tag: 4, aad: [], text: [] }, false),
    ccm(ciphers[name], { nonce: 12, tag: 16, aad: [16, 20], text: [32, 20] }, true),
    ccm(ciphers[name], { nonce: 13, tag: 10, aad: [14], text: [16] }, false),
    ccm(ciphers[name], { nonce: 8, tag: 6, aad: [5], text: [3] }, true),
    ...[0xff00, 2 ** 32].map((length) => ccmLongAad(ciphers[name], length)),
  ]),
  // By rows: of SM4 that is the batch above.
  ...gcm(ciphers["AES-128"], { ...shape(8, 0, 2048 + 100), hashing: "unknown" }).slice(0, 2),
  ...gcmMany(ciphers["AES-256"], {
    messages: [...few5, ...Array.from({ length: 8 }, () => [5, 40] as const)],
    tag: 16,
  }),
  ...aes.flatMap((name) => [
    ...kw(ciphers[name], 16),
    ...kwp(ciphers[name], 5),
    siv(ciphers[name], { components: [], text: [7] }, true),
  ]),
  ...[8, 20].flatMap((length) => kwp(ciphers["AES-256"], length)),
  kwpLengths(ciphers["AES-128"], 5),
  siv(ciphers["AES-128"], { components: [[16, 4], [0], [16]], text: [16, 20] }, false),
  siv(ciphers["AES-256"], { components: [[20]], text: [32] }, false),
  ...(["AES-128", "AES-256"] as const).flatMap((name) => [
    ...gcmSiv(ciphers[name], { aad: 20, text: 20 }),
    ...gcmSivInParts(ciphers[name], [48, 20]),
  ]),
  ...[100, 200].flatMap((text) => gcmSiv(ciphers["AES-128"], { aad: 0, text })),
  ...gcmSiv(ciphers["AES-128"], { aad: 20, text: 612, hashing: "unknown" }),
  xaes,
  ...equalBlocks,
  ...all.flatMap((name) => [1, 4].map((blocks) => few(ciphers[name], blocks))),
  chain(ciphers.SM4, 48),
  ...aes.flatMap((name) => [1, 8, 32].map((blocks) => batch(ciphers[name], blocks))),
  ...[1, 32, 128].map((blocks) => batch(ciphers.SM4, blocks)),
  ghash([16]),
  ghash([16, 100]),
  ghash([100, 100, 100]),
  ...wiping,
];

/** For short runs: something of everything, as long as it is cheap. */
export const fewShapes: readonly EqualityCase[] = [
  blockMode(ciphers["AES-128"], "ECB encryption", 16),
  blockMode(ciphers.SM4, "ECB decryption", 16),
  blockMode(ciphers["AES-256"], "CBC decryption", 144),
  blockMode(ciphers["AES-192"], "CTR from 2^32 − 3", 100),
  ...gcm(ciphers["AES-128"], shape(12, 20, 20, 12)).slice(0, 2),
  gcmInParts(ciphers["AES-128"], { nonce: [12], aad: [16, 4], text: [20] }),
  ...gcmMany(ciphers["AES-128"], { messages: [few5[1]!, few5[2]!], tag: 16 }).slice(1),
  ccm(ciphers["AES-128"], { nonce: 13, tag: 10, aad: [14], text: [16] }, false),
  siv(ciphers["AES-128"], { components: [], text: [7] }, true),
  ...gcmSiv(ciphers["AES-128"], { aad: 0, text: 20 }).slice(0, 1),
  ...kwp(ciphers["AES-128"], 5).slice(1, 2),
];
