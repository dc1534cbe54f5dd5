import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import { LanelockError } from "../../errors.ts";
import { nearestName } from "../../shared/nearest-name.ts";
import { UsageError } from "../report/failures.ts";
import { readConfiguration, requireText } from "./json-file.ts";
import { SERVE_VARIABLES } from "./serve-settings.ts";
import {
  ALTERNATIVES,
  DEFAULT_HOME,
  environmentName,
  flagName,
  givenOption,
  SETTING_NAMES,
  SETTINGS,
  type SettingName,
  type Settings,
} from "./settings.ts";

type Values = Partial<Record<SettingName, string | false>>;

const CONFIGURATION = "configuration file";

/** Whether a command prints JSON. */
export function printsJson(command: Command): boolean {
  return givenOption(command, "json") === true;
}

/**
 * The settings of a command: from the command line, the environment and the configuration file, in this order.
 *
 * @throws UsageError for two settings that contradict each other, `ERR_ARGUMENT` for a mistake in the environment or the file
 */
export function settingsOf(command: Command): Settings {
  const [flags, environment] = [fromCommandLine(command), fromEnvironment()];
  checkEnvironment(flags.rootKeyEnv ?? environment.rootKeyEnv);
  const taken: Values = {};
  take(taken, flags, "The command line");
  // Who names a folder means the store in it, not a server that a shell was set up for.
  if (flags.home !== undefined) delete environment.endpoint;
  take(taken, environment, "The environment");
  const file = fileOf(givenOption(command, "config"), taken.home || DEFAULT_HOME);
  take(taken, file === undefined ? {} : readSettings(file), `The ${CONFIGURATION}`);
  const { home, audit, ...texts } = taken;
  return { ...withoutFalse(texts), audit, home: home || DEFAULT_HOME };
}

function withoutFalse(values: Values): Partial<Record<SettingName, string>> {
  const texts: Partial<Record<SettingName, string>> = {};
  for (const name of SETTING_NAMES) {
    const value = values[name];
    if (typeof value === "string") texts[name] = value;
  }
  return texts;
}

function fromCommandLine(command: Command): Values {
  return valuesOf((name) => [givenOption(command, name), flagName(name)]);
}

function fromEnvironment(): Values {
  return valuesOf((name) => [process.env[environmentName(name)], environmentName(name)]);
}

/** @param read the value of a setting, and its name in that layer */
function valuesOf(read: (name: SettingName) => readonly [value: unknown, called: string]): Values {
  const values: Values = {};
  for (const name of SETTING_NAMES) {
    const [value, called] = read(name);
    if (value === "") throw new UsageError(`${called} is empty. Give it a value, or leave it out.`);
    if (typeof value === "string" || (name === "audit" && value === false)) values[name] = value;
  }
  return values;
}

/** Adds a layer's values for settings that no earlier layer has. */
function take(taken: Values, layer: Values, place: string): void {
  const decided = new Set<SettingName>(SETTING_NAMES.filter((name) => taken[name] !== undefined));
  for (const group of ALTERNATIVES) {
    const [first, second] = group.filter((name) => layer[name] !== undefined);
    if (first !== undefined && second !== undefined) {
      throw new UsageError(`${place} gives ${first} and ${second}. Give one of them.`);
    }
    if (group.some((name) => decided.has(name))) for (const name of group) decided.add(name);
  }
  for (const name of SETTING_NAMES) {
    const value = layer[name];
    if (value !== undefined && !decided.has(name)) taken[name] = value;
  }
}

/** A misspelt variable would silently be ignored. Names that are not close to one of ours belong to other programs. */
function checkEnvironment(rootKeyEnv: string | false | undefined): void {
  const known = [...SETTING_NAMES.map(environmentName), "LANELOCK_CONFIG", ...SERVE_VARIABLES];
  const bare = (name: string) => name.slice("LANELOCK_".length);
  for (const name of Object.keys(process.env)) {
    if (!name.startsWith("LANELOCK_") || known.includes(name) || name === rootKeyEnv) continue;
    const nearest = nearestName(bare(name), known.map(bare));
    if (nearest === undefined) continue;
    const meant = `did you mean LANELOCK_${nearest}?`;
    throw new LanelockError("ERR_ARGUMENT", `The environment has ${name}, which lanelock does not know: ${meant}`);
  }
}

/** @param given the value on the command line; the environment comes next, then the file of that name in the home folder */
function fileOf(given: unknown, home: string): string | undefined {
  const named = given ?? process.env.LANELOCK_CONFIG;
  if (typeof named === "string") return named;
  const standard = join(home, "lanelock.json");
  return existsSync(standard) ? standard : undefined;
}

/** The server's settings in the configuration file, and the folder that its paths are relative to. */
export function configurationOf(command: Command): { readonly serve: unknown; readonly folder: string } {
  const path = fileOf(givenOption(command, "config"), settingsOf(command).home);
  if (path === undefined) return { serve: undefined, folder: "." };
  const { members } = readConfiguration({ path, what: CONFIGURATION, known: FILE_NAMES });
  return { serve: members.get("serve"), folder: dirname(path) };
}

/** A configuration file has the settings of every command, and those of `lanelock serve` in a member of their own. */
const FILE_NAMES = [...SETTING_NAMES, "serve"];

/** @throws LanelockError `ERR_STORE` for a file that cannot be read, `ERR_ARGUMENT` for a mistake in it */
function readSettings(path: string): Values {
  const { members, isPrivate } = readConfiguration({ path, what: CONFIGURATION, known: FILE_NAMES });
  const place = `The ${CONFIGURATION} ${path}`;
  const values: Values = {};
  for (const name of SETTING_NAMES) {
    const value = members.get(name);
    if (value === undefined || value === null) continue;
    if (name === "audit" && value === false) {
      values.audit = false;
      continue;
    }
    const text = requireText(value, name, place);
    const isUrl = name === "store" && isPostgres(text);
    values[name] = SETTINGS[name].isPath && !isUrl ? resolve(dirname(path), text) : text;
    if (isUrl && hasPassword(text) && !isPrivate) {
      throw new LanelockError("ERR_ARGUMENT", `${place} holds a password that others may read. Run: chmod 600 ${path}`);
    }
  }
  return values;
}

export function isPostgres(store: string): boolean {
  return /^postgres(ql)?:/i.test(store);
}

/** Whether a PostgreSQL URL holds a password: between user and host, or among its parameters. */
export function hasPassword(url: string): boolean {
  return /^[a-z]+:\/\/[^/?@]*:[^/?]*@/i.test(url) || /[?&]password=/i.test(url);
}

/** Refuses a password that every process of the machine sees in the process list. @throws UsageError */
export function refuseVisiblePassword(command: Command): void {
  const store = givenOption(command, "store");
  if (typeof store !== "string" || !isPostgres(store) || !hasPassword(store)) return;
  throw new UsageError(
    "The password in --store is visible to every process on this machine. Change it, and give it in PGPASSWORD, in PGPASSFILE, or in a URL in --store-file or LANELOCK_STORE.",
  );
}
