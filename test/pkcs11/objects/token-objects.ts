import { createRequire } from "node:module";
import type { PKCS11 as Api, Handle } from "pkcs11js";

const { PKCS11 } = createRequire(import.meta.url)("pkcs11js") as typeof import("pkcs11js");
const CKA_LABEL = 3;

interface TokenPlace {
  readonly module: string;
  readonly token: { readonly label: string };
  readonly pin: string;
}

/** A look at a token beside the provider, which must be open: module and login are the process's. */
export function lookAt({ module, token }: TokenPlace) {
  const api: Api = new PKCS11();
  api.load(module);
  const slot = api.C_GetSlotList(true).find((one) => api.C_GetTokenInfo(one).label.trim() === token.label);
  if (!slot) throw new Error(`no token ${token.label}`);
  const inSession = <T>(work: (session: Handle) => T): T => {
    const session = api.C_OpenSession(slot, 6);
    try {
      return work(session);
    } finally {
      api.C_CloseSession(session);
    }
  };
  return {
    api,
    slot,
    inSession,
    /** The labels of all objects, sorted. */
    labels: () =>
      inSession((session) => {
        api.C_FindObjectsInit(session, []);
        const found = api.C_FindObjects(session, 1000);
        api.C_FindObjectsFinal(session);
        const label = (handle: Handle) => api.C_GetAttributeValue(session, handle, [{ type: CKA_LABEL }])[0]?.value;
        return found.map((handle) => String(label(handle))).sort();
      }),
  };
}
