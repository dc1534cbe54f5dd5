import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { scratchFolder } from "../tokens/scratch-folder.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** What opening a provider ends with in an installation of its own, which has what `install` puts there. */
function openingWhere(install: (nodeModules: string) => void): unknown {
  const folder = scratchFolder("installation");
  const nodeModules = join(folder, "node_modules");
  mkdirSync(nodeModules);
  symlinkSync(join(root, "node_modules/@noble"), join(nodeModules, "@noble"));
  const installed = join(nodeModules, "lanelock");
  mkdirSync(installed);
  for (const part of ["dist", "package.json"]) cpSync(join(root, part), join(installed, part), { recursive: true });
  install(nodeModules);
  const program = join(folder, "program.mjs");
  writeFileSync(
    program,
    `import { pkcs11 } from "lanelock/pkcs11";
const provider = pkcs11({ module: "/nowhere.so", token: { label: "orders" }, pin: "1234" });
await provider.open({ storeId: "one" }).catch(({ code, message }) => console.log(JSON.stringify({ code, message })));
`,
  );
  return JSON.parse(execFileSync(process.execPath, [program], { encoding: "utf8" }));
}

test("without pkcs11js, or without its native part, the error says what to run", () => {
  expect(openingWhere(() => undefined)).toEqual({
    code: "ERR_DEPENDENCY",
    message: "PKCS#11 tokens need the package pkcs11js; run: npm install pkcs11js",
  });
  const withoutBuild = (nodeModules: string) => {
    const copy = join(nodeModules, "pkcs11js");
    cpSync(join(root, "node_modules/pkcs11js"), copy, { recursive: true });
    rmSync(join(copy, "build"), { recursive: true });
  };
  expect(openingWhere(withoutBuild)).toEqual({
    code: "ERR_DEPENDENCY",
    message: "The package pkcs11js is installed but its native part is not built; run: npm rebuild pkcs11js",
  });
});
