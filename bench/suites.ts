import { asymmetricCases } from "./asymmetric/through-kms.ts";
import type { Case } from "./case.ts";
import { aesGcmCases } from "./ciphers/aes-gcm.ts";
import { aesModeCases } from "./ciphers/aes-modes.ts";
import { sm4Cases } from "./ciphers/sm4.ts";
import { envelopeCases } from "./envelope/cases.ts";
import { hsmCases } from "./hsm/through-the-kms.ts";
import { kmsCases } from "./kms/through-the-kms.ts";

/** A quantity that must not exceed a bound, whatever others reach. */
export interface Limit {
  readonly name: string;
  readonly unit: string;
  readonly atMost: number;
  readonly measure: () => Promise<number>;
}

/** Cases that are measured together, and what has to be closed after them. */
export interface Suite {
  readonly cases: readonly Case[];
  readonly limits?: readonly Limit[];
  readonly close: () => Promise<void>;
}

async function ciphers(): Promise<Suite> {
  return { cases: [...aesGcmCases, ...aesModeCases, ...sm4Cases], close: async () => {} };
}

/** Every suite by the name that `--suite` takes. */
export const SUITES: { readonly [name: string]: () => Promise<Suite> } = {
  ciphers,
  asymmetric: asymmetricCases,
  envelope: envelopeCases,
  hsm: hsmCases,
  kms: kmsCases,
};
