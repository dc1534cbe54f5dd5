import { execFileSync } from "node:child_process";
import crypto from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { afterAll, expect, test } from "vitest";

interface Trace {
  opened: boolean;
  blocks: Record<string, string>;
}

const folder = mkdtempSync(join(tmpdir(), "lanelock-trace-"));
afterAll(() => rmSync(folder, { recursive: true }));
const source = (name: string) => fileURLToPath(new URL(`../../src/asymmetric/${name}`, import.meta.url));
const bundle = (options: Parameters<typeof buildSync>[0]) =>
  buildSync({ bundle: true, format: "esm", platform: "node", target: "node20", logLevel: "error", ...options });

bundle({
  entryPoints: [fileURLToPath(new URL("unpadding-trace.ts", import.meta.url))],
  outfile: join(folder, "trace.mjs"),
});

/** How often each block of `code` runs for each of the encodings. */
function trace(code: string, encodings: readonly Uint8Array[]): Trace[] {
  const outfile = join(folder, "under-test.mjs");
  bundle({ stdin: { contents: code, resolveDir: source("."), loader: "ts" }, outfile });
  const input = JSON.stringify(encodings.map((encoded) => Buffer.from(encoded).toString("hex")));
  // Interpreted: a function that the compiler inlines is no longer counted.
  const args = ["--jitless", join(folder, "trace.mjs"), outfile];
  const output = execFileSync(process.execPath, args, { input, maxBuffer: 2 ** 28, stdio: "pipe" });
  return JSON.parse(output.toString());
}

/** The functions whose counts are not the same in every trace. */
function differing(traces: readonly Trace[]): string[] {
  const names = new Set(traces.flatMap(({ blocks }) => Object.keys(blocks)));
  return [...names].filter((name) => new Set(traces.map(({ blocks }) => blocks[name])).size > 1);
}

const { publicKey, privateKey } = crypto.generateKeyPairSync("rsa", { modulusLength: 2048 });
const { RSA_NO_PADDING, RSA_PKCS1_PADDING } = crypto.constants;
const encodedBy = (options: object, message: Uint8Array) =>
  crypto.privateDecrypt(
    { key: privateKey, padding: RSA_NO_PADDING },
    crypto.publicEncrypt({ key: publicKey, ...options }, message),
  );

/** Good encodings, each bad at one byte, and random ones. */
function variants(good: readonly Uint8Array[]): Uint8Array[] {
  const broken = good.flatMap((encoded) =>
    [0, 1, 2, 20, 21, 33, 34, 100, 200, 222, 223, 255].map((at) => {
      const changed = Uint8Array.from(encoded);
      changed[at] = at < 2 ? (changed[at] ?? 0) ^ 1 : 0;
      return changed;
    }),
  );
  return [...good, ...broken, ...Array.from({ length: 20 }, () => crypto.randomBytes(256)), new Uint8Array(256)];
}

function check(code: string, good: readonly Uint8Array[]): { afterVerdict: string[]; traces: Trace[] } {
  const traces = trace(code, variants(good));
  const opened = traces.filter((one) => one.opened);
  const refused = traces.filter((one) => !one.opened);
  expect(opened.length).toBeGreaterThanOrEqual(good.length);
  expect(refused.length).toBeGreaterThanOrEqual(20);
  expect(Object.keys(traces[0]?.blocks ?? {}).length).toBeGreaterThan(1);
  expect(differing(opened)).toEqual([]);
  expect(differing(refused)).toEqual([]);
  const names = differing(traces).map((name) => name.split("@")[0] ?? "");
  return { afterVerdict: names.sort(), traces };
}

/** What runs after a bad verdict only, besides the unpadding function itself, which gives it. */
const makingTheError = ["<instance_members_initializer>", "LanelockError", "undecryptable"];

test("unpadding OAEP takes the same path for every secret, up to the verdict", () => {
  const good = [0, 1, 16, 32, 100, 190].map((length) => encodedBy({ oaepHash: "sha256" }, crypto.randomBytes(length)));
  const code = `import { unpadOaep } from "./oaep-unpadding.ts"; export default (encoded) => unpadOaep("SHA-256", encoded);`;
  const { afterVerdict } = check(code, good);
  expect(afterVerdict).toEqual([...makingTheError, "unpadOaep"]);
});

test("unpadding PKCS#1 v1.5 takes the same path for every secret, up to the verdict", () => {
  const good = Array.from({ length: 6 }, () => encodedBy({ padding: RSA_PKCS1_PADDING }, crypto.randomBytes(32)));
  const code = `import { unpadPkcs1 } from "./pkcs1-unpadding.ts"; export default (encoded) => unpadPkcs1(encoded, 32);`;
  const { afterVerdict } = check(code, good);
  expect(afterVerdict).toEqual([...makingTheError, "unpadPkcs1"]);
});

test("comparing takes the same path wherever the bytes differ", () => {
  const code = `import { equalBytes } from "../shared/equal-bytes.ts";
    export default (encoded) => equalBytes(encoded, new Uint8Array(256));`;
  const inputs = [0, 1, 100, 255].map((at) => Uint8Array.from({ length: 256 }, (_, i) => (i === at ? 1 : 0)));
  expect(differing(trace(code, [...inputs, new Uint8Array(256), crypto.randomBytes(256)]))).toEqual([]);
});

test("the control, which stops at the first wrong byte, fails the test", () => {
  const code = `export default function early(encoded) {
    if (encoded[0] !== 0 || encoded[1] !== 2) throw new Error("bad");
    for (let i = 2; i < 223; i += 1) if (encoded[i] === 0) throw new Error("bad");
    if (encoded[223] !== 0) throw new Error("bad");
    return encoded.slice(224);
  }`;
  const good = [encodedBy({ padding: RSA_PKCS1_PADDING }, crypto.randomBytes(32))];
  const refused = trace(code, variants(good)).filter((one) => !one.opened);
  expect(differing(refused)).not.toEqual([]);
});
