import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { scratchFolder } from "../tokens/scratch-folder.ts";

// What scripts cannot show: signals, terminals, inputs that do not end, devices, holes.

const binary = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const folder = scratchFolder("cli-envelope");
const environment = { PATH: process.env.PATH, LANELOCK_HOME: join(folder, "home"), LANELOCK_STORE: undefined };
const work = join(folder, "work");
const file = (name: string) => join(work, name);

function lanelock(...parameters: string[]) {
  return execFileSync(process.execPath, [binary, ...parameters], { env: environment, encoding: "utf8" });
}

beforeAll(() => {
  lanelock("init");
  lanelock("keys", "create", "--alias", "alias/files");
  execFileSync("mkdir", [work]);
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s ends a seal; the output that was there stays",
  async (signal) => {
    writeFileSync(file("kept"), "as it was");
    const parameters = ["seal", "--key", "alias/files", "--out", file("kept")];
    const child = spawn(process.execPath, [binary, ...parameters], { env: environment });
    child.stdin.on("error", () => {}).write(Buffer.alloc(3_000_000));
    while (!readdirSync(work).some((name) => name.endsWith(".tmp"))) await sleep(10);
    child.kill(signal);
    expect(await once(child, "exit")).toEqual([null, signal]);
    expect(readFileSync(file("kept"), "utf8")).toBe("as it was");
    expect(readdirSync(work).filter((name) => name.startsWith("kept"))).toEqual(["kept"]);
  },
);

test("input that is not a message is refused before it ends", async () => {
  const child = spawn(process.execPath, [binary, "open", "--out", file("none")], { env: environment });
  child.stdin.on("error", () => {}).write("this is no message");
  const said: Buffer[] = [];
  child.stderr.on("data", (data) => said.push(data));
  expect(await once(child, "close")).toEqual([1, null]);
  expect(Buffer.concat(said).toString()).toContain("ERR_AUTHENTICATION");
  expect(existsSync(file("none"))).toBe(false);
});

test("a reader that goes away ends an open with an error and no trace", async () => {
  writeFileSync(file("plain"), Buffer.alloc(20_000_000, 7));
  lanelock("seal", "--key", "alias/files", "--in", file("plain"), "--out", file("sealed"));
  const child = spawn(process.execPath, [binary, "open", "--in", file("sealed")], { env: environment });
  const said: Buffer[] = [];
  child.stderr.on("data", (data) => said.push(data));
  child.stdout.once("data", () => child.stdout.destroy());
  expect(await once(child, "close")).toEqual([1, null]);
  expect(Buffer.concat(said).toString()).toMatch(/^lanelock: .*EPIPE/);
  expect(Buffer.concat(said).toString()).not.toContain("    at ");
});

test.each(["seal --key alias/files", "open"])(
  "an input that cannot be opened is one line, and no output: %s",
  (command) => {
    const socket = file("socket");
    // Node removes a socket it listened on; one that its process left lying is a file that nobody can open.
    const leave = "require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))";
    spawnSync(process.execPath, ["-e", leave, socket]);
    const before = readdirSync(work);
    const parameters = [binary, ...command.split(" "), "--in", socket, "--out", file("never")];
    const { status, stderr } = spawnSync(process.execPath, parameters, { env: environment, encoding: "utf8" });
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^lanelock: ERR_STORE: Cannot read [^\n]*socket: [^\n]*\(ENXIO\)[^\n]*\n$/),
    ]);
    expect(readdirSync(work)).toEqual(before);
    rmSync(socket);
  },
);

test("a device is written to, not replaced", () => {
  lanelock("seal", "--key", "alias/files", "--in", file("plain"), "--out", "/dev/null");
  expect(execFileSync("stat", ["-c", "%F", "/dev/null"], { encoding: "utf8" })).toBe("character special file\n");
});

test("an output may have as long a name as a file system takes", () => {
  for (const name of ["n".repeat(255), "名".repeat(85)]) {
    lanelock("seal", "--key", "alias/files", "--in", file("plain"), "--out", file(name));
    expect(readdirSync(work).filter((other) => other.startsWith(name.slice(0, 20)))).toEqual([name]);
    rmSync(file(name));
  }
});

test("through a link the file it leads to is replaced, and the link stays", () => {
  writeFileSync(file("target"), "before");
  execFileSync("ln", ["-s", "target", file("link")]);
  lanelock("seal", "--key", "alias/files", "--in", file("plain"), "--out", file("link"));
  expect(readFileSync(file("target"), "latin1").slice(0, 4)).toBe("LLK1");
  expect(execFileSync("readlink", [file("link")], { encoding: "utf8" })).toBe("target\n");
});

test("through links that lead to nothing yet the file is made where they lead, and the links stay", () => {
  execFileSync("mkdir", ["-p", file("deep/real")]);
  execFileSync("ln", ["-s", "deep/real", file("way")]);
  // The second stands in a folder that is reached by a link itself: `..` is that of the folder.
  execFileSync("ln", ["-s", "way/second", file("first")]);
  execFileSync("ln", ["-s", "../made", file("deep/real/second")]);
  const before = readdirSync(work);
  lanelock("seal", "--key", "alias/files", "--in", file("plain"), "--out", file("first"));
  expect(readFileSync(file("deep/made"), "latin1").slice(0, 4)).toBe("LLK1");
  expect(readlinkSync(file("first"))).toBe("way/second");
  expect(readdirSync(file("deep/real"))).toEqual(["second"]);
  expect(readdirSync(work)).toEqual(before);
});

test("an open that fails leaves a link that leads to nothing as it is", () => {
  execFileSync("ln", ["-s", "not-there", file("dangling")]);
  const parameters = [binary, "open", "--in", file("plain"), "--out", file("dangling")];
  expect(spawnSync(process.execPath, parameters, { env: environment }).status).toBe(1);
  expect(readlinkSync(file("dangling"))).toBe("not-there");
  expect(existsSync(file("not-there"))).toBe(false);
});

test.each([
  ["to itself", "circle", "circle", "ELOOP"],
  ["into a folder that is not there", "astray", "no-folder/x", "ENOENT"],
])("a link %s is an error, and stays", (_, name, target, code) => {
  execFileSync("ln", ["-s", target, file(name)]);
  const parameters = [binary, "seal", "--key", "alias/files", "--in", file("plain"), "--out", file(name)];
  const { status, stderr } = spawnSync(process.execPath, parameters, { env: environment, encoding: "utf8" });
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(
      new RegExp(`^lanelock: ERR_STORE: Cannot write [^\\n]*${name}: [^\\n]*\\(${code}\\)[^\\n]*\\n$`),
    ),
  ]);
  expect(readlinkSync(file(name))).toBe(target);
});

test("a file of nothing but a hole is sealed, and opened by ranges at its end", () => {
  const size = 200 * 2 ** 20;
  writeFileSync(file("hole"), "");
  truncateSync(file("hole"), size);
  lanelock("seal", "--key", "alias/files", "--in", file("hole"), "--out", file("hole.sealed"));
  const range = `${size - 5}:5`;
  const parameters = [binary, "open", "--in", file("hole.sealed"), "--range", range];
  const { stdout } = spawnSync(process.execPath, parameters, { env: environment });
  expect(stdout).toEqual(Buffer.alloc(5));
});

test("on a terminal a bar is drawn and taken away; elsewhere nothing", () => {
  const command = `"${process.execPath}" "${binary}" seal --key alias/files --in "${file("hole")}" --out "${file("x")}"`;
  const shown = spawnSync("script", ["-qefc", command, "/dev/null"], { env: environment, encoding: "utf8" });
  expect(shown.stdout).toMatch(/seal \[#* *\] +\d+ % {2}\d+ MB\/s/);
  expect(shown.stdout.endsWith("\r\x1b[K")).toBe(true);
  const opening = `"${process.execPath}" "${binary}" open --in "${file("x")}" --out "${file("y")}"`;
  const opened = spawnSync("script", ["-qefc", opening, "/dev/null"], { env: environment, encoding: "utf8" });
  expect(opened.stdout).toMatch(/open \[#* *\] +\d+ % {2}\d+ MB\/s/);
  const plain = spawnSync("sh", ["-c", command], { env: environment, encoding: "utf8" });
  expect([plain.status, plain.stdout, plain.stderr]).toEqual([0, "", ""]);
});
