import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type ConnectionOptions, checkServerIdentity } from "node:tls";
import { LanelockError } from "../../errors.ts";
import { readPrivateFile } from "../../shared/private-file.ts";
import { textOf } from "../../shared/utf8.ts";
import { checkedSslMode, type PostgresTarget, type SslMode } from "./postgres-url.ts";

/** How a server is connected to. */
export interface Transport {
  /** `false`: without TLS. */
  readonly ssl: ConnectionOptions | false;
  /** Whether the password may be sent in clear text if the server asks for it. */
  readonly cleartext: boolean;
}

export function isSocket(host: string): boolean {
  return host.startsWith("/") || host.startsWith("@");
}

/** Decided by the spelling of the host, not by its address: an attacker who answers DNS queries could give a local one. */
export function isLocal(host: string): boolean {
  return isSocket(host) || /^(localhost|127\.0\.0\.1|::1)$/i.test(host);
}

/**
 * TLS as the URL or `PGSSLMODE` specifies; verified TLS if neither does and the host is not local.
 *
 * @throws LanelockError `ERR_ARGUMENT` for a mode that cannot be kept, `ERR_STORE` for a file that cannot be read
 */
export function transportTo(host: string, target: PostgresTarget, env: NodeJS.ProcessEnv = process.env): Transport {
  if (isSocket(host)) return { ssl: false, cleartext: true };
  const said = target.sslMode ?? (env.PGSSLMODE ? checkedSslMode(env.PGSSLMODE, "variable PGSSLMODE") : undefined);
  if (said === "disable") return { ssl: false, cleartext: true };
  if (said === undefined || said === "allow" || said === "prefer") {
    // Any user of this machine could listen on the port while PostgreSQL does not.
    if (isLocal(host)) return { ssl: false, cleartext: false };
    if (said !== undefined) {
      const remedy = "Use verify-full, or disable to do without TLS.";
      throw new LanelockError("ERR_ARGUMENT", `sslmode=${said} may fall back to no encryption. ${remedy}`);
    }
  }
  return encrypted(said ?? "verify-full", host, target.parameters, env);
}

function encrypted(
  mode: SslMode,
  host: string,
  { sslrootcert, sslcert, sslkey, sslpassword }: PostgresTarget["parameters"],
  env: NodeJS.ProcessEnv,
): Transport {
  const root = mode === "no-verify" ? undefined : rootFile(sslrootcert ?? env.PGSSLROOTCERT);
  const own = {
    ...(sslcert === undefined ? {} : { cert: readFile("sslcert", sslcert) }),
    ...(sslkey === undefined ? {} : { key: readKey(sslkey) }),
    ...(sslpassword === undefined ? {} : { passphrase: sslpassword }),
    minVersion: "TLSv1.2",
  } satisfies ConnectionOptions;
  // As in libpq, `require` verifies only if there is an authority's file.
  if (mode === "no-verify" || (mode === "require" && root === undefined)) {
    return { ssl: { ...own, rejectUnauthorized: false }, cleartext: false };
  }
  const byName = mode === "verify-full";
  if (!byName && (root === undefined || root === "system")) {
    const remedy = "Any site could have a certificate of a public authority: use verify-full, or name a file.";
    throw new LanelockError("ERR_ARGUMENT", `sslmode=${mode} needs sslrootcert=FILE. ${remedy}`);
  }
  const ssl: ConnectionOptions = {
    ...own,
    ...(root === undefined || root === "system" ? {} : { ca: readFile("sslrootcert", root) }),
    rejectUnauthorized: true,
    checkServerIdentity: (_name, certificate) => (byName ? checkServerIdentity(host, certificate) : undefined),
  };
  return { ssl, cleartext: byName };
}

/** libpq's default file, if it exists; otherwise the authorities that Node trusts. */
function rootFile(named: string | undefined): string | undefined {
  if (named) return named;
  const usual = join(homedir(), ".postgresql", "root.crt");
  return existsSync(usual) ? usual : undefined;
}

function readFile(parameter: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new LanelockError("ERR_STORE", `The file of ${parameter}, ${path}, cannot be read. Check the path.`, {
      cause,
    });
  }
}

function readKey(path: string): string {
  const content = readPrivateFile({ path, what: "sslkey", unreadable: "ERR_STORE", exposed: "ERR_STORE" });
  return textOf(content);
}
