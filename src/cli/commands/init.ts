import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Command } from "commander";
import { Kms } from "../../kms/index.ts";
import { UsageError } from "../report/failures.ts";
import { fields, print, toJson } from "../report/report.ts";
import { connectionOf, kmsOptions, rootKeyFile } from "../settings/connection.ts";

export function addInit(program: Command): void {
  program
    .command("init")
    .description("make a root key and an empty store")
    .action(async (_options: object, command: Command) => {
      const connection = connectionOf(command);
      const file = rootKeyFile(connection);
      mkdirSync(connection.home, { recursive: true, mode: 0o700 });
      if (connection.rootKeyEnv === undefined) makeRootKey(file);
      const options = kmsOptions(connection);
      await (await Kms.open(options)).close();
      const made = { store: options.store.name, rootKey: connection.rootKeyEnv ?? file };
      print(
        connection.json ? toJson(made) : `${fields(made)}\n\nKeep the root key safe: without it the store is lost.`,
      );
    });
}

/** 32 random bytes in base64, readable by nobody else from the first moment. */
function makeRootKey(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const key = crypto.getRandomValues(new Uint8Array(32));
  try {
    writeFileSync(file, `${Buffer.from(key).toString("base64")}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") {
      throw new UsageError(`${file} is there already; a new root key would make its store unreadable.`);
    }
    throw error;
  } finally {
    key.fill(0);
  }
}
