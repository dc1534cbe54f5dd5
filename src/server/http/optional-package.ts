import { LanelockError } from "../../errors.ts";

/**
 * Loads a package that only the server needs.
 *
 * @throws LanelockError `ERR_DEPENDENCY` that names the package to install
 */
export async function optionalPackage<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const advice = "The server needs the packages fastify, pino and prom-client: npm install fastify pino prom-client";
    throw new LanelockError("ERR_DEPENDENCY", `The package ${name} cannot be loaded. ${advice}`, { cause });
  }
}
