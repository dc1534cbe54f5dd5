import { LanelockError } from "../../errors.ts";

/**
 * The file path that a caller gave: a plain path, or a `file:` URL as SQLite's programs accept it.
 *
 * @throws LanelockError `ERR_ARGUMENT` for memory, for other URLs and for parameters
 */
export function databasePath(named: string): string {
  if (named === "" || /^(file:(\/\/)?)?:memory:/.test(named) || /[?&]mode=memory\b/.test(named)) {
    throw new LanelockError("ERR_ARGUMENT", "A SQLite store is a file. For a store in memory use memoryStore().");
  }
  if (named.includes("\0")) throw new LanelockError("ERR_ARGUMENT", "The path of sqlStore holds a zero character.");
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(named) && !/^file:/i.test(named)) {
    const hint = "{ path } is a file; for a PostgreSQL database pass { url }.";
    throw new LanelockError("ERR_ARGUMENT", `The path of sqlStore is a URL. ${hint}`);
  }
  const local = /^file:(?:\/\/(?:localhost)?(?=\/)|(?!\/\/))([^?#]+)$/i.exec(named)?.[1];
  if (local !== undefined) return decoded(local);
  if (/^file:/i.test(named)) {
    throw new LanelockError("ERR_ARGUMENT", "A file: path of sqlStore takes no host, parameters or fragment.");
  }
  return named;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw new LanelockError("ERR_ARGUMENT", "The file: path of sqlStore is not percent-encoded properly.", { cause });
  }
}
