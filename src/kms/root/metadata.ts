/** The rows of metadata that unlock a store, by name. */
export const STORE_ID = "store-id";
export const ROOT_CHECK = "root-check";
/** The data that the root key source keeps in the store. Empty after a change to a source that keeps none. */
export const ROOT_SEALED = "root-sealed";
/** The fingerprint key, wrapped, once the root key was changed. */
export const CARRIED_KEYS = "carried-keys";
/** Until when calls wait for a change of the root key: milliseconds since 1970 as text. Empty while none is under way. */
export const ROOT_CHANGE = "root-change";
/** The keys of audit chains that ended when the root key was changed, wrapped. */
export const CLOSED_CHAINS = "closed-chains";
