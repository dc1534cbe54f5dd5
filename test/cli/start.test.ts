import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { scratchFolder } from "../tokens/scratch-folder.ts";

// What `npm start -- FILE` does once everything is built.

const program = fileURLToPath(new URL("../../tools/start/main.mjs", import.meta.url));
const folder = scratchFolder("main-job");
const temporary = join(folder, "tmp");
mkdirSync(temporary);

function mainJob(file: string) {
  const env = { PATH: process.env.PATH, TMPDIR: temporary };
  return spawnSync(process.execPath, [program, file], { env, encoding: "utf8" });
}

test.each([0, 1, 65_536, 65_537, 3_000_000])("a file of %i bytes", (size) => {
  const file = join(folder, `file-${size}`);
  writeFileSync(file, Buffer.alloc(size, "lanelock"));
  const { status, stdout, stderr } = mainJob(file);
  expect([status, stderr]).toEqual([0, ""]);
  const range = Math.min(4_096, size);
  expect(stdout).toContain("envelope: sealed under alias/orders, the CMK rotated,\nopened again to the same bytes");
  expect(stdout).toMatch(new RegExp(`^${range} bytes at \\d+ by seeking, \\d+ bytes read: the same$`, "m"));
  expect(stdout).toMatch(/^the KMS was asked: 1 generateDataKey, 1 describeKey, 2 decrypt$/m);
  expect(/\d+ and \d+ MB\/s/.test(stdout)).toBe(size > 1_048_576);
  expect(readdirSync(temporary)).toEqual([]);
});

// The last one is an empty file that nobody can read, not even root.
test.each([
  ["missing", /^ENOENT.*missing'\n$/],
  ["", /is not a file\n$/],
  ["/proc/self/mem", /^EIO.*\n$/],
])("of %j there is one line on stderr, status 1, and nothing left behind", (name, line) => {
  const { status, stderr } = mainJob(name.startsWith("/") ? name : join(folder, name));
  expect(stderr).toMatch(line);
  expect(status).toBe(1);
  expect(readdirSync(temporary)).toEqual([]);
});

// The files that stand in the temporary folder as the job goes on; all but the first two hold plaintext, or its keys.
test.each([
  ["SIGINT", "random", 130],
  ["SIGTERM", "aes-256-gcm.sealed", 143],
  ["SIGINT", "sm4-gcm.opened.partial", 130],
  ["SIGTERM", "keys.db", 143],
  ["SIGHUP", "envelope.sealed", 129],
] as const)("%s when there is %s: nothing is left behind, status %i", async (signal, name, status) => {
  const env = { PATH: process.env.PATH, TMPDIR: temporary };
  const child = spawn(process.execPath, [program], { env, stdio: "ignore" });
  const exit = once(child, "exit");
  const begun = () => readdirSync(temporary, { recursive: true }).some((path) => String(path).endsWith(name));
  while (child.exitCode === null && !begun()) await sleep(1);
  child.kill(signal);
  expect(await exit).toEqual([status, null]);
  expect(readdirSync(temporary)).toEqual([]);
});

test("on a terminal it shows how far it is", () => {
  const file = join(folder, "file-3000000");
  const env = { PATH: process.env.PATH, TMPDIR: temporary };
  const command = `"${process.execPath}" "${program}" "${file}"`;
  const { status, stdout } = spawnSync("script", ["-qefc", command, "/dev/null"], { env, encoding: "utf8" });
  expect(status).toBe(0);
  expect(stdout).toMatch(/envelope seal +\[#{32}\] 100 %/);
  expect(stdout).toMatch(/envelope open +\[#{32}\] 100 %/);
});
