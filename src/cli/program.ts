import { readFileSync } from "node:fs";
import { Command } from "commander";
import { addAlias } from "./commands/alias.ts";
import { addAsymDecrypt } from "./commands/asym-decrypt.ts";
import { addAsymEncrypt } from "./commands/asym-encrypt.ts";
import { addAudit } from "./commands/audit.ts";
import { addDataKey } from "./commands/data-key.ts";
import { addDecrypt } from "./commands/decrypt.ts";
import { addEncrypt } from "./commands/encrypt.ts";
import { addExternalProxy } from "./commands/external-proxy.ts";
import { addHsm } from "./commands/hsm.ts";
import { addInit } from "./commands/init.ts";
import { addInspect } from "./commands/inspect.ts";
import { addKeys } from "./commands/keys.ts";
import { addOpen } from "./commands/open.ts";
import { addPublicKey } from "./commands/public-key.ts";
import { addReEncrypt } from "./commands/re-encrypt.ts";
import { addRewrap } from "./commands/rewrap.ts";
import { addRewrapStore } from "./commands/rewrap-store.ts";
import { addSeal } from "./commands/seal.ts";
import { addSign } from "./commands/sign.ts";
import { addSweep } from "./commands/sweep.ts";
import { addVerify } from "./commands/verify.ts";
import { requirePackages } from "./required-packages.ts";
import { addConnectionOptions } from "./settings/connection.ts";

/** Every command, in the order `lanelock --help` shows them. One file each. */
const COMMANDS = [
  addInit,
  addKeys,
  addAlias,
  addEncrypt,
  addDecrypt,
  addReEncrypt,
  addDataKey,
  addSign,
  addVerify,
  addAsymEncrypt,
  addAsymDecrypt,
  addPublicKey,
  addSeal,
  addOpen,
  addInspect,
  addRewrap,
  addAudit,
  addSweep,
  addRewrapStore,
  addHsm,
  addExternalProxy,
];

const AFTER_HELP = `
The store and its root key are looked for in --home. Start with:
  lanelock init
  lanelock keys create --alias alias/orders
  echo hello | lanelock encrypt --key alias/orders --context tenant=42 --out hello.sealed
  lanelock decrypt --in hello.sealed --context tenant=42
Files of any size, and part of one:
  lanelock seal --key alias/orders --context tenant=42 --in orders.db --out orders.sealed
  lanelock open --context tenant=42 --in orders.sealed --range 4096:100 --out part

Exit status: 0 done, 1 refused or failed, 2 not understood.`;

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "";
}

export async function runProgram(args: readonly string[]): Promise<void> {
  const program = new Command("lanelock")
    .description("A key management service in a file: keys with versions, rotation and encryption contexts.")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .showHelpAfterError("(lanelock --help says more)")
    .exitOverride()
    .addHelpText("after", AFTER_HELP);
  addConnectionOptions(program);
  for (const add of COMMANDS) add(program);
  for (const command of allCommands(program)) command.exitOverride().helpOption("-h, --help", "show help");
  program.hook("preAction", (_program, command) => requirePackages(command));
  await program.parseAsync(args, { from: "user" });
}

function allCommands(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...allCommands(child)]);
}
