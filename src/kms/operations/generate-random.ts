import { randomBytes } from "../../shared/random.ts";
import type { Call } from "../core/call.ts";
import { MAX_RANDOM } from "../policy/limits.ts";
import { requiredInteger } from "../wire/request-fields.ts";

export interface GenerateRandomRequest {
  /** 1 to 1,024 bytes. */
  readonly length: number;
}

export interface GenerateRandomResponse {
  readonly random: Uint8Array;
}

export function generateRandom(_call: Call, request: GenerateRandomRequest): GenerateRandomResponse {
  return { random: randomBytes(requiredInteger(request.length, "Length", [1, MAX_RANDOM])) };
}
