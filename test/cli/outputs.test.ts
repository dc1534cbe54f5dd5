import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { runTool } from "../tokens/installed.ts";
import { binary, CommandFolder } from "./lanelock.ts";

// Where an output goes: pipes, descriptors of the shell, traps in shared folders, full disks; and that a file is on the disk before
// its name is.

const folder = new CommandFolder("outputs");
const TEXT = "a line that was sealed\n";

beforeAll(() => {
  writeFileSync(folder.file("plain"), TEXT);
  for (const command of [
    "init",
    "keys create --alias alias/files",
    "seal --key alias/files --in plain --out sealed",
    "encrypt --key alias/files --in plain --out blob",
  ]) {
    expect(folder.run(command.split(" "))).toMatchObject({ status: 0, stderr: "" });
  }
});

test.each([
  ["lanelock open --in sealed --out /dev/stdout | cat", TEXT],
  ["lanelock decrypt --in blob --out /dev/stdout | cat", TEXT],
  ["lanelock open --in sealed --out /proc/self/fd/1 | cat", TEXT],
  ["lanelock open --in sealed --out >(cat) | cat", TEXT],
  ["lanelock open --in sealed --out /dev/fd/7 7>&1 | cat", TEXT],
  ["lanelock open --in sealed --range 2:4 --out /dev/stdout | cat", TEXT.slice(2, 6)],
  ["(echo head; lanelock open --in sealed --out /dev/stdout; echo foot) > f; cat f", `head\n${TEXT}foot\n`],
  ["echo head > f; lanelock open --in sealed --out /dev/stdout >> f; echo foot >> f; cat f", `head\n${TEXT}foot\n`],
  ["echo head > f; lanelock open --in sealed --out /dev/fd/5 5>> f; echo foot >> f; cat f", `head\n${TEXT}foot\n`],
  ["ln -sf /dev/stdout way; lanelock open --in sealed --out way | cat; readlink way", `${TEXT}/dev/stdout\n`],
  ["mkfifo pipe; cat pipe & lanelock open --in sealed --out pipe; wait; test -p pipe && echo kept", `${TEXT}kept\n`],
  ["lanelock open --in sealed --out /dev/stderr 2>&1 >/dev/null", TEXT],
])("nothing is lost: %s", (line, expected) => {
  expect(folder.bash(line)).toEqual({ status: 0, stdout: expected, stderr: "" });
});

test("a gigantic write to a pipe that is slow to read loses nothing", () => {
  const line =
    "head -c 5000000 /dev/zero | lanelock seal --key alias/files --out /dev/fd/7 7>&1 | (sleep 1; lanelock open --out /dev/stdout) | wc -c";
  expect(folder.bash(line)).toEqual({ status: 0, stdout: "5000000\n", stderr: "" });
});

test("a descriptor that the shell did not open is refused: it could be the store's own file", () => {
  for (let descriptor = 20; descriptor < 30; descriptor++) {
    const { status, stderr } = folder.run(["open", "--in", "sealed", "--out", `/dev/fd/${descriptor}`]);
    if (status !== 0) expect(stderr).toMatch(/^lanelock: ERR_STORE: Cannot write \/dev\/fd\/\d+: .*\n$/);
  }
  expect(folder.run(["keys", "describe", "alias/files"]).status).toBe(0);
  expect(folder.run(["open", "--in", "sealed", "--out", "/dev/fd/40"])).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^lanelock: ERR_STORE: Cannot write \/dev\/fd\/40: .*EBADF/),
  });
});

const isRoot = process.geteuid?.() === 0;
const NOBODY = 65_534;

test.runIf(isRoot)("a link or pipe of somebody else's in a folder for everybody is not written through", () => {
  const shared = folder.file("shared");
  mkdirSync(shared);
  chmodSync(shared, 0o1777);
  writeFileSync(folder.file("precious"), "precious");
  symlinkSync(folder.file("precious"), folder.file("shared/trap"));
  lchownSync(folder.file("shared/trap"), NOBODY, NOBODY);
  runTool("mkfifo", [folder.file("shared/pipe")]);
  chownSync(folder.file("shared/pipe"), NOBODY, NOBODY);
  const reader = folder.bash(
    "timeout 20 cat shared/pipe & lanelock open --in sealed --out shared/pipe; echo $?; kill %1",
  );
  expect(reader.stdout).toBe("1\n");
  expect(reader.stderr).toMatch(/^lanelock: ERR_STORE: Refused to write through \S+shared\/pipe: it is a pipe/);
  for (const trap of ["shared/trap", "shared/trap-folder/new"]) {
    if (trap.endsWith("new")) {
      mkdirSync(folder.file("inside"));
      symlinkSync(folder.file("inside"), folder.file("shared/trap-folder"));
      lchownSync(folder.file("shared/trap-folder"), NOBODY, NOBODY);
    }
    const { status, stderr } = folder.run(["open", "--in", "sealed", "--out", trap]);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^lanelock: ERR_STORE: Refused to write through [^\n]*\n$/),
    ]);
  }
  expect(readFileSync(folder.file("precious"), "utf8")).toBe("precious");
  expect(readdirSync(folder.file("inside"))).toEqual([]);
  // One's own link there is an ordinary one.
  symlinkSync(folder.file("own-target"), folder.file("shared/own"));
  expect(folder.run(["open", "--in", "sealed", "--out", "shared/own"])).toMatchObject({ status: 0 });
  expect(readFileSync(folder.file("own-target"), "utf8")).toBe(TEXT);
});

test("a full disk is one line, whichever way it is reached, and never exit status 0", () => {
  for (const line of [
    "lanelock open --in sealed --out /dev/full",
    "lanelock open --in sealed > /dev/full",
    "lanelock decrypt --in blob > /dev/full",
    "lanelock keys list > /dev/full",
    "lanelock keys list --json > /dev/full",
    "lanelock --help > /dev/full",
  ]) {
    const { status, stderr } = folder.bash(line);
    expect([line, status], stderr).toEqual([line, 1]);
    expect(stderr, line).toMatch(/^[^\n]*ERR_STORE[^\n]*the disk is full \(ENOSPC\)[^\n]*\n$/);
  }
});

/** The system calls of a command, by `strace`. */
function calls(parameters: readonly string[]): string[] {
  const log = folder.file("calls");
  const traced = "trace=openat,fsync,fdatasync,rename,renameat,renameat2,link,linkat";
  const { status, stderr } = spawnSync(
    "strace",
    ["-f", "-y", "-o", log, "-e", traced, process.execPath, binary, ...parameters],
    { cwd: folder.path, env: folder.environment, encoding: "utf8" },
  );
  expect([status, stderr]).toEqual([0, ""]);
  return readFileSync(log, "utf8").split("\n");
}

test.each([
  ["open --in sealed --out synced", "synced"],
  ["decrypt --in blob --out synced-too", "synced-too"],
  ["open --in sealed --range 0:4 --out synced-part", "synced-part"],
])("an output is synced, then renamed, then its folder is synced: %s", (command, name) => {
  const seen = calls(command.split(" "));
  const at = (pattern: RegExp) => seen.findIndex((line) => pattern.test(line));
  const sync = at(new RegExp(`fsync\\(\\d+<[^>]*/${name}\\.[0-9a-f]{12}\\.tmp>\\)? `));
  const rename = at(new RegExp(`rename\\w*\\(.*${name}\\.[0-9a-f]{12}\\.tmp.*/${name}"`));
  const folderSync = seen.findLastIndex((line) => line.includes(`fsync(`) && line.includes(`<${folder.path}>`));
  expect(sync).toBeGreaterThanOrEqual(0);
  expect(rename).toBeGreaterThan(sync);
  expect(folderSync).toBeGreaterThan(rename);
});

test("a new root key is synced before it has its name", () => {
  const seen = calls(["--home", "fresh", "init"]);
  const sync = seen.findIndex((line) => /fsync\(\d+<[^>]*root\.key\.[0-9a-f]{12}\.tmp>/.test(line));
  const link = seen.findIndex((line) => /link\w*\(.*root\.key\.[0-9a-f]{12}\.tmp/.test(line));
  expect(sync).toBeGreaterThanOrEqual(0);
  expect(link).toBeGreaterThan(sync);
});

test("a disk that fills up on the way leaves the output as it was, and nothing else", () => {
  writeFileSync(folder.file("big"), Buffer.alloc(3_000_000, 7));
  expect(folder.run(["seal", "--key", "alias/files", "--in", "big", "--out", "big.sealed"]).status).toBe(0);
  writeFileSync(folder.file("kept"), "as it was");
  const before = readdirSync(folder.path);
  for (const command of [
    "open --in big.sealed",
    "seal --key alias/files --in big",
    "open --in big.sealed --range 0:",
  ]) {
    // A limit on the size of files stands for the full disk: a write past it fails (EFBIG) once the signal is ignored.
    const line = `trap '' XFSZ; ulimit -f 2000; lanelock --no-audit ${command} --out kept`;
    const { status, stderr } = folder.bash(line);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^lanelock: ERR_STORE: Cannot write kept: [^\n]*\(EFBIG\)[^\n]*\n$/),
    ]);
    expect(readFileSync(folder.file("kept"), "utf8")).toBe("as it was");
    expect(readdirSync(folder.path)).toEqual(before);
  }
  expect(existsSync(folder.file("kept"))).toBe(true);
});
