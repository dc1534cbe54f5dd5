import { MAX_PLAINTEXT } from "../policy/limits.ts";
import { invalidCiphertext } from "../ports/errors.ts";
import type { CipherMode, PaddingMode, SymmetricAlgorithm } from "../ports/index.ts";

/**
 * Layouts of a CiphertextBlob: the first for GCM, at every protection level, the second for CBC and ECB. The first is
 * Alibaba's; the second has the form of their instance API, with algorithm codes of our own.
 *
 * ```
 * key version id 36 (ASCII) ‖ IV 12 ‖ ciphertext ‖ tag 16
 * "$" ‖ 0<<4 | padding (1 PKCS7, 2 NO_PADDING) ‖ algorithm (3 AES_CBC, 4 AES_ECB) ‖ key version id 36 ‖ IV ‖ ciphertext
 * ```
 * No version id begins with `$`. A ciphertext has one encoding: their instance API's header on a GCM blob (`$ 00 02`) is
 * refused, so that one blob cannot be made into another without its key. The header is not authenticated; relabelling is
 * useless because each mode of a version has a key object of its own.
 */
export interface Blob {
  readonly versionId: string;
  readonly mode: CipherMode;
  /** CBC and ECB; the layout of GCM leaves it to the key. */
  readonly algorithm?: SymmetricAlgorithm | undefined;
  readonly padding?: PaddingMode | undefined;
  readonly iv: Uint8Array;
  readonly data: Uint8Array;
}

export const VERSION_ID_LENGTH = 36;
export const GCM_IV_LENGTH = 12;
const TAG_LENGTH = 16;
const BLOCK = 16;
const DOLLAR = 0x24;
const HEADER_LENGTH = 3;
const MAX_BLOB = HEADER_LENGTH + VERSION_ID_LENGTH + BLOCK + MAX_PLAINTEXT + BLOCK;

const ALGORITHMS: Readonly<Record<number, SymmetricAlgorithm>> = { 3: "AES_CBC", 4: "AES_ECB" };
const PADDINGS: Readonly<Record<number, PaddingMode>> = { 1: "PKCS7_PADDING", 2: "NO_PADDING" };
const IV_LENGTH: Readonly<Record<CipherMode, number>> = { GCM: GCM_IV_LENGTH, CBC: BLOCK, ECB: 0 };

export const MODE_OF: Readonly<Record<SymmetricAlgorithm, CipherMode>> = {
  AES_GCM: "GCM",
  AES_CBC: "CBC",
  AES_ECB: "ECB",
  SM4_GCM: "GCM",
};

/** `versionId` as it stands in a blob; made once per version. */
export function versionPrefix(versionId: string): Uint8Array {
  return Uint8Array.from(versionId, (character) => character.charCodeAt(0));
}

/** A blob in the plain layout. `sealed` is ciphertext ‖ tag. */
export function gcmBlob(prefix: Uint8Array, iv: Uint8Array, sealed: Uint8Array): Uint8Array {
  const blob = new Uint8Array(VERSION_ID_LENGTH + GCM_IV_LENGTH + sealed.length);
  blob.set(prefix);
  blob.set(iv, VERSION_ID_LENGTH);
  blob.set(sealed, VERSION_ID_LENGTH + GCM_IV_LENGTH);
  return blob;
}

/** A blob in the self-describing layout, for CBC and ECB. */
export function describedBlob(blob: Blob & { algorithm: SymmetricAlgorithm }): Uint8Array {
  const result = new Uint8Array(HEADER_LENGTH + VERSION_ID_LENGTH + blob.iv.length + blob.data.length);
  result[0] = DOLLAR;
  result[1] = codeOf(PADDINGS, blob.padding);
  result[2] = codeOf(ALGORITHMS, blob.algorithm);
  result.set(versionPrefix(blob.versionId), HEADER_LENGTH);
  result.set(blob.iv, HEADER_LENGTH + VERSION_ID_LENGTH);
  result.set(blob.data, HEADER_LENGTH + VERSION_ID_LENGTH + blob.iv.length);
  return result;
}

function codeOf<T>(codes: Readonly<Record<number, T>>, value: T | undefined): number {
  const entry = Object.entries(codes).find(([, named]) => named === value);
  return entry ? Number(entry[0]) : 0;
}

/** Parses a blob. Anything malformed gets the error of a failed authentication. */
export function parseBlob(bytes: Uint8Array): Blob {
  if (bytes.length > MAX_BLOB) throw invalidCiphertext();
  return bytes[0] === DOLLAR ? parseDescribed(bytes) : parsePlain(bytes);
}

function parsePlain(bytes: Uint8Array): Blob {
  const dataAt = VERSION_ID_LENGTH + GCM_IV_LENGTH;
  if (bytes.length < dataAt + TAG_LENGTH) throw invalidCiphertext();
  return {
    versionId: readVersionId(bytes, 0),
    mode: "GCM",
    iv: bytes.subarray(VERSION_ID_LENGTH, dataAt),
    data: bytes.subarray(dataAt),
  };
}

function parseDescribed(bytes: Uint8Array): Blob {
  const algorithm = ALGORITHMS[bytes[2] ?? 0];
  if (algorithm === undefined) throw invalidCiphertext();
  const mode = MODE_OF[algorithm];
  const padding = PADDINGS[bytes[1] ?? 0];
  const ivAt = HEADER_LENGTH + VERSION_ID_LENGTH;
  const dataAt = ivAt + IV_LENGTH[mode];
  if (padding === undefined || bytes.length < dataAt) throw invalidCiphertext();
  return {
    versionId: readVersionId(bytes, HEADER_LENGTH),
    mode,
    algorithm,
    padding,
    iv: bytes.subarray(ivAt, dataAt),
    data: bytes.subarray(dataAt),
  };
}

/** Version ids are `[0-9a-z-]`; nothing else reaches the store. */
function readVersionId(bytes: Uint8Array, offset: number): string {
  for (let i = offset; i < offset + VERSION_ID_LENGTH; i++) {
    const byte = bytes[i] ?? 0;
    const valid = (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x2d;
    if (!valid) throw invalidCiphertext();
  }
  // At once: characters joined one by one make a chain of strings, which has to be flattened for every look-up.
  const id = bytes.subarray(offset, offset + VERSION_ID_LENGTH);
  return Reflect.apply(String.fromCharCode, undefined, id);
}
