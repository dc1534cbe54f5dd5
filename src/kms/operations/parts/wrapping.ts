import { isSymmetric } from "../../policy/key-matrix.ts";
import { invalidParameter } from "../../ports/errors.ts";
import type { ExportAlgorithm, KeySpec, WrappingAlgorithm } from "../../ports/index.ts";
import type { Field } from "../../schema/field.ts";
import { choice } from "../../schema/text.ts";
import { requiredString } from "../../wire/ids.ts";

/** The one spec of wrapping keys, of import tokens and of callers who want a data key exported. */
export type WrappingKeySpec = "RSA_2048";

const FOR_SYMMETRIC: readonly WrappingAlgorithm[] = ["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1", "RSAES_PKCS1_V1_5"];
const FOR_PRIVATE_KEYS: readonly WrappingAlgorithm[] = ["RSAES_OAEP_SHA_256_AES_256_ECB_PKCS7_PAD"];

export const wrappingKeySpec = choice<WrappingKeySpec>(["RSA_2048"]);
/** Which of them fit is for the key to say: any string gets as far as {@link requireImportAlgorithm}. */
export const importAlgorithm: Field<WrappingAlgorithm, WrappingAlgorithm, true> = {
  ...choice<WrappingAlgorithm>([...FOR_SYMMETRIC, ...FOR_PRIVATE_KEYS], {
    doc: "The last is for asymmetric keys, the others for symmetric ones; `RSAES_PKCS1_V1_5` not in browsers.",
  }),
  read: anyAlgorithm,
  fromText: anyAlgorithm,
};
export const exportAlgorithm = choice<ExportAlgorithm>(["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"]);

function anyAlgorithm(value: unknown, parameter: string): WrappingAlgorithm {
  return requiredString(value, parameter) as WrappingAlgorithm;
}

/** Refuses an algorithm that cannot hold the material: those for symmetric keys hold no private key, and the reverse. */
export function requireImportAlgorithm(algorithm: WrappingAlgorithm, keySpec: KeySpec): void {
  const of = isSymmetric(keySpec) ? FOR_SYMMETRIC : FOR_PRIVATE_KEYS;
  if (!of.includes(algorithm)) throw invalidParameter("WrappingAlgorithm", `It must be ${of.join(" or ")} here.`);
}
