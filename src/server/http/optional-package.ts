import { LanelockError } from "../../errors.ts";

const NEEDED_BY = {
  fastify: "The server needs it",
  "prom-client": "The server's metrics need it",
} as const;

/**
 * Loads a package that only the server needs.
 *
 * @throws LanelockError `ERR_DEPENDENCY` that names the package to install
 */
export async function optionalPackage<T>(name: keyof typeof NEEDED_BY, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const message = `The package ${name} cannot be loaded. ${NEEDED_BY[name]}: npm install ${name}`;
    throw new LanelockError("ERR_DEPENDENCY", message, { cause });
  }
}
