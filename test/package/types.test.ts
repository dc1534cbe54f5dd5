import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { pack } from "./packed.ts";
import { Project } from "./project.ts";

// The package's declarations as strict projects meet them that check the declarations of libraries too.

const project = new Project(join(scratchFolder("types"), "app"));
const moduleOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const compilers = {
  "TypeScript 5.4": moduleOf("tools/node_modules/typescript-5.4/bin/tsc"),
  "TypeScript 5.9": moduleOf("tools/node_modules/typescript-5.9/bin/tsc"),
  "TypeScript 7": moduleOf("../../node_modules/typescript/bin/tsc"),
};
const resolutions = { nodenext: "nodenext", bundler: "esnext" };

/** A wrong use of each entry that a type of `any` would let through; entries.ts has all of them. */
const program = `
  import { aesGcm, sm4Gcm, LanelockError } from "lanelock";
  import { envelope } from "lanelock/envelope";
  import { externalKeys } from "lanelock/external";
  import { Kms, KmsError } from "lanelock/kms";
  import { aesKw } from "lanelock/key-wrap";
  import { aesCmac } from "lanelock/mac";
  import { cmac, gcm } from "lanelock/noble";
  import { pkcs11 } from "lanelock/pkcs11";
  import { memoryStore, sqlStore } from "lanelock/stores";
  import { sm4 } from "lanelock/sm-crypto";
  import { aesCbc } from "lanelock/unauthenticated";

  const bytes = new Uint8Array(32);
  const sealed = aesGcm(bytes).seal(bytes, bytes, { aad: bytes });
  // What Web APIs take: it stands on an ArrayBuffer, not on one that may be shared.
  new Blob([sealed]);
  export const opened: Uint8Array = sm4Gcm(bytes).open(bytes, sealed);
  // @ts-expect-error
  sealed.nothing;
  // @ts-expect-error
  aesCbc(bytes).encrypt(bytes, bytes).nothing;
  // @ts-expect-error
  gcm(bytes, bytes).encrypt(bytes).nothing;
  // @ts-expect-error
  cmac(bytes, bytes).nothing;
  // @ts-expect-error
  aesCmac(bytes).mac(bytes).nothing;
  // @ts-expect-error
  aesKw(bytes).wrap(bytes).nothing;
  // @ts-expect-error
  sm4.encrypt("text", bytes).nothing;
  // @ts-expect-error
  new LanelockError("ERR_STATE", "").nothing;
  // @ts-expect-error
  pkcs11({ module: 7 });
  // @ts-expect-error
  externalKeys({ url: 7 });

  export async function all() {
    const kms = await Kms.open({ store: memoryStore(), rootKey: bytes });
    const { ciphertextBlob } = await kms.encrypt({ keyId: "alias/orders", plaintext: bytes });
    // @ts-expect-error
    ciphertextBlob.nothing;
    // @ts-expect-error
    sqlStore({ path: 7 });
    const files = envelope(kms, { keyId: "alias/orders" });
    const { readable } = files.sealStream();
    // @ts-expect-error
    (await files.openRange(new Blob([sealed]), 0, 1)).nothing;
    kms[Symbol.asyncDispose]();
    return [readable, KmsError];
  }`;

const { exports } = JSON.parse(readFileSync(moduleOf("../../package.json"), "utf8")) as { exports: object };
const entries = Object.keys(exports).filter((name) => !/\.(json|wasm)$/.test(name));

beforeAll(() => {
  project.install([pack(scratchFolder("types-packed")).lanelock]);
  const everything = entries.map(
    (name) => `export * as ${`entry${name}`.replace(/\W/g, "_")} from "lanelock${name.slice(1)}";`,
  );
  project.write("entries.ts", everything.join("\n"));
  project.write("program.ts", program);
  // What the tests below would miss if they could miss it: a declaration that needs the types of Node.
  project.write("node_modules/leaky/index.d.ts", "export declare const leak: Buffer;");
  project.write("node_modules/leaky/package.json", '{ "name": "leaky", "types": "index.d.ts" }');
  project.write("leaky.ts", 'export { leak } from "leaky";');
  for (const [moduleResolution, module] of Object.entries(resolutions)) {
    for (const file of ["program", "leaky"]) {
      const types = { lib: ["es2022", "dom"], types: [], skipLibCheck: false };
      const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
      const compilerOptions = { ...types, ...strict, target: "es2022", module, moduleResolution, noEmit: true };
      const tsconfig = JSON.stringify({ compilerOptions, files: [`${file}.ts`, "entries.ts"] });
      project.write(`${file}.${moduleResolution}.json`, tsconfig);
    }
  }
});

function compile(compiler: string, configuration: string) {
  const options = { cwd: project.folder, encoding: "utf8" } as const;
  const { status, stdout } = spawnSync(process.execPath, [compiler, "-p", configuration], options);
  return { status, stdout };
}

const cases = Object.entries(compilers).flatMap(([name, compiler]) =>
  Object.keys(resolutions).map((resolution) => [name, resolution, compiler] as const),
);

test.each(cases)("%s, moduleResolution %s, for pages, without the types of Node", (_name, resolution, compiler) => {
  expect(compile(compiler, `program.${resolution}.json`)).toEqual({ status: 0, stdout: "" });
});

test("README's TypeScript compiles", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const [, code = ""] = /^```ts\n(.*?)^```$/ms.exec(readme) ?? [];
  expect(code).toContain("await using");
  project.write("readme.ts", code);
  const compilerOptions = {
    ...{ strict: true, target: "es2022", module: "nodenext", noEmit: true, types: [], skipLibCheck: false },
    lib: ["es2022", "dom", "esnext.disposable"],
  };
  project.write("readme.json", JSON.stringify({ compilerOptions, files: ["readme.ts"] }));
  for (const compiler of Object.values(compilers)) {
    expect(compile(compiler, "readme.json")).toEqual({ status: 0, stdout: "" });
  }
});

test("a declaration that needs the types of Node would be found", () => {
  const { stdout } = compile(compilers["TypeScript 7"], "leaky.bundler.json");
  expect(stdout).toContain("Cannot find name 'Buffer'");
});
