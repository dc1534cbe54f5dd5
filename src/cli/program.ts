import { readFileSync } from "node:fs";
import { type Argument, Command, type CommanderError } from "commander";
import { nearestName } from "../shared/nearest-name.ts";
import { addAccessKeys } from "./commands/access-keys.ts";
import { addAlias } from "./commands/alias.ts";
import { addAsymDecrypt } from "./commands/asym-decrypt.ts";
import { addAsymEncrypt } from "./commands/asym-encrypt.ts";
import { addAudit } from "./commands/audit.ts";
import { addCompletion } from "./commands/completion.ts";
import { addDataKey } from "./commands/data-key.ts";
import { addDecrypt } from "./commands/decrypt.ts";
import { addEncrypt } from "./commands/encrypt.ts";
import { addExternalProxy } from "./commands/external-proxy.ts";
import { addHsm } from "./commands/hsm.ts";
import { addInit } from "./commands/init.ts";
import { addInspect } from "./commands/inspect.ts";
import { addKeys } from "./commands/keys.ts";
import { addOpen } from "./commands/open.ts";
import { addPolicy } from "./commands/policy.ts";
import { addPublicKey } from "./commands/public-key.ts";
import { addReEncrypt } from "./commands/re-encrypt.ts";
import { addRewrap } from "./commands/rewrap.ts";
import { addRewrapStore } from "./commands/rewrap-store.ts";
import { addSeal } from "./commands/seal.ts";
import { addServe } from "./commands/serve.ts";
import { addSign } from "./commands/sign.ts";
import { addSweep } from "./commands/sweep.ts";
import { addVerify } from "./commands/verify.ts";
import { UsageError } from "./report/failures.ts";
import { requirePackages } from "./required-packages.ts";
import { addSettings } from "./settings/settings.ts";

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
  addServe,
  addAccessKeys,
  addPolicy,
  addExternalProxy,
  addCompletion,
];

const AFTER_HELP = `
Start with:
  lanelock init
  lanelock keys create --alias alias/orders
  echo hello | lanelock encrypt --key alias/orders --context tenant=42 --out hello.sealed
  lanelock decrypt --in hello.sealed --context tenant=42
Files of any size, and part of one:
  lanelock seal --key alias/orders --context tenant=42 --in orders.db --out orders.sealed
  lanelock open --context tenant=42 --in orders.sealed --range 4096:100 --out part

The options above, from --home to --external-config, can also be set in the environment (LANELOCK_PIN_FILE for
--pin-file) or in a configuration file ("pinFile"). The command line wins, then the environment.
Exit status: 0 done, 1 refused or failed, 2 not understood.`;

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "";
}

/** The commands and options, without running any. */
export function lanelockProgram(): Command {
  const program = new Command("lanelock")
    .description("A key management service in a file: keys with versions, rotation and encryption contexts.")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .addHelpText("after", AFTER_HELP);
  program.enablePositionalOptions();
  for (const add of COMMANDS) add(program);
  for (const command of [program, ...allCommands(program)]) {
    addSettings(command);
    if (command !== program) command.addHelpText("after", "\nOptions of every command: lanelock --help");
    command
      .configureHelp({ subcommandTerm: (one) => [one.name(), ...one.registeredArguments.map(argumentTerm)].join(" ") })
      .helpOption("-h, --help", "show help")
      .configureOutput({ outputError: () => {}, writeErr: () => {} })
      .exitOverride((error) => {
        throw asUsageError(command, error);
      });
  }
  program.hook("preAction", (_program, command) => requirePackages(command));
  return program;
}

/** Runs the command that `args` name. @throws UsageError for what it does not understand, and what the command throws */
export async function runProgram(args: readonly string[]): Promise<void> {
  const program = lanelockProgram();
  if (args.length === 0) {
    program.outputHelp();
    process.exitCode = 2;
    return;
  }
  await program.parseAsync(args, { from: "user" });
}

/** One line that says what was not understood, and where to read on, instead of commander's own report. */
function asUsageError(command: Command, error: CommanderError): Error {
  if (error.exitCode === 0) return error;
  const names = [command.name()];
  for (let above = command.parent; above; above = above.parent) names.unshift(above.name());
  const path = names.join(" ");
  if (error.code === "commander.help") {
    const choices = command.commands.map((one) => one.name()).join(", ");
    return new UsageError(`"${path}" needs a command: ${choices}. See: ${path} --help`);
  }
  const said = error.message
    .replace(/^error: /, "")
    .replace(/\s*\n.*/s, "")
    .replace(/\.$/, "");
  return new UsageError(`${said}.${suggestion(command, error)} See: ${path} --help`);
}

/** Commander's own suggestions leave out options that a command's help does not show. */
function suggestion(command: Command, { code, message }: CommanderError): string {
  const name = /'([^']+)'/.exec(message)?.[1] ?? "";
  const known =
    code === "commander.unknownOption"
      ? command.options.flatMap(({ long }) => long ?? [])
      : code === "commander.unknownCommand"
        ? command.commands.map((one) => one.name())
        : [];
  const nearest = nearestName(name, known);
  return nearest === undefined ? "" : ` Did you mean ${nearest}?`;
}

function argumentTerm(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

export function allCommands(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...allCommands(child)]);
}
