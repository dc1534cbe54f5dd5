import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { aesGcm } from "lanelock";
import * as here from "lanelock/unauthenticated";
import { afterAll, beforeAll, expect, test } from "vitest";
import { refusal } from "../contract/refusal.ts";

// The package as it is built, in processes that lack something, and twice in one process.

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = `
  import { aesGcm } from ${JSON.stringify(pathToFileURL(join(root, "dist/index.js")).href)};
  for (let i = 0; i < 2; i += 1) {
    try {
      console.log("sealed", aesGcm(new Uint8Array(16)).seal(new Uint8Array(12), new Uint8Array(1)).length);
    } catch (error) {
      console.log(error.code, error.message);
    }
  }`;

/** What the program prints, line by line, in a Node with these options, after a command of the shell. */
function lines(options: readonly string[], before = "true"): string[] {
  const shell = `${before} && exec "$0" "$@"`;
  const { stdout, stderr } = spawnSync(
    "bash",
    ["-c", shell, process.execPath, ...options, "--input-type=module", "-e", program],
    { encoding: "utf8", timeout: 120_000 },
  );
  expect(stdout, stderr).not.toBe("");
  return stdout.trim().split("\n");
}

test("with enough of everything, it seals", () => {
  expect(lines([])).toEqual(["sealed 17", "sealed 17"]);
});

test("with --jitless there is no WebAssembly, and the error says so each time", () => {
  const [first, second] = lines(["--jitless"]);
  expect(first).toMatch(/^ERR_WASM This host has no WebAssembly.*--jitless/);
  expect(second).toBe(first);
});

test("with too few addresses the error names the limit to raise, each time", () => {
  const [first, second] = lines([], "ulimit -v 9000000");
  expect(second).toBe(first);
  // Later versions of V8 do with fewer.
  if (first === "sealed 17" && Number(process.versions.node.split(".")[0]) >= 22) return;
  expect(first).toMatch(/^ERR_WASM The host has no memory for the engine.*ulimit -v/);
});

test("with Node's permissions restricted, it seals", () => {
  const flag = Number(process.versions.node.split(".")[0]) < 24 ? "--experimental-permission" : "--permission";
  expect(lines(["--no-warnings", flag, `--allow-fs-read=${root}/*`])).toEqual(["sealed 17", "sealed 17"]);
});

/** What a host prints that has taken something away before it imports the package: the lengths sealed, or an error. */
function withoutNodeCrypto(preparation: string, options: readonly string[] = []): string[] {
  const code = `
    ${preparation}
    const { aesGcm } = await import(${JSON.stringify(pathToFileURL(join(root, "dist/index.js")).href)});
    for (const backend of ["auto", "wasm", "native"]) {
      try {
        console.log(aesGcm(new Uint8Array(32), { backend }).seal(new Uint8Array(12), new Uint8Array(5000)).length);
      } catch (error) {
        console.log(error.code, error.message);
      }
    }`;
  const { stdout, stderr } = spawnSync(process.execPath, [...options, "--input-type=module", "-e", code], {
    encoding: "utf8",
    timeout: 120_000,
  });
  expect(stdout, stderr).not.toBe("");
  return stdout.trim().split("\n");
}

test.each([
  ["getBuiltinModule", "process.getBuiltinModule = undefined;"],
  ["a node:crypto that loads", 'process.getBuiltinModule = () => { throw new Error("no crypto"); };'],
  ["ciphers in node:crypto", "process.getBuiltinModule = () => ({});"],
  ["a process", "globalThis.process = undefined;"],
])("without %s, messages go to the engine, and the backend native is refused", (_, preparation) => {
  const [auto, wasm, native] = withoutNodeCrypto(preparation);
  expect([auto, wasm]).toEqual(["5016", "5016"]);
  expect(native).toMatch(
    /^ERR_UNSUPPORTED This host has no native aes-256-gcm .* choose the backend "auto" or "wasm"$/,
  );
});

test("an OpenSSL without the algorithm counts as none", () => {
  const lacking = "({ ...process.getBuiltinModule('node:crypto'), getCipherInfo: () => undefined })";
  const lines = withoutNodeCrypto(`const crypto = ${lacking}; process.getBuiltinModule = () => crypto;`);
  expect(lines.slice(0, 2)).toEqual(["5016", "5016"]);
  expect(lines[2]).toMatch(/^ERR_UNSUPPORTED This host has no native aes-256-gcm/);
});

test("in a Node that may load no module but this, node:crypto is still there", () => {
  const flag = Number(process.versions.node.split(".")[0]) < 24 ? "--experimental-permission" : "--permission";
  const options = ["--no-warnings", flag, `--allow-fs-read=${root}/*`];
  expect(withoutNodeCrypto("", options)).toEqual(["5016", "5016", "5016"]);
});

let copy = "";

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "lanelock-copy-"));
  for (const part of ["dist", "package.json"]) cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

test("openStreamUnverified says that an Aead is of another copy of the package", async () => {
  const other: { aesGcm: typeof aesGcm } = await import(pathToFileURL(join(copy, "dist/index.js")).href);
  using own = aesGcm(new Uint8Array(16));
  using foreign = other.aesGcm(new Uint8Array(16));
  const nonce = new Uint8Array(12);
  here.openStreamUnverified(own, nonce).dispose();
  expect(refusal("ERR_ARGUMENT", () => here.openStreamUnverified(foreign, nonce)).message).toMatch(/another copy/);
  for (const wrong of [null, undefined, 1, "aead", {}, [], () => own]) {
    const { message } = refusal("ERR_ARGUMENT", () => here.openStreamUnverified(wrong as never, nonce));
    expect(message).toMatch(/aesGcm or sm4Gcm/);
  }
});
