import { execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { checkPrivate, foreignOwner, readPrivateFile } from "../../src/shared/private-file.ts";

const folder = mkdtempSync(join(tmpdir(), "lanelock-private-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const own = process.geteuid?.() ?? 0;
const named = (path: string) =>
  ({ path, what: "secret file", unreadable: "ERR_PROVIDER", exposed: "ERR_KEY", hint: "Make one." }) as const;
const regular = { isFile: () => true, isFIFO: () => false };

test("a file of one's own that others cannot read is read, through links and from a pipe too", async () => {
  const path = join(folder, "secret");
  writeFileSync(path, "text", { mode: 0o600 });
  symlinkSync(path, join(folder, "link"));
  expect(readPrivateFile(named(path))).toEqual(new TextEncoder().encode("text"));
  expect(readPrivateFile(named(join(folder, "link")))).toEqual(new TextEncoder().encode("text"));
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", ["-m", "600", pipe]);
  const writer = spawn("sh", ["-c", `printf piped > ${pipe}`]);
  expect(readPrivateFile(named(pipe))).toEqual(new TextEncoder().encode("piped"));
  await new Promise((resolve) => writer.once("exit", resolve));
});

test("a file that others may read, write or own is refused", () => {
  for (const mode of [0o604, 0o640, 0o620, 0o602, 0o666]) {
    const path = join(folder, `mode-${mode.toString(8)}`);
    writeFileSync(path, "text");
    chmodSync(path, mode);
    const message = `Others may read the secret file ${path}. Run: chmod 600 ${path}`;
    expect(() => readPrivateFile(named(path))).toThrow(expect.objectContaining({ code: "ERR_KEY", message }));
  }
});

test("the owner must be this process's user or root", () => {
  expect(foreignOwner({ uid: own })).toBeUndefined();
  expect(foreignOwner({ uid: 0 })).toBeUndefined();
  expect(foreignOwner({ uid: own + 1 })).toBe(own + 1);
  const theirs = { ...regular, mode: 0o100600, uid: own + 1 };
  const refusal = { code: "ERR_KEY", message: expect.stringContaining("belongs to another user") };
  expect(() => checkPrivate(theirs, named("a"))).toThrow(expect.objectContaining(refusal));
});

test.runIf(own === 0)("root reads no secret that another user can change", () => {
  const path = join(folder, "theirs");
  writeFileSync(path, "text", { mode: 0o600 });
  chownSync(path, 1234, 1234);
  const message = expect.stringContaining("belongs to another user (uid 1234). Make it your own: chown 0");
  expect(() => readPrivateFile(named(path))).toThrow(expect.objectContaining({ code: "ERR_KEY", message }));
});

test("errors say that a path is not a file, does not exist, or is too long", () => {
  const directory = join(folder, "directory");
  mkdirSync(directory, { mode: 0o700 });
  const long = join(folder, "long");
  writeFileSync(long, new Uint8Array(65_537), { mode: 0o600 });
  for (const [path, message] of [
    [directory, "neither a file nor a pipe"],
    ["/dev/null", "neither a file nor a pipe"],
    [join(folder, "absent"), "cannot be read. Make one."],
    ["zero\0", "cannot be read. Make one."],
    [long, "has 65537 bytes. No secret is that long"],
  ] as const) {
    const refusal = { code: "ERR_PROVIDER", message: expect.stringContaining(message) };
    expect(() => readPrivateFile(named(path)), path).toThrow(expect.objectContaining(refusal));
  }
});
