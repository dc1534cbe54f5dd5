import type { Capability } from "../../../kms/ports/index.ts";
import { checkPkcs11Options, type Pkcs11Options } from "../session/options.ts";
import { Token } from "../session/token.ts";
import { capabilitiesOf, type Offer } from "./mechanisms.ts";
import { sm4Capability } from "./sm4-capability.ts";
import { runTrials } from "./trials.ts";

export interface TokenReport {
  /** `SoftHSM v2 "t1" (serial 321d18f1b61d4a9c)` */
  readonly name: string;
  /** Every KeySpec and algorithm of the HSM level, with what the token lacks. */
  readonly capabilities: readonly Capability[];
}

/** Reads a token's mechanisms, runs the trials, and derives which rows of the HSM level it supports. */
export async function inspectToken(token: Token, options: Pkcs11Options) {
  const offer: Offer = { mechanisms: token.mechanisms, passedTrials: await runTrials(token) };
  const capabilities: readonly Capability[] = [...capabilitiesOf(offer, "token"), sm4Capability(offer, options)];
  return { offer, capabilities };
}

/** Reports what a token supports. No object stays on it. */
export async function probeToken(options: Pkcs11Options): Promise<TokenReport> {
  checkPkcs11Options(options);
  const token = await Token.open(options);
  try {
    const { capabilities } = await inspectToken(token, options);
    return { name: token.name, capabilities };
  } finally {
    await token.close();
  }
}
