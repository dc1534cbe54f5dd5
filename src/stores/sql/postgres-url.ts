import { LanelockError } from "../../errors.ts";
import { checkNames } from "../../shared/known-names.ts";

/** The TLS modes of a URL: libpq's, and pg's `no-verify`, which means `require` without an authority's file. */
export const SSL_MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full", "no-verify"] as const;

export type SslMode = (typeof SSL_MODES)[number];

/** A PostgreSQL database, as a URL names it. What the URL leaves out is `undefined`. */
export interface PostgresTarget {
  /** Host and database, never the user or the password. */
  readonly label: string;
  /** A name, an address, or the directory of a Unix socket. */
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: string | undefined;
  readonly sslMode: SslMode | undefined;
  /** The other parameters that are known. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** Parameters of libpq that have an effect here, then those that may stand in a URL without one. */
const PARAMETERS = [
  ...["host", "port", "user", "password", "dbname", "passfile", "application_name", "connect_timeout", "options"],
  ...["sslmode", "ssl", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslnegotiation"],
  ...["client_encoding", "fallback_application_name", "target_session_attrs", "uselibpqcompat"],
];

/**
 * Reads `postgres://[user[:password]@][host[:port]][/database][?parameters]`, as libpq does: any character but `/` and `@` may
 * stand in the password as it is. No error quotes a part that could be the password.
 *
 * @throws LanelockError `ERR_ARGUMENT`
 */
export function parsePostgresUrl(url: string): PostgresTarget {
  const rest = /^postgres(?:ql)?:\/\/(.*)$/is.exec(url)?.[1];
  if (rest === undefined) throw wrong('must begin with "postgres://"');
  const slash = rest.indexOf("/");
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const at = authority.lastIndexOf("@");
  const { user, password } = at < 0 ? {} : credentials(authority.slice(0, at));
  const [place = "", query = ""] = splitOnce(rest.slice(at + 1), "?");
  const parameters = queryParameters(query);
  const [hosts = "", path = ""] = splitOnce(place, "/");
  const address = hostAndPort(hosts);
  const host = parameters.host || address.host;
  const port = parameters.port === undefined ? address.port : portNumber(parameters.port);
  const database = parameters.dbname || decoded(path, "database name") || undefined;
  if (host?.includes(",")) throw severalHosts();
  const shownHost = host?.includes(":") ? `[${host}]` : (host ?? "");
  return {
    label: `${shownHost}${port === undefined ? "" : `:${port}`}/${database ?? ""}`,
    ...{ host, port, database },
    user: parameters.user || user,
    password: parameters.password || password,
    sslMode: sslMode(parameters),
    parameters,
  };
}

function wrong(what: string): LanelockError {
  return new LanelockError("ERR_ARGUMENT", `The url of sqlStore ${what}.`);
}

function severalHosts(): LanelockError {
  return wrong("names several hosts. Name one: the primary, or a name that always leads to it");
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function decoded(text: string, what: string): string {
  let plain: string;
  try {
    plain = decodeURIComponent(text);
  } catch {
    // Without the cause, which would show the text.
    throw wrong(`has a ${what} with a % that begins no percent-encoding: write %25 for a %`);
  }
  if (plain.includes("\0")) throw wrong(`has a zero character in its ${what}`);
  return plain;
}

function credentials(text: string): { user?: string; password?: string } {
  const [user = "", password] = splitOnce(text, ":");
  return {
    ...(user === "" ? {} : { user: decoded(user, "user") }),
    ...(password ? { password: decoded(password, "password") } : {}),
  };
}

function hostAndPort(text: string): { host: string | undefined; port: number | undefined } {
  if (text.includes(",")) throw severalHosts();
  const parts = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:]*))?$/.exec(text);
  if (parts === null) throw wrong("has no proper host. Write an IPv6 address in brackets");
  const [, bracketed, plain = "", port = ""] = parts;
  return {
    host: bracketed ?? (decoded(plain, "host") || undefined),
    port: port === "" ? undefined : portNumber(port),
  };
}

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw wrong("has a port that is not a number of 1 to 65535. Write %2F for a / and %40 for an @ in the password");
}

function queryParameters(query: string): Record<string, string> {
  const found: Record<string, string> = Object.create(null);
  for (const part of query.split("&")) {
    if (part === "") continue;
    const [name = "", value = ""] = splitOnce(part, "=");
    found[decoded(name, "parameter")] = decoded(value, `parameter ${PARAMETERS.includes(name) ? name : ""}`);
  }
  checkNames({ ...found }, PARAMETERS, "The url of sqlStore");
  const encoding = found.client_encoding?.replace("-", "").toLowerCase() ?? "utf8";
  if (!["utf8", "auto"].includes(encoding)) throw wrong("asks for another encoding than UTF8");
  const session = found.target_session_attrs ?? "read-write";
  if (!["any", "read-write", "primary"].includes(session)) throw wrong("asks for a server that cannot be written to");
  const timeout = found.connect_timeout ?? "10";
  if (!/^\d{1,6}$/.test(timeout)) throw wrong("has a connect_timeout that is not a number of seconds");
  const negotiation = found.sslnegotiation ?? "postgres";
  if (!["postgres", "direct"].includes(negotiation)) throw wrong('takes sslnegotiation "postgres" or "direct"');
  return found;
}

function sslMode({ sslmode, ssl }: Readonly<Record<string, string>>): SslMode | undefined {
  if (sslmode !== undefined) return checkedSslMode(sslmode, "sslmode in the url of sqlStore");
  // pg's own parameter.
  if (ssl === undefined) return undefined;
  if (["true", "1"].includes(ssl)) return "verify-full";
  if (["false", "0"].includes(ssl)) return "disable";
  if (ssl === "no-verify") return "no-verify";
  throw wrong('takes ssl "true" or "false"; sslmode says more');
}

/** @throws LanelockError `ERR_ARGUMENT` */
export function checkedSslMode(value: string, where: string): SslMode {
  const mode = SSL_MODES.find((known) => known === value);
  if (mode !== undefined) return mode;
  throw new LanelockError("ERR_ARGUMENT", `The ${where} must be one of ${SSL_MODES.join(", ")}.`);
}
