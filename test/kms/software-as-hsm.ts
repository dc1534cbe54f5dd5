import type { KeyProvider } from "lanelock/kms";
import { softwareProvider } from "../../src/providers/software/index.ts";

/** The provider of software keys at the level of a token, with what the test says differs: it has key pairs, and is synchronous. */
export function softwareAsHsm(differs: (own: KeyProvider) => Partial<KeyProvider> = () => ({})): KeyProvider {
  const own = softwareProvider();
  return {
    ...{ name: "as a token", protectionLevel: "HSM", open: own.open.bind(own), close: own.close.bind(own) },
    ...{ capabilities: own.capabilities.bind(own), rewrap: own.rewrap.bind(own) },
    ...{ createKey: own.createKey.bind(own), importKey: own.importKey.bind(own), destroyKey: own.destroyKey.bind(own) },
    ...{ loadCipherKey: own.loadCipherKey.bind(own), loadAsymmetricKey: own.loadAsymmetricKey.bind(own) },
    ...differs(own),
  };
}
