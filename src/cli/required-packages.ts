import type { Command } from "commander";
import { LanelockError } from "../errors.ts";
import { isPostgres, settingsOf } from "./settings/read-settings.ts";

/** Commands that need no package at all. */
const WITHOUT_ANY: readonly string[] = ["inspect", "completion"];
/** Commands that open no store. */
const WITHOUT_STORE: readonly string[] = [...WITHOUT_ANY, "hsm probe", "external-proxy"];

interface PackageOptions {
  /** A server has the store then. */
  readonly endpoint?: unknown;
  readonly store?: unknown;
  readonly storeFile?: unknown;
  /** A PKCS#11 library: of the commands about tokens, and of a KMS with HSM keys. */
  readonly module?: unknown;
  readonly pkcs11Module?: unknown;
}

/** The optional packages that a command needs with the options it was given. */
export function packagesFor(command: string, options: PackageOptions): string[] {
  const { endpoint, store, storeFile, module, pkcs11Module } = options;
  if (endpoint !== undefined) return [];
  const token = module === undefined && pkcs11Module === undefined ? [] : ["pkcs11js"];
  if (WITHOUT_STORE.includes(command)) return token;
  const server = command === "serve" ? ["fastify", "pino", "prom-client"] : [];
  const postgres = storeFile !== undefined || (typeof store === "string" && isPostgres(store));
  return ["kysely", postgres ? "pg" : "libsql", ...token, ...server];
}

/**
 * Looks for all packages that a command needs before the command does anything: one that stops half-way for want of a package
 * would leave its work half done, and name the next missing package only when it is run again.
 *
 * @throws LanelockError `ERR_DEPENDENCY` that names every package that is missing
 */
export function requirePackages(command: Command): void {
  const name = nameOf(command);
  if (WITHOUT_ANY.includes(name)) return;
  const missing = packagesFor(name, { ...command.opts(), ...settingsOf(command) }).filter((one) => !isInstalled(one));
  if (missing.length === 0) return;
  const packages = missing.length === 1 ? "a package that is not installed" : "packages that are not installed";
  const all = missing.includes("pkcs11js")
    ? ""
    : " (or npm install lanelock-cli, which brings all that the stores need)";
  throw new LanelockError("ERR_DEPENDENCY", `${name} needs ${packages}: npm install ${missing.join(" ")}${all}`);
}

/** The words of the command, without the program's own name. */
function nameOf(command: Command): string {
  const above = command.parent;
  return above?.parent ? `${nameOf(above)} ${command.name()}` : command.name();
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}
