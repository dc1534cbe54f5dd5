import type { EcKeySpec } from "../../../kms/ports/index.ts";
import { CKA, CKF, CKG, CKK, CKM, CKO, CKZ_DATA_SPECIFIED, PARAMETERS } from "../session/constants.ts";
import type { Attribute, Mechanism } from "../session/cryptoki.ts";
import type { Session, Token } from "../session/token.ts";
import { calling, callingAsync, remedyFor } from "../session/token-error.ts";
import type { Trial } from "./mechanisms.ts";

/** DER of the curves' object identifiers (SEC 2, RFC 5480): what CKA_EC_PARAMS holds. */
export const curveParameters: Readonly<Record<EcKeySpec, Buffer>> = {
  EC_P256: Buffer.from("06082a8648ce3d030107", "hex"),
  EC_P256K: Buffer.from("06052b8104000a", "hex"),
};

function oaepMechanism(hashAlg: number, mgf: number): Mechanism {
  const parameter = { type: PARAMETERS.RSA_OAEP, hashAlg, mgf, source: CKZ_DATA_SPECIFIED };
  return { mechanism: CKM.RSA_PKCS_OAEP, parameter };
}

export const oaepMechanisms = {
  RSAES_OAEP_SHA_256: oaepMechanism(CKM.SHA256, CKG.MGF1_SHA256),
  RSAES_OAEP_SHA_1: oaepMechanism(CKM.SHA_1, CKG.MGF1_SHA1),
} as const;

interface TrialRun {
  readonly trial: Trial;
  /** Tried only if the token lists this. */
  readonly listed: { readonly mechanism: number; readonly flag: number };
  readonly run: (token: Token, session: Session) => void | Promise<void>;
}

const oaepListed = { mechanism: CKM.RSA_PKCS_OAEP, flag: CKF.DECRYPT };
const curvesListed = { mechanism: CKM.EC_KEY_PAIR_GEN, flag: CKF.GENERATE_KEY_PAIR };
const trialRuns: readonly TrialRun[] = [
  { trial: "OAEP with SHA-256", listed: oaepListed, run: tryOaep(oaepMechanisms.RSAES_OAEP_SHA_256) },
  { trial: "OAEP with SHA-1", listed: oaepListed, run: tryOaep(oaepMechanisms.RSAES_OAEP_SHA_1) },
  { trial: "EC_P256", listed: curvesListed, run: tryCurve(curveParameters.EC_P256) },
  { trial: "EC_P256K", listed: curvesListed, run: tryCurve(curveParameters.EC_P256K) },
];

/**
 * What each token of this process has shown that it can do. A failure is not kept, since it may pass. pkcs11js 2.1 loses a kilobyte
 * in every C_GenerateKeyPairAsync, so a process that opens a token often should not make pairs each time.
 */
const passedBefore = new Map<string, Set<Trial>>();

/**
 * Finds out what a mechanism list does not say, with objects that end with their session. SoftHSM lists OAEP and supports SHA-1
 * only; NSS lists EC and even stores a secp256k1 key, which it then cannot use.
 */
export async function runTrials(token: Token): Promise<ReadonlySet<Trial>> {
  const passed = passedBefore.get(token.place) ?? new Set<Trial>();
  for (const { trial, listed, run } of trialRuns) {
    const flags = token.mechanisms.get(listed.mechanism)?.flags ?? 0;
    if (passed.has(trial) || (flags & listed.flag) === 0) continue;
    if (await passes(token, run)) passed.add(trial);
  }
  passedBefore.set(token.place, passed);
  return new Set(passed);
}

async function passes(token: Token, run: TrialRun["run"]): Promise<boolean> {
  const session = await token.take({ timeoutMs: token.timeoutMs });
  try {
    await run(token, session);
    return true;
  } catch (error) {
    // A token that was lost meanwhile has not failed the trial.
    if (remedyFor(error) !== "none") throw error;
    return false;
  } finally {
    // Its objects and its unfinished operation end with it.
    token.discard(session);
  }
}

/** The begin call of an encryption under a public key that nobody owns: 2^2047 + 1. */
function tryOaep(mechanism: Mechanism): TrialRun["run"] {
  const modulus = Buffer.alloc(256);
  modulus[0] = 0x80;
  modulus[255] = 1;
  const template: Attribute[] = [
    { type: CKA.CLASS, value: CKO.PUBLIC_KEY },
    { type: CKA.KEY_TYPE, value: CKK.RSA },
    { type: CKA.TOKEN, value: false },
    { type: CKA.ENCRYPT, value: true },
    { type: CKA.MODULUS, value: modulus },
    { type: CKA.PUBLIC_EXPONENT, value: Buffer.from([1, 0, 1]) },
  ];
  return ({ api }, { handle }) => {
    const key = calling("C_CreateObject", () => api.C_CreateObject(handle, template));
    calling("C_EncryptInit", () => api.C_EncryptInit(handle, mechanism, key));
  };
}

function tryCurve(parameters: Buffer): TrialRun["run"] {
  const publicKey: Attribute[] = [
    { type: CKA.TOKEN, value: false },
    { type: CKA.EC_PARAMS, value: parameters },
  ];
  const privateKey: Attribute[] = [
    { type: CKA.TOKEN, value: false },
    { type: CKA.PRIVATE, value: true },
    { type: CKA.SIGN, value: true },
  ];
  const generation = { mechanism: CKM.EC_KEY_PAIR_GEN };
  return async ({ api, module }, { handle }) => {
    const pair = () => module.running(api.C_GenerateKeyPairAsync(handle, generation, publicKey, privateKey));
    await callingAsync("C_GenerateKeyPair", pair);
  };
}
