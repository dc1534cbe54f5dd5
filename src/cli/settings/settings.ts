import { homedir } from "node:os";
import { join } from "node:path";
import { type Command, Option } from "commander";

/** The store, root key, providers and caller that a command uses. */
export interface Settings {
  readonly home: string;
  readonly endpoint?: string | undefined;
  readonly store?: string | undefined;
  readonly storeFile?: string | undefined;
  readonly rootKey?: string | undefined;
  readonly rootKeyEnv?: string | undefined;
  readonly audit?: string | false | undefined;
  readonly anchor?: string | undefined;
  readonly caller?: string | undefined;
  readonly pkcs11Module?: string | undefined;
  readonly token?: string | undefined;
  readonly tokenSerial?: string | undefined;
  readonly pinFile?: string | undefined;
  readonly libraryParameters?: string | undefined;
  readonly externalConfig?: string | undefined;
}

export type SettingName = keyof Settings;

interface Setting {
  /** What follows `--name` in the help. */
  readonly value: string;
  readonly description: string;
  /** In a configuration file, a path is relative to the file's folder. */
  readonly isPath: boolean;
}

/**
 * Every setting. Its name in a configuration file gives the others: `pinFile` is `--pin-file` and LANELOCK_PIN_FILE. The command line
 * wins over the environment, and that over the file.
 */
export const SETTINGS: Readonly<Record<SettingName, Setting>> = {
  home: {
    value: "directory",
    description: "the folder of keys.db, root.key and lanelock.json (default: ~/.lanelock)",
    isPath: true,
  },
  endpoint: {
    value: "url",
    description: "ask a server instead of opening a store: lanelock's, or Alibaba Cloud KMS",
    isPath: false,
  },
  store: { value: "file or url", description: "another database: a file, or postgres://…", isPath: true },
  storeFile: { value: "file", description: "a file of mode 0600 with the URL of the database", isPath: true },
  rootKey: { value: "file", description: "another root key file", isPath: true },
  rootKeyEnv: {
    value: "name",
    description: "the environment variable that holds the root key, in base64 or hex",
    isPath: false,
  },
  audit: { value: "file", description: "the audit log (default: next to a database file)", isPath: true },
  anchor: {
    value: "file",
    description: "on another disk: records the store's latest state, so that an older one is refused",
    isPath: true,
  },
  caller: { value: "name", description: "who is asking, for the audit log", isPath: false },
  pkcs11Module: { value: "file", description: "the PKCS#11 library of a token, for HSM keys", isPath: true },
  token: { value: "label", description: "the token's label", isPath: false },
  tokenSerial: { value: "serial", description: "the token's serial number, where labels repeat", isPath: false },
  pinFile: { value: "file", description: "the token's user PIN, in a file of mode 0600", isPath: true },
  libraryParameters: {
    value: "text",
    description: "what the PKCS#11 library takes when it is initialized (NSS)",
    isPath: false,
  },
  externalConfig: {
    value: "file",
    description: "how to reach the key manager of EXTERNAL keys, in JSON",
    isPath: true,
  },
};

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** Of each group at most one setting may be given in one place. */
export const ALTERNATIVES: readonly (readonly SettingName[])[] = [
  ["store", "storeFile"],
  ["endpoint", "store", "storeFile"],
  ["rootKey", "rootKeyEnv"],
  ["token", "tokenSerial"],
];

/** `pinFile` → `LANELOCK_PIN_FILE` */
export function environmentName(name: string): string {
  return `LANELOCK_${name.replace(/[A-Z]/g, "_$&").toUpperCase()}`;
}

/** `pinFile` → `--pin-file` */
export function flagName(name: string): string {
  return `--${name.replace(/[A-Z]/g, "-$&").toLowerCase()}`;
}

export const DEFAULT_HOME = join(homedir(), ".lanelock");

/** Options that are settings: a command may have one of its own by the same name. */
const settingOptions = new WeakSet<Option>();

/**
 * Adds the options of every command: to the program, in its help, and to each of its commands, so that they may stand behind its name.
 * An option that a command has already keeps its meaning there.
 */
export function addSettings(command: Command): void {
  for (const option of settingsAsOptions()) {
    if (command.options.some(({ long }) => long === option.long)) continue;
    settingOptions.add(option);
    command.addOption(command.parent === null ? option : option.hideHelp());
  }
}

function settingsAsOptions(): Option[] {
  const settings = SETTING_NAMES.flatMap((name) => {
    const { value, description } = SETTINGS[name];
    const option = new Option(`${flagName(name)} <${value}>`, description);
    return name === "audit" ? [option, new Option("--no-audit", "write no audit log")] : [option];
  });
  return [
    ...settings,
    new Option("--config <file>", "settings in JSON (default: lanelock.json in --home)"),
    new Option("--json", "print answers and errors as JSON"),
  ];
}

/** The value of a setting on the command line, before or after the command's name. */
export function givenOption(command: Command, name: string): unknown {
  for (let at: Command | null = command; at !== null; at = at.parent) {
    const isSetting = at.options.some((option) => option.attributeName() === name && settingOptions.has(option));
    if (isSetting && at.getOptionValueSource(name) === "cli") return at.getOptionValue(name);
  }
  return undefined;
}
