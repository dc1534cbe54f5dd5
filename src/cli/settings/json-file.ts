import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { LanelockError } from "../../errors.ts";
import { unknownName } from "../../shared/known-names.ts";
import { fileError, systemError } from "../files/file-error.ts";

/** No configuration is longer; more is the wrong file. */
const MAX_BYTES = 65_536;

export interface Configuration {
  readonly path: string;
  /** For messages: `configuration file`. */
  readonly what: string;
  readonly known: readonly string[];
}

/**
 * Reads an object from a JSON file. The file may name a library to load and a root key to use, so it must belong to this user or to
 * root, and nobody else may write to it; that is checked on the open file.
 *
 * @returns its members, each with a known name, and whether others may read the file
 * @throws LanelockError `ERR_STORE` for a file that cannot be read, `ERR_ARGUMENT` for what is wrong in it
 */
export function readConfiguration({ path, what, known }: Configuration): {
  readonly members: ReadonlyMap<string, unknown>;
  readonly isPrivate: boolean;
} {
  const { text, mode } = readTrusted(path, what);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new LanelockError("ERR_ARGUMENT", `The ${what} ${path} is not JSON: ${said}`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new LanelockError("ERR_ARGUMENT", `The ${what} ${path} must hold a JSON object: { "${known[0]}": … }`);
  }
  const members = new Map(Object.entries(value));
  for (const name of members.keys()) {
    if (!known.includes(name)) {
      throw new LanelockError("ERR_ARGUMENT", unknownName(name, known, `The ${what} ${path}`));
    }
  }
  return { members, isPrivate: (mode & 0o077) === 0 };
}

function readTrusted(path: string, what: string): { readonly text: string; readonly mode: number } {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    const info = fstatSync(file);
    if (info.isDirectory()) throw systemError("EISDIR");
    const user = process.geteuid?.() ?? info.uid;
    if (info.uid !== user && info.uid !== 0) {
      throw new LanelockError("ERR_ARGUMENT", `The ${what} ${path} belongs to another user. Make one of your own.`);
    }
    if ((info.mode & 0o022) !== 0 && process.platform !== "win32") {
      throw new LanelockError("ERR_ARGUMENT", `Others may write to the ${what} ${path}. Run: chmod go-w ${path}`);
    }
    if (info.size > MAX_BYTES) {
      throw new LanelockError("ERR_ARGUMENT", `The ${what} ${path} has ${info.size} bytes. Check the path.`);
    }
    return { text: readFileSync(file, "utf8"), mode: info.mode };
  } catch (error) {
    throw fileError(error, { verb: "read", name: `the ${what} ${path}` });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** A text member of a configuration. @throws LanelockError `ERR_ARGUMENT` */
export function requireText(value: unknown, name: string, place: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new LanelockError("ERR_ARGUMENT", `${place}: "${name}" must be a text that is not empty.`);
}
