import { randomBytes } from "../../shared/random.ts";
import type { Call } from "../core/call.ts";
import { MAX_RANDOM } from "../policy/limits.ts";
import { bytes } from "../schema/bytes.ts";
import { integer } from "../schema/scalars.ts";
import { fields } from "../schema/schema.ts";
import { operation, type ReadOf } from "./operation.ts";

export interface GenerateRandomRequest {
  /** 1 to 1,024 bytes. */
  readonly length: number;
}

export interface GenerateRandomResponse {
  readonly random: Uint8Array;
}

export const generateRandom = operation({
  name: "GenerateRandom",
  plane: "data",
  repeatable: true,
  doc: "Ours: draws random bytes.",
  errors: [],
  request: fields<GenerateRandomRequest>()({ length: integer([1, MAX_RANDOM], { doc: "Bytes." }) }),
  response: fields<GenerateRandomResponse>()({ random: bytes({ lengths: "as many as asked for" }) }),
});

export function runGenerateRandom(_call: Call, { length }: ReadOf<typeof generateRandom>) {
  return { random: randomBytes(length) };
}
