import { LanelockError } from "../../errors.ts";
import { describeThrown, type Remedies, remedyFor, type Thrown } from "../thrown.ts";

/**
 * The failure of a driver, a file system or a network as `ERR_STORE` with advice. Everything that is not a LanelockError of
 * this copy of the package counts as such a failure, so no foreign error passes because a list lacks it.
 */
function failure(name: string, cause: unknown, remedy: (thrown: Thrown) => string): LanelockError {
  if (cause instanceof LanelockError) return cause;
  return new LanelockError("ERR_STORE", `${name}: ${remedy(describeThrown(cause))}`, { cause });
}

/** SQLite's primary result codes by number. libsql names only some of them, and no extended code (the higher bytes). */
const SQLITE_CODES: Readonly<Record<number, string>> = {
  ...{ 3: "PERM", 5: "BUSY", 6: "LOCKED", 7: "NOMEM", 8: "READONLY", 10: "IOERR", 11: "CORRUPT", 13: "FULL" },
  ...{ 14: "CANTOPEN", 22: "NOLFS", 26: "NOTADB" },
};

/** An unknown code carries its number in its name; a failed open carries it at the end of its message. */
const SQLITE_NUMBERS = [/^UNKNOWN_SQLITE_ERROR_(\d+)/, / Unable to open connection to local database .*: (\d+)$/];

function sqliteThrown(cause: unknown): Thrown {
  const thrown = describeThrown(cause);
  const text = `${thrown.code} ${thrown.message}`;
  for (const pattern of SQLITE_NUMBERS) {
    const number = pattern.exec(text)?.[1];
    const name = number && SQLITE_CODES[Number(number) & 0xff];
    if (name) return { ...thrown, code: `SQLITE_${name}` };
  }
  return thrown;
}

const CANNOT_WRITE = "Give it write access to the database file and its directory.";

const SQLITE_REMEDIES: Remedies = [
  [
    /^(SQLITE_FULL|ENOSPC|EDQUOT)/,
    "the disk is full. Free space and try again; nothing that was acknowledged is lost.",
  ],
  [/^(SQLITE_READONLY|EROFS)/, `the database is read-only for this process. ${CANNOT_WRITE}`],
  [/^(SQLITE_PERM|SQLITE_AUTH|EACCES|EPERM)/, `this process may not use the database file. ${CANNOT_WRITE}`],
  [
    /^(SQLITE_CORRUPT|SQLITE_NOTADB)/,
    "the database file is damaged or is not a database. Stop using it and restore it from a backup.",
  ],
  [/^SQLITE_(BUSY|LOCKED)/, "another process held the database locked for too long. Try again."],
  [/^(ENOENT|ENOTDIR)/, "the directory of the database file does not exist. Create it first."],
  [/^ELOOP/, "the path of the database file is a circle of links. Check the links."],
  [/^(EMFILE|ENFILE)/, "this process has too many files open. Raise the limit (ulimit -n) or close some."],
  [
    /^SQLITE_CANTOPEN/,
    "the database file cannot be opened. Check that its directory exists and that this process may use it.",
  ],
  [/^(SQLITE_IOERR|EIO)/, "reading or writing the database file failed. Check the disk."],
  [/^SQLITE_NOMEM/, "there is not enough memory for the database. Free some and try again."],
  [/^EISDIR/, "the path is that of a directory. Name a file in it."],
];

export function sqliteFailure(name: string, cause: unknown): LanelockError {
  return failure(name, cause, () => remedyFor(sqliteThrown(cause), SQLITE_REMEDIES));
}

/** Whether SQLite found the database locked: the driver's error, or that of {@link sqliteFailure}. */
export function isBusy(error: unknown): boolean {
  const cause = error instanceof LanelockError ? error.cause : error;
  return /^SQLITE_(BUSY|LOCKED)/.test(sqliteThrown(cause).code);
}

const PRIMARY = "Connect to the primary server.";

const POSTGRES_REMEDIES: Remedies = [
  [/^53100/, "the server's disk is full. Free space there and try again; nothing that was acknowledged is lost."],
  [/^53300/, "the server has no connection left. Raise its max_connections, or close other clients."],
  [/^53/, "the server is short of memory or another resource. Free some there and try again."],
  [/^25006/, `the server is read-only: a standby, or set to default_transaction_read_only. ${PRIMARY}`],
  [/^0A000 .*(recovery|standby)/i, `the server is a standby, which cannot be written to. ${PRIMARY}`],
  [
    /^(42501|3F000)/,
    "the user lacks rights. It needs CREATE and USAGE on the schema (GRANT CREATE, USAGE ON SCHEMA public TO …) and the lanelock_ tables.",
  ],
  [/^(42P01|42703)/, "a table of the store is missing or changed. Stop using it and restore it from a backup."],
  [/^(XX001|XX002)/, "the database is damaged. Stop using it and restore it from a backup."],
  [/^(55P03|40P01|40001|57014|25P03)/, "other clients held the database locked for too long. Try again."],
  [
    / timeout exceeded when trying to connect/i,
    "its connections were all in use, or none could be made, for too long. Try again.",
  ],
  [
    /^28000 .*(no encryption|SSL off)/i,
    "the server refuses this connection, which is made without TLS. If it wants TLS, add sslmode=verify-full to the url; if not, check the user name and pg_hba.conf.",
  ],
  [/^28P01/, "the server refused the user or the password."],
  [/^28/, "the server refused the user. Check the user name, and what pg_hba.conf allows it."],
  [/^3D000/, "the server has no such database. Create it first, or check the name."],
  [
    /^08P01|protocol_violation|unsupported startup parameter/,
    "the server, or a pooler in front of it, refuses the connection's settings. Connect to PostgreSQL itself, or to a pooler in session mode.",
  ],
  [
    /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_UNTRUSTED|CERT_CHAIN_TOO_LONG|INVALID_CA)/,
    "the server's certificate is not one of an authority that is trusted here. Name the authority's file: sslrootcert=/path/ca.pem in the url.",
  ],
  [
    /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)/,
    "the server's certificate is for another host name. Use the name in the certificate, or check who answers there.",
  ],
  [/^(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)/, "the server's certificate has expired or is not valid yet. Renew it."],
  [/^CERT_REVOKED/, "the server's certificate was revoked. Check who answers there."],
  [
    / (The server does not support SSL|There was an error establishing an SSL)/,
    "the server does not take TLS connections. Turn ssl on there, or, on a network you trust, add sslmode=disable to the url.",
  ],
  [/^(ERR_SSL_|ERR_TLS_|EPROTO)/, "no TLS connection could be made with the server. Check its TLS settings."],
  [/^(ENOTFOUND|EAI_)/, "the host name of the server is not known. Check the url and the name service."],
  [
    /^(57P0|08)/,
    "the database server cannot be reached: it is starting, stopping, or ended the connection. Is it running?",
  ],
  [
    // pg's messages, mostly without a code, for a connection that broke before, during or between queries.
    /^(E[A-Z]+ |57P|ERR_STREAM|ERR_SOCKET)|Connection terminated|not queryable|timeout expired|Query read timeout|client (has|was) /i,
    "the database server cannot be reached. Is it running?",
  ],
];

export function postgresFailure(name: string, cause: unknown): LanelockError {
  return failure(name, cause, (thrown) => remedyFor(thrown, POSTGRES_REMEDIES));
}

/** The error of `create: false` if there is no store. */
export function noStore(name: string): LanelockError {
  const remedy = "Check the name. To make a store there, run `lanelock init`, or open it without `create: false`.";
  return new LanelockError("ERR_STORE", `${name} holds no lanelock store. ${remedy}`);
}
