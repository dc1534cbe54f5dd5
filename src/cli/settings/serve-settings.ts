import { isAbsolute, resolve } from "node:path";
import { type Command, Option } from "commander";
import { LanelockError } from "../../errors.ts";
import { unknownName } from "../../shared/known-names.ts";
import { UsageError } from "../report/failures.ts";
import { flagName } from "./settings.ts";

type Kind = "text" | "path" | "number" | "flag";

interface ServeSetting {
  readonly kind: Kind;
  /** What follows `--name` in the help; flags have nothing. */
  readonly value?: string;
  readonly description: string;
}

/**
 * Every setting of `lanelock serve`. Its name in the member "serve" of a configuration file gives the others: `privateKey` is
 * `--private-key` and LANELOCK_SERVE_PRIVATE_KEY. The command line wins over the environment, and that over the file.
 */
export const SERVE_SETTINGS = {
  host: { kind: "text", value: "address", description: "where to listen (default: 127.0.0.1)" },
  port: { kind: "number", value: "number", description: "the port, 0 for any (default: 8765)" },
  socket: { kind: "path", value: "file", description: "listen on a Unix socket instead" },
  certificate: { kind: "path", value: "file", description: "serve over TLS: the certificate, PEM" },
  privateKey: { kind: "path", value: "file", description: "its private key, PEM" },
  insecure: { kind: "flag", description: "allow an address of the network without TLS" },
  allowedOrigins: {
    kind: "text",
    value: "origins",
    description: "web pages that may call, like https://app.example; commas between several (default: none)",
  },
  rateLimit: {
    kind: "number",
    value: "number",
    description: "requests a second of each access key (default: no limit)",
  },
  rateBurst: { kind: "number", value: "number", description: "requests at once after a pause (default: the limit)" },
  maxConnections: { kind: "number", value: "number", description: "connections at most (default: 10000)" },
  requestTimeout: { kind: "number", value: "milliseconds", description: "for a request to arrive (default: 10000)" },
  maxNonces: { kind: "number", value: "number", description: "nonces remembered against replay (default: 4000000)" },
  logLevel: {
    kind: "text",
    value: "level",
    description: "of the log on standard error: info, warn or silent (default: info)",
  },
  wide: {
    kind: "flag",
    description: "experimental: let V8 pack the engine's vector operations, where it can (docs/runtimes.md)",
  },
  metrics: { kind: "flag", description: "answer /metrics for Prometheus" },
  console: { kind: "flag", description: "serve a read-only page for browsers on this machine, and print a link to it" },
  consolePort: { kind: "number", value: "number", description: "its port on 127.0.0.1, 0 for any (default: 8766)" },
  seed: { kind: "path", value: "file", description: "keys and access keys to make, in JSON; needs --allow-seeding" },
  allowSeeding: { kind: "flag", description: "allow keys of given material" },
  clockSocket: { kind: "path", value: "file", description: "the Unix socket of --allow-clock-control" },
  allowClockControl: {
    kind: "flag",
    description: "let local programs advance the clock, for tests; needs --clock-socket",
  },
} as const satisfies Readonly<Record<string, ServeSetting>>;

export type ServeSettingName = keyof typeof SERVE_SETTINGS;

type ValueOf<K extends Kind> = K extends "number" ? number : K extends "flag" ? boolean : string;

export type ServeValues = {
  readonly [Name in ServeSettingName]?: ValueOf<(typeof SERVE_SETTINGS)[Name]["kind"]> | undefined;
};

const NAMES = Object.keys(SERVE_SETTINGS) as ServeSettingName[];

/** The setting's variable: `LANELOCK_SERVE_PORT`. */
export function serveVariable(name: string): string {
  return `LANELOCK_SERVE_${name.replace(/[A-Z]/g, "_$&").toUpperCase()}`;
}

export const SERVE_VARIABLES: readonly string[] = NAMES.map(serveVariable);

export function addServeSettings(command: Command): Command {
  for (const name of NAMES) {
    const { value, description }: ServeSetting = SERVE_SETTINGS[name];
    command.addOption(new Option(value === undefined ? flagName(name) : `${flagName(name)} <${value}>`, description));
  }
  return command;
}

/**
 * The settings of the server: from the command line, the environment and the configuration file, in this order.
 *
 * @param file the member "serve" of the configuration file, and the folder that its paths are relative to
 * @throws UsageError, LanelockError `ERR_ARGUMENT` that names what is wrong and where
 */
export function serveSettings(
  options: Readonly<Record<string, unknown>>,
  file: { readonly serve: unknown; readonly folder: string },
): ServeValues {
  const found: Record<string, string | number | boolean> = {};
  const members = membersOf(file.serve);
  for (const name of NAMES) {
    const variable = serveVariable(name);
    const layers = [
      [options[name], flagName(name)],
      [process.env[variable], variable],
      [members.get(name), `"serve": "${name}" of the configuration file`],
    ] as const;
    const [value, place] = layers.find(([given]) => given !== undefined && given !== null) ?? [];
    if (value === undefined || place === undefined) continue;
    const read = readValue(SERVE_SETTINGS[name].kind, value, place);
    const isRelative = SERVE_SETTINGS[name].kind === "path" && place.startsWith('"') && !isAbsolute(String(read));
    found[name] = isRelative ? resolve(file.folder, String(read)) : read;
  }
  return found;
}

function membersOf(serve: unknown): ReadonlyMap<string, unknown> {
  if (serve === undefined) return new Map();
  if (typeof serve !== "object" || serve === null || Array.isArray(serve)) {
    throw new LanelockError("ERR_ARGUMENT", 'The member "serve" of the configuration file must be a JSON object.');
  }
  const members = new Map(Object.entries(serve));
  for (const name of members.keys()) {
    if (!Object.hasOwn(SERVE_SETTINGS, name)) {
      throw new LanelockError("ERR_ARGUMENT", unknownName(name, NAMES, 'The member "serve" of the configuration file'));
    }
  }
  return members;
}

function readValue(kind: Kind, value: unknown, place: string): string | number | boolean {
  switch (kind) {
    case "number":
      if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
      if (typeof value === "string" && /^\d{1,10}$/.test(value)) return Number(value);
      throw new UsageError(`${place} must be a whole number.`);
    case "flag":
      if (value === true || value === "true" || value === "1") return true;
      if (value === false || value === "false" || value === "0") return false;
      throw new UsageError(`${place} must be true or false.`);
    default:
      if (typeof value === "string" && value !== "") return value;
      throw new UsageError(`${place} must be a text that is not empty.`);
  }
}
