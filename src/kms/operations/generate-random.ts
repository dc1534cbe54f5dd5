import { randomBytes } from "../../shared/random.ts";
import { MAX_RANDOM } from "../policy/limits.ts";
import { bytes } from "../schema/bytes.ts";
import { integer } from "../schema/scalars.ts";
import { fields } from "../schema/schema.ts";
import { operation } from "./operation.ts";

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
  doc: "Ours: draws random bytes.",
  errors: [],
  request: fields<GenerateRandomRequest>()({ length: integer([1, MAX_RANDOM], { doc: "Bytes." }) }),
  response: fields<GenerateRandomResponse>()({ random: bytes({ lengths: "as many as asked for" }) }),
  run: (_call, { length }) => ({ random: randomBytes(length) }),
});
