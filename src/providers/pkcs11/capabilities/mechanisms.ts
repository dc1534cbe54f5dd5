import type { Algorithm, Capability, Custody, EcKeySpec, KeySpec, RsaKeySpec } from "../../../kms/ports/index.ts";
import { CKF, CKM } from "../session/constants.ts";
import type { MechanismInfo } from "../session/cryptoki.ts";

interface Need {
  readonly mechanism: number;
  readonly name: string;
  /** The flags that CK_MECHANISM_INFO must have. */
  readonly flags: number;
  readonly modulusBits?: number;
}

/** A capability that only a trial shows, not the mechanism list: a hash under OAEP, a curve. */
export type Trial = "OAEP with SHA-256" | "OAEP with SHA-1" | EcKeySpec;

/** What a token that failed a trial lacks, in PKCS#11's terms. */
const trialNames: Readonly<Record<Trial, string>> = {
  "OAEP with SHA-256": "CKM_RSA_PKCS_OAEP with SHA-256",
  "OAEP with SHA-1": "CKM_RSA_PKCS_OAEP with SHA-1",
  EC_P256: "CKM_EC_KEY_PAIR_GEN with secp256r1",
  EC_P256K: "CKM_EC_KEY_PAIR_GEN with secp256k1",
};

/** All of `needs`, the trial if there is one, and one of `oneOf` if there are any. */
interface Recipe {
  readonly needs: readonly Need[];
  readonly oneOf?: readonly Way[];
  readonly trial?: Trial;
}
interface Way {
  readonly need: Need;
  readonly trial?: Trial;
}

const mechanism = (name: keyof typeof CKM, flags: number): Need => ({
  mechanism: CKM[name],
  name: `CKM_${name}`,
  flags,
});

const aes = (mode: "AES_GCM" | "AES_CBC" | "AES_ECB"): Recipe => ({
  needs: [mechanism("AES_KEY_GEN", CKF.GENERATE), mechanism(mode, CKF.ENCRYPT | CKF.DECRYPT)],
});

const rsaKey = (modulusBits: number) => ({
  ...mechanism("RSA_PKCS_KEY_PAIR_GEN", CKF.GENERATE_KEY_PAIR),
  modulusBits,
});
const rawRsa: Way = { need: mechanism("RSA_X_509", CKF.DECRYPT) };
const oaep = (modulusBits: number, trial: Trial): Recipe => ({
  needs: [rsaKey(modulusBits)],
  oneOf: [{ need: mechanism("RSA_PKCS_OAEP", CKF.DECRYPT), trial }, rawRsa],
});
const rsaSignature = (modulusBits: number, name: "RSA_PKCS_PSS" | "RSA_PKCS"): Recipe => ({
  needs: [rsaKey(modulusBits), mechanism(name, CKF.SIGN)],
});
const ec = (trial: EcKeySpec, need: Need): Recipe => ({
  needs: [mechanism("EC_KEY_PAIR_GEN", CKF.GENERATE_KEY_PAIR), need],
  trial,
});

type Recipes = Partial<Record<Algorithm, Recipe>>;
const aesRecipes: Recipes = { AES_GCM: aes("AES_GCM"), AES_CBC: aes("AES_CBC"), AES_ECB: aes("AES_ECB") };
const rsaRecipes = (bits: number): Recipes => ({
  RSAES_OAEP_SHA_256: oaep(bits, "OAEP with SHA-256"),
  RSAES_OAEP_SHA_1: oaep(bits, "OAEP with SHA-1"),
  RSA_PSS_SHA_256: rsaSignature(bits, "RSA_PKCS_PSS"),
  RSA_PKCS1_SHA_256: rsaSignature(bits, "RSA_PKCS"),
});
const ecRecipes = (curve: EcKeySpec): Recipes => ({
  ECIES_DH_SHA_1_XOR_HMAC: ec(curve, mechanism("ECDH1_DERIVE", CKF.DERIVE)),
  ECDSA_SHA_256: ec(curve, mechanism("ECDSA", CKF.SIGN)),
});

export const modulusBits: Readonly<Record<RsaKeySpec, number>> = { RSA_2048: 2048, RSA_3072: 3072, RSA_4096: 4096 };

/** What each KeySpec and algorithm of the HSM level needs from a token. SM4 has its own file: `sm4-capability.ts`. */
const recipes: Readonly<Record<Exclude<KeySpec, "Aliyun_SM4">, Recipes>> = {
  Aliyun_AES_256: aesRecipes,
  Aliyun_AES_192: aesRecipes,
  Aliyun_AES_128: aesRecipes,
  RSA_2048: rsaRecipes(modulusBits.RSA_2048),
  RSA_3072: rsaRecipes(modulusBits.RSA_3072),
  RSA_4096: rsaRecipes(modulusBits.RSA_4096),
  EC_P256: ecRecipes("EC_P256"),
  EC_P256K: ecRecipes("EC_P256K"),
};

/** What a token lists, and the trials that it passed. */
export interface Offer {
  readonly mechanisms: ReadonlyMap<number, MechanismInfo>;
  readonly passedTrials: ReadonlySet<Trial>;
}

/** What `offer` lacks of a need, or undefined. */
export function lacking({ mechanism: id, name, flags, modulusBits }: Need, offer: Offer): string | undefined {
  const info = offer.mechanisms.get(id);
  if (!info || (info.flags & flags) !== flags) return name;
  // NSS gives the greatest number there is for "no limit", which pkcs11js cuts to 32 bits.
  if (modulusBits !== undefined && info.maxKeySize < modulusBits) return `${name} with ${modulusBits} bits`;
  return undefined;
}

function lackingFor({ needs, oneOf, trial }: Recipe, offer: Offer): string | undefined {
  const missing = needs.flatMap((need) => lacking(need, offer) ?? []);
  if (missing.length === 0 && trial && !offer.passedTrials.has(trial)) missing.push(trialNames[trial]);
  const failing = oneOf?.map((way) => lacking(way.need, offer) ?? lackingTrial(way, offer));
  if (failing?.every((reason) => reason !== undefined)) missing.push(failing.join(" or "));
  return missing.length > 0 ? missing.join(", ") : undefined;
}

function lackingTrial({ trial }: Way, { passedTrials }: Offer): string | undefined {
  return trial && !passedTrials.has(trial) ? trialNames[trial] : undefined;
}

/** Every row of the HSM level except SM4, with what the token lacks. */
export function capabilitiesOf(offer: Offer, custody: Custody): Capability[] {
  return Object.entries(recipes).flatMap(([keySpec, algorithms]) =>
    Object.entries(algorithms).map(([algorithm, recipe]) => {
      const missing = lackingFor(recipe, offer);
      const row = { keySpec: keySpec as KeySpec, algorithm: algorithm as Algorithm };
      return missing === undefined ? { ...row, custody } : { ...row, missing };
    }),
  );
}
