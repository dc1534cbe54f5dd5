import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { LanelockError } from "../../errors.ts";
import { readPrivateFile } from "../../shared/private-file.ts";
import { textOf } from "../../shared/utf8.ts";
import { isSocket } from "./postgres-tls.ts";

export interface PasswordSources {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** The option of `sqlStore`. */
  readonly passwordFile: string | undefined;
  /** Of the URL. */
  readonly password: string | undefined;
  readonly passfile: string | undefined;
}

/**
 * The password for a server that asks for one. Looked up at each connection in this order: the password file, the URL, `PGPASSWORD`,
 * the passfile of libpq (`PGPASSFILE` or `~/.pgpass`).
 *
 * @throws LanelockError `ERR_STORE` if there is none, or if others can read the file
 */
export function findPassword(sources: PasswordSources): string {
  const { passwordFile, password } = sources;
  if (passwordFile !== undefined) return readPrivateText(passwordFile, "password file").replace(/\r?\n$/, "");
  const found = password ?? (process.env.PGPASSWORD || fromPassfile(sources));
  if (found !== undefined) return found;
  throw new LanelockError(
    "ERR_STORE",
    `The PostgreSQL server asks for the password of ${sources.user}, and none was given. Pass passwordFile, or set PGPASSWORD or PGPASSFILE.`,
  );
}

function readPrivateText(path: string, what: string): string {
  const content = readPrivateFile({ path, what, unreadable: "ERR_STORE", exposed: "ERR_STORE" });
  try {
    return textOf(content);
  } finally {
    content.fill(0);
  }
}

/** The first line `host:port:database:user:password` that fits. A `\` stands before a `:` or `\` of a field; `*` fits anything. */
function fromPassfile({ host, port, database, user, passfile }: PasswordSources): string | undefined {
  const named = passfile || process.env.PGPASSFILE;
  const path = named || join(homedir(), ".pgpass");
  if (!existsSync(path)) return undefined;
  const wanted = [isSocket(host) ? "localhost" : host, `${port}`, database, user];
  for (const line of readPrivateText(path, "passfile").split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    const fields = (line.match(/(?:\\.|[^\\:])*(?::|$)/g) ?? []).map((field) => field.replace(/:$/, ""));
    if (fields.length < 5 || !wanted.every((value, at) => fields[at] === "*" || unescaped(fields[at]) === value))
      continue;
    return unescaped(fields[4]);
  }
  return undefined;
}

function unescaped(field = ""): string {
  return field.replace(/\\(.)/g, "$1");
}
