import { pkcs11 } from "lanelock/pkcs11";
import { testProviderContract } from "../contract/provider.ts";
import { createNssToken } from "../tokens/nss.ts";
import { createSoftHsmToken } from "../tokens/softhsm.ts";
import { host } from "./objects/key-objects.ts";

const tokens = { SoftHSM: createSoftHsmToken("contract"), NSS: createNssToken() };

for (const [name, token] of Object.entries(tokens)) {
  testProviderContract(name, { protectionLevel: "HSM", connect: () => pkcs11(token), host: () => host });
}
