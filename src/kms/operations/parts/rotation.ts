import { isSymmetric } from "../../policy/key-matrix.ts";
import { MAX_ROTATION_DAYS, MIN_ROTATION_DAYS, SECONDS_PER_DAY } from "../../policy/limits.ts";
import type { KeyRow } from "../../ports/index.ts";
import { optional } from "../../schema/field.ts";
import { interval } from "../../schema/text.ts";

export const rotationInterval = optional(
  interval([MIN_ROTATION_DAYS * SECONDS_PER_DAY, MAX_ROTATION_DAYS * SECONDS_PER_DAY], {
    doc: "Required where rotation is enabled.",
  }),
);

/** Whether a key gets new versions by rotation: symmetric keys of the KMS's own material do. */
export function isRotatable({ keySpec, origin }: Pick<KeyRow, "keySpec" | "origin">): boolean {
  return isSymmetric(keySpec) && origin === "Aliyun_KMS";
}
