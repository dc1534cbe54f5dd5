import { userInfo } from "node:os";
import pg from "pg";
import { LanelockError } from "../../errors.ts";
import { findPassword } from "./postgres-password.ts";
import { transportTo } from "./postgres-tls.ts";
import type { PostgresTarget } from "./postgres-url.ts";

const CONNECT_SECONDS = "10";
/** Delay after which the system checks a silent connection (TCP keep-alive). */
const KEEP_ALIVE_MILLISECONDS = 10_000;

export interface PostgresOptions extends PostgresTarget {
  readonly passwordFile?: string | undefined;
}

/** The settings of a connection. The driver gets no URL, because it interprets URLs differently from version to version. */
export interface ConnectionSettings {
  readonly config: pg.ClientConfig;
  readonly Client: typeof pg.Client;
}

/** @throws LanelockError `ERR_ARGUMENT`, `ERR_STORE` */
export function connectionSettings(options: PostgresOptions): ConnectionSettings {
  const { env } = process;
  const host = options.host ?? (env.PGHOST || "localhost");
  const port = options.port ?? Number(env.PGPORT || 5432);
  const user = options.user ?? (env.PGUSER || systemUser());
  const database = options.database ?? (env.PGDATABASE || user);
  const { parameters } = options;
  const { ssl, cleartext } = transportTo(host, options);
  const { passwordFile, password } = options;
  const sources = { host, port, database, user, passwordFile, password, passfile: parameters.passfile };
  const seconds = Number(parameters.connect_timeout ?? CONNECT_SECONDS);
  return {
    config: {
      ...{ host, port, user, database, ssl },
      password: async () => findPassword(sources),
      connectionTimeoutMillis: seconds * 1000,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MILLISECONDS,
      application_name: parameters.application_name ?? "lanelock",
      ...(parameters.options === undefined ? {} : { options: parameters.options }),
      ...(parameters.sslnegotiation === "direct" ? { sslnegotiation: "direct" } : {}),
    },
    Client: cleartext ? pg.Client : ClientWithoutCleartext,
  };
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch (cause) {
    const message = "The url of sqlStore has no user, and the system does not know this process's: add the user.";
    throw new LanelockError("ERR_ARGUMENT", message, { cause });
  }
}

/** Closes the connection if the server asks for the password in clear text, which SCRAM and MD5 do not. */
class ClientWithoutCleartext extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    // Runs before the driver's own listener, which does not write to a destroyed stream.
    this.connection.prependListener("authenticationCleartextPassword", () => {
      const remedy =
        "Use SCRAM on the server (password_encryption), sslmode=verify-full, or say sslmode=disable on a network you trust.";
      const message = `The PostgreSQL server asks for the password in clear text, over a connection that is not verified. ${remedy}`;
      this.connection.stream.destroy(new LanelockError("ERR_STORE", message));
    });
  }
}
