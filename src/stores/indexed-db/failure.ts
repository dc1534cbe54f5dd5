import { LanelockError } from "../../errors.ts";
import { describeThrown, type Remedies, remedyFor } from "../thrown.ts";

/** By name and message of the browser's `DOMException`, joined by a space. */
const REMEDIES: Remedies = [
  [
    /^QuotaExceededError/,
    "the browser gives this site no more space: its quota or the disk is full. Delete what the site keeps or free disk space, then " +
      "try again; nothing that was acknowledged is lost. navigator.storage.estimate() says how much there is.",
  ],
  [
    /^InvalidStateError .*(mutation|did not allow)/i,
    "the browser keeps no databases in private windows. Use a window that is not private.",
  ],
  [
    /^SecurityError/,
    "the browser gives this page no databases. Allow site data for it in the browser's settings, and serve the page from an origin of " +
      "its own: sandboxed frames and data: URLs have none.",
  ],
  [/^VersionError/, "a newer lanelock wrote the database. Reload the page, so that it gets the newer version."],
  [
    /^(AbortError|InvalidStateError)/,
    "the browser ended the transaction: the page is closing, or the database was closed or its data cleared. Nothing that was " +
      "acknowledged before is lost; reload the page.",
  ],
  [
    /^NotFoundError/,
    "the database lacks a table of lanelock's. Another program uses this name, or the database is damaged: use another name.",
  ],
  [
    /^(UnknownError|NotReadableError|DataError|EncodingError)/,
    "the browser could not read or write the database: the disk is full, or its files are damaged. Restart the browser. If it happens " +
      "again, the database is lost: clear the site's data, and begin from a backup of what was sealed elsewhere.",
  ],
  [/^TimeoutError/, "another tab held the database locked for too long. Try again."],
  [
    /^DataCloneError/,
    "the browser cannot keep a CryptoKey in a database; in some browsers that is so in private windows. Use a window that is not private.",
  ],
];

/** What a browser reports as `ERR_STORE` with advice. Everything that is not a LanelockError counts as the browser's. */
export function databaseFailure(label: string, cause: unknown): LanelockError {
  if (cause instanceof LanelockError) return cause;
  const thrown = { code: nameOf(cause), message: describeThrown(cause).message };
  return new LanelockError("ERR_STORE", `${label}: ${remedyFor(thrown, REMEDIES)}`, { cause });
}

/** The name of an error of any realm; a `DOMException` has a number for its code. */
export function nameOf(error: unknown): string {
  return typeof error === "object" && error !== null && "name" in error ? String(error.name) : "";
}

/** The error of `create: false` if there is no store. */
export function noDatabase(label: string): LanelockError {
  const reason = "It was never made here, or the browser has deleted it with the site's data.";
  return new LanelockError(
    "ERR_STORE",
    `${label} holds no lanelock store. ${reason} Without \`create: false\` one is made.`,
  );
}
