import { asymmetricCases } from "./asymmetric/through-kms.ts";
import { aesGcmCases } from "./ciphers/aes-gcm.ts";
import { aesModeCases } from "./ciphers/aes-modes.ts";
import { sm4Cases } from "./ciphers/sm4.ts";
import { envelopeCases } from "./envelope/cases.ts";
import { hsmCases } from "./hsm/through-the-kms.ts";
import { kmsCases } from "./kms/through-the-kms.ts";
import type { Suite } from "./suite.ts";

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
