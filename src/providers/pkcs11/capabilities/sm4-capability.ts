import type { Capability } from "../../../kms/ports/index.ts";
import { CKF, CKM } from "../session/constants.ts";
import type { Pkcs11Options } from "../session/options.ts";
import { lacking, type Offer } from "./mechanisms.ts";

/** How SM4 keys are kept: on the token where a vendor's mechanisms are configured, wrapped by the token otherwise. */
export function sm4Capability(offer: Offer, { vendorMechanisms, requireOnToken }: Pkcs11Options): Capability {
  const row = { keySpec: "Aliyun_SM4", algorithm: "SM4_GCM" } as const;
  const missingOf = (needs: readonly (readonly [string, number, number])[]) => {
    const missing = needs.flatMap(([name, mechanism, flags]) => lacking({ name, mechanism, flags }, offer) ?? []);
    return missing.length > 0 ? missing.join(", ") : undefined;
  };
  const bothWays = CKF.ENCRYPT | CKF.DECRYPT;
  if (vendorMechanisms) {
    const { SM4_KEY_GEN, SM4_GCM } = vendorMechanisms;
    const missing = missingOf([
      [`vendorMechanisms.SM4_KEY_GEN (0x${SM4_KEY_GEN.toString(16)})`, SM4_KEY_GEN, CKF.GENERATE],
      [`vendorMechanisms.SM4_GCM (0x${SM4_GCM.toString(16)})`, SM4_GCM, bothWays],
    ]);
    return missing === undefined ? { ...row, custody: "token" } : { ...row, missing };
  }
  if (requireOnToken) return { ...row, missing: "SM4 of its own (requireOnToken is set and vendorMechanisms is not)" };
  const missing = missingOf([
    ["CKM_AES_KEY_GEN", CKM.AES_KEY_GEN, CKF.GENERATE],
    ["CKM_AES_GCM", CKM.AES_GCM, bothWays],
  ]);
  return missing === undefined ? { ...row, custody: "token-wrapped" } : { ...row, missing };
}
