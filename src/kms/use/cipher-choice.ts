import { copyOf } from "../../shared/byte-input.ts";
import { algorithmsOf, isSymmetric } from "../policy/key-matrix.ts";
import { invalidParameter, KmsError } from "../ports/errors.ts";
import type { CipherMode, KeyRow, PaddingMode, SymmetricAlgorithm } from "../ports/index.ts";
import { MODE_OF } from "../wire/blob.ts";

/** How a request wants a symmetric key used. Absent fields take the key's defaults. */
export interface CipherFields {
  /** The key's first algorithm when absent: `AES_GCM`, or `SM4_GCM` for SM4. */
  readonly algorithm?: SymmetricAlgorithm | undefined;
  /** CBC and ECB only; `PKCS7_PADDING` when absent. */
  readonly paddingMode?: PaddingMode | undefined;
  /** CBC only, 16 bytes; random when absent. Set it only if you must: a repeated IV shows which plaintexts begin alike. */
  readonly iv?: Uint8Array | undefined;
}

export const SYMMETRIC_ALGORITHMS = Object.keys(MODE_OF) as SymmetricAlgorithm[];
export const PADDINGS: readonly PaddingMode[] = ["PKCS7_PADDING", "NO_PADDING"];
const CBC_IV_LENGTH = 16;

/** Leaves every choice to the key's defaults. */
export const KEY_DEFAULTS: CipherFields = {};

export interface CipherChoice {
  readonly algorithm: SymmetricAlgorithm;
  readonly mode: CipherMode;
  readonly padding: PaddingMode | undefined;
  readonly iv: Uint8Array | undefined;
}

/** The algorithm a key is used with, or the service's refusal. */
export function chooseCipher(row: KeyRow, cipher: CipherFields): CipherChoice {
  if (!isSymmetric(row.keySpec)) {
    throw new KmsError("Rejected.UnsupportedOperation", "Unsupported operation. The key is asymmetric.");
  }
  const available = algorithmsOf(row) as readonly SymmetricAlgorithm[];
  const algorithm = cipher.algorithm ?? defaultAlgorithm(row, available);
  const mode = MODE_OF[algorithm];
  const fixed = row.mode !== "ANY" && row.mode !== mode;
  if (!available.includes(algorithm) || fixed) {
    const can = fixed && available.includes(algorithm) ? `a key that is bound to ${row.mode}` : row.keySpec;
    throw new KmsError(
      "UnsupportedOperation",
      `This action is not supported. ${algorithm} is not for ${can} at protection level ${row.protectionLevel}.`,
    );
  }
  if (mode !== "CBC" && cipher.iv !== undefined) {
    throw invalidParameter("Iv", `The KMS draws the IV of ${mode} itself; a caller gives one with CBC only.`);
  }
  if (mode === "CBC" && cipher.iv !== undefined && cipher.iv.length !== CBC_IV_LENGTH) {
    throw invalidParameter("Iv", "It must be 16 bytes.");
  }
  if (mode === "GCM" && cipher.paddingMode !== undefined) {
    throw invalidParameter("PaddingMode", "GCM takes no padding.");
  }
  return {
    algorithm,
    mode,
    padding: mode === "GCM" ? undefined : (cipher.paddingMode ?? "PKCS7_PADDING"),
    iv: cipher.iv && copyOf(cipher.iv),
  };
}

function defaultAlgorithm(row: KeyRow, available: readonly SymmetricAlgorithm[]): SymmetricAlgorithm {
  const bound = available.find((algorithm) => MODE_OF[algorithm] === row.mode);
  return bound ?? available[0] ?? "AES_GCM";
}
