import { expect, test } from "vitest";
import { optionalPackage } from "../../src/server/http/optional-package.ts";

const absent = () => import(String("a-package-that-nobody-has"));

test.each([
  ["fastify", "The package fastify cannot be loaded. The server needs it: npm install fastify"],
  ["prom-client", "The package prom-client cannot be loaded. The server's metrics need it: npm install prom-client"],
] as const)("where %s is missing, it alone is named", async (name, message) => {
  await expect(optionalPackage(name, absent)).rejects.toMatchObject({ code: "ERR_DEPENDENCY", message });
});
