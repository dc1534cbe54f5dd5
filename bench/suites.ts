import type { Suite } from "./suite.ts";

async function ciphers(): Promise<Suite> {
  const [{ aesGcmCases }, { aesModeCases }, { messageAeadCases }, { macAndWrapCases }, { sm4Cases }] =
    await Promise.all([
      import("./ciphers/aes-gcm.ts"),
      import("./ciphers/aes-modes.ts"),
      import("./ciphers/message-aeads.ts"),
      import("./ciphers/macs-and-wraps.ts"),
      import("./ciphers/sm4.ts"),
    ]);
  const cases = [...aesGcmCases, ...aesModeCases, ...messageAeadCases, ...macAndWrapCases, ...sm4Cases];
  return { cases, close: async () => {} };
}

/**
 * Every suite by the name that `--suite` takes. What the others need is not loaded: the larger the heap, the longer every garbage
 * collection that the buffers of a stream ask for.
 */
export const SUITES: { readonly [name: string]: () => Promise<Suite> } = {
  ciphers,
  asymmetric: async () => (await import("./asymmetric/through-kms.ts")).asymmetricCases(),
  envelope: async () => (await import("./envelope/cases.ts")).envelopeCases(),
  hsm: async () => (await import("./hsm/through-the-kms.ts")).hsmCases(),
  kms: async () => (await import("./kms/through-the-kms.ts")).kmsCases(),
  client: async () => (await import("./client/over-http.ts")).clientCases(),
  service: async () => (await import("./service/signed-encrypt.ts")).serviceCases(),
};
