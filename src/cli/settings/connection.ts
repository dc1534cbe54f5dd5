import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { Kms, type KmsOptions, type RootKey } from "../../kms/index.ts";
import { sqlStore } from "../../stores/index.ts";
import { UsageError } from "../report/failures.ts";

/** Where the store and its root key are, as the options every command has say it. */
export interface Connection {
  readonly home: string;
  readonly store?: string;
  readonly rootKey?: string;
  readonly rootKeyEnv?: string;
  readonly audit?: string | false;
  readonly caller?: string;
  readonly json?: boolean;
}

export function addConnectionOptions(program: Command): void {
  const home = new Option("--home <directory>", "where keys.db and root.key are").env("LANELOCK_HOME");
  program
    .addOption(home.default(join(homedir(), ".lanelock"), "~/.lanelock"))
    .addOption(new Option("--store <file or url>", "another database: a file, or postgres://…").env("LANELOCK_STORE"))
    .addOption(new Option("--root-key <file>", "another root key file").env("LANELOCK_ROOT_KEY"))
    .option("--root-key-env <name>", "the environment variable that holds the root key, in base64 or hex")
    .option("--audit <file>", "the audit log (default: next to a database file)")
    .option("--no-audit", "write no audit log")
    .addOption(new Option("--caller <name>", "who is asking, for the audit log").env("LANELOCK_CALLER"))
    .option("--json", "print JSON");
}

export function connectionOf(command: Command): Connection {
  return command.optsWithGlobals<Connection>();
}

export function rootKeyFile({ home, rootKey }: Connection): string {
  return rootKey ?? join(home, "root.key");
}

export function storeOf({ home, store }: Connection) {
  if (store !== undefined && /^postgres(ql)?:\/\//.test(store)) return sqlStore({ url: store });
  return sqlStore({ path: store ?? join(home, "keys.db") });
}

function rootKeyOf(connection: Connection): RootKey {
  const { rootKeyEnv } = connection;
  return rootKeyEnv === undefined ? { file: rootKeyFile(connection) } : { env: rootKeyEnv };
}

export function kmsOptions(connection: Connection): KmsOptions {
  const { audit } = connection;
  return {
    store: storeOf(connection),
    rootKey: rootKeyOf(connection),
    sweepSeconds: false,
    // commander says `true` where --no-audit was not given.
    audit: audit === false || typeof audit === "string" ? audit : undefined,
  };
}

/** Before anything is created where nothing should be. */
function requireInitialised(connection: Connection): void {
  const file = rootKeyFile(connection);
  if (connection.rootKeyEnv !== undefined || existsSync(file)) return;
  throw new UsageError(`There is no root key at ${file}. Make one, with a store, by: lanelock init`);
}

/**
 * Opens the KMS a command was pointed at, does `work` with it, and closes it, whatever happens.
 *
 * @param options what differs from what the command line says
 */
export async function withKms<T>(
  command: Command,
  work: (kms: Kms, connection: Connection) => Promise<T>,
  options: Partial<KmsOptions> = {},
): Promise<T> {
  const connection = connectionOf(command);
  requireInitialised(connection);
  const kms = await Kms.open({ ...kmsOptions(connection), ...options });
  try {
    return await work(connection.caller === undefined ? kms.as("cli") : kms.as(connection.caller), connection);
  } finally {
    await kms.close();
  }
}
