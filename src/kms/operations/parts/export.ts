import { copyOf } from "../../../shared/byte-input.ts";
import type { ExportAlgorithm } from "../../ports/index.ts";
import { bytes } from "../../schema/bytes.ts";
import { string } from "../../schema/text.ts";
import { exportAlgorithm, type WrappingKeySpec, wrappingKeySpec } from "./wrapping.ts";

/** The recipient of a data key. */
export interface ExportFields {
  /** SubjectPublicKeyInfo (DER) of an RSA_2048 key. */
  readonly publicKeyBlob: Uint8Array;
  readonly wrappingKeySpec: WrappingKeySpec;
  readonly wrappingAlgorithm: ExportAlgorithm;
}

/** Longer than any RSA_2048 key. Anything longer is refused as malformed. */
const MAX_PUBLIC_KEY = 1_024;

export const exportFields = {
  publicKeyBlob: bytes({ doc: "SubjectPublicKeyInfo (DER) of an RSA_2048 key." }),
  wrappingKeySpec,
  wrappingAlgorithm: exportAlgorithm,
};

export const exportAnswer = {
  keyId: string(),
  keyVersionId: string(),
  exportedDataKey: bytes({ lengths: "256 bytes", doc: "The data key under the given public key." }),
};

/** The recipient of a data key; a copy of the caller's fields. */
export function recipientOf({ publicKeyBlob, wrappingAlgorithm }: ExportFields) {
  return { publicKey: copyOf(publicKeyBlob.subarray(0, MAX_PUBLIC_KEY)), algorithm: wrappingAlgorithm };
}
