import { isSymmetric } from "../policy/key-matrix.ts";
import { invalidParameter, missingParameter } from "../ports/errors.ts";
import type { ExportAlgorithm, KeySpec, WrappingAlgorithm } from "../ports/index.ts";

/** The one spec of wrapping keys, of import tokens and of callers who want a data key exported. */
export type WrappingKeySpec = "RSA_2048";

const FOR_SYMMETRIC: readonly WrappingAlgorithm[] = ["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1", "RSAES_PKCS1_V1_5"];
const FOR_PRIVATE_KEYS: readonly WrappingAlgorithm[] = ["RSAES_OAEP_SHA_256_AES_256_ECB_PKCS7_PAD"];
const FOR_EXPORT: readonly ExportAlgorithm[] = ["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"];

/** Reads a WrappingKeySpec. */
export function wrappingKeySpec(value: unknown): WrappingKeySpec {
  return requiredChoice(value, "WrappingKeySpec", ["RSA_2048"]);
}

/** Reads the WrappingAlgorithm of an import: those of a symmetric key hold no private key, and the reverse. */
export function importAlgorithm(value: unknown, keySpec: KeySpec): WrappingAlgorithm {
  return requiredChoice(value, "WrappingAlgorithm", isSymmetric(keySpec) ? FOR_SYMMETRIC : FOR_PRIVATE_KEYS);
}

/** Reads the WrappingAlgorithm of an export. */
export function exportAlgorithm(value: unknown): ExportAlgorithm {
  return requiredChoice(value, "WrappingAlgorithm", FOR_EXPORT);
}

function requiredChoice<T extends string>(value: unknown, parameter: string, of: readonly T[]): T {
  if (value === undefined || value === null) throw missingParameter(parameter);
  const known = of.find((candidate) => candidate === value);
  if (known !== undefined) return known;
  throw invalidParameter(parameter, `It must be ${of.join(" or ")} here.`);
}
