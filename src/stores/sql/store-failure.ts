import { LanelockError } from "../../errors.ts";

/** What a database says when it cannot, and what its operator can do about it. The first match wins. */
const REMEDIES: readonly (readonly [pattern: RegExp, message: string])[] = [
  [/^(SQLITE_FULL|53100)/, "the disk is full. Free space and try again; nothing that was acknowledged is lost."],
  [
    /^(SQLITE_READONLY|25006|42501)/,
    "the database is read-only for this process. Give it write access to the database and its directory.",
  ],
  [
    /^(SQLITE_CORRUPT|SQLITE_NOTADB|XX001|XX002)/,
    "the database file is damaged or is not a database. Stop using it and restore it from a backup.",
  ],
  [/^(SQLITE_BUSY|SQLITE_LOCKED|55P03|40P01)/, "another process held the database locked for too long. Try again."],
  [/^SQLITE_CANTOPEN/, "the database file cannot be opened. Does its directory exist, and may this process use it?"],
  [/^SQLITE_IOERR/, "reading or writing the database file failed. Check the disk."],
  [/^(28|3D000)/, "the server refused the connection's user, password or database name."],
  [/^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EPIPE|57P0|08)/, "the database server cannot be reached. Is it running?"],
];

/** What pg says, without a code, of a connection that broke before, during or between queries. */
const BROKEN_CONNECTION = /Connection terminated|not queryable|timeout (exceeded|expired)|Query read timeout/i;

function codeOf(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (typeof code === "string" && code !== "") return code;
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/Unable to open connection to local database .*: 14/.test(message)) return "SQLITE_CANTOPEN";
  if (BROKEN_CONNECTION.test(message)) return "ECONNRESET";
  return "";
}

export function isBusy(cause: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED)/.test(codeOf(cause));
}

/** SQLite's names, PostgreSQL's five-character SQLSTATE, the system's network errors. */
const DRIVER_CODE = /^(SQLITE_\w+|[0-9A-Z]{5}|E[A-Z_]+)$/;

/** A driver's error as `ERR_STORE`; anything else, which a transaction's own work threw, as it is. */
export function storeFailure(name: string, cause: unknown): unknown {
  if (cause instanceof LanelockError) return cause;
  const code = codeOf(cause);
  if (!DRIVER_CODE.test(code)) return cause;
  const remedy = REMEDIES.find(([pattern]) => pattern.test(code))?.[1] ?? "see the cause.";
  return new LanelockError("ERR_STORE", `${name}: ${remedy} (${code})`, { cause });
}

/** What `create: false` says where there is nothing to open. */
export function noStore(name: string): LanelockError {
  const remedy = "Check the name. To make a store there, run `lanelock init`, or open it without `create: false`.";
  return new LanelockError("ERR_STORE", `${name} holds no lanelock store. ${remedy}`);
}
