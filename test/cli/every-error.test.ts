import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { CommandFolder, type Ran } from "./lanelock.ts";

// Every command with every kind of bad file: one line on standard error that names the file and says what to do, in text or in JSON;
// no stack trace, no temporary file's name, nothing left behind.

const folder = new CommandFolder("errors");

beforeAll(() => {
  writeFileSync(folder.file("text"), "text");
  writeFileSync(folder.file("random"), Buffer.alloc(5_000, 0xa5));
  mkdirSync(folder.file("a-folder"));
  for (const command of [
    "init",
    "keys create --alias alias/k",
    "keys create --spec EC_P256 --alias alias/signer",
    "keys create --spec RSA_2048 --usage ENCRYPT/DECRYPT --alias alias/inbox",
    "keys create --origin EXTERNAL --alias alias/waiting",
    "encrypt --key alias/k --in text --out blob",
    "seal --key alias/k --in text --out sealed",
    "sign --key alias/signer --in text --out signature",
    "asym-encrypt --key alias/inbox --in text --out wrapped",
    "keys import-parameters alias/waiting --public-key-out wrapping.pem --token-out token",
  ]) {
    expect(folder.run(command.split(" "))).toMatchObject({ status: 0, stderr: "" });
  }
}, 240_000);

/** Each command that reads, with FILE for what it reads. */
const READERS = [
  "encrypt --key alias/k --in FILE",
  "decrypt --in FILE",
  "re-encrypt --to alias/k --in FILE",
  "sign --key alias/signer --in FILE",
  "verify --key alias/signer --in text --signature FILE",
  "verify --key alias/signer --in FILE --signature signature",
  "asym-encrypt --key alias/inbox --in FILE",
  "asym-decrypt --key alias/inbox --in FILE",
  "seal --key alias/k --in FILE",
  "open --in FILE",
  "open --range 0:1 --in FILE",
  "rewrap --key alias/k --in FILE",
  "inspect --in FILE",
  "keys import alias/waiting --token token --in FILE",
  "keys import alias/waiting --token FILE --in text",
];

/** Each command that writes, with FILE for what it writes. */
const WRITERS = [
  "encrypt --key alias/k --in text --out FILE",
  "decrypt --in blob --out FILE",
  "re-encrypt --to alias/k --in blob --out FILE",
  "data-key --key alias/k --out FILE",
  "data-key --key alias/k --out data-key --plaintext-out FILE",
  "sign --key alias/signer --in text --out FILE",
  "asym-encrypt --key alias/inbox --in text --out FILE",
  "asym-decrypt --key alias/inbox --in wrapped --out FILE",
  "public-key --key alias/signer --out FILE",
  "seal --key alias/k --in text --out FILE",
  "open --in sealed --out FILE",
  "open --range 0:1 --in sealed --out FILE",
  "rewrap --key alias/k --in sealed --out FILE",
  "keys import-parameters alias/waiting --public-key-out FILE --token-out token",
  "keys import-parameters alias/waiting --public-key-out wrapping.pem --token-out FILE",
];

function expectOneLine({ status, stdout, stderr }: Ran, file: string, words: RegExp): void {
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/^lanelock: ERR_STORE: Cannot (read|write) [^\n]+\. [A-Z][^\n]+\.\n$/);
  expect(stderr).toContain(file);
  expect(stderr).toMatch(words);
  expect(stderr).not.toMatch(/\.tmp| at .*\.js:|node:|undefined/);
}

describe.each(READERS)("%s", (command) => {
  test.each([
    ["absent", /there is no such file \(ENOENT\)\. Check the path/],
    ["a-folder", /it is a folder \(EISDIR\)\. Name a file/],
  ])("reads %s", (file, words) => {
    const before = readdirSync(folder.path);
    const ran = folder.run(command.replace("FILE", file).split(" "));
    expectOneLine(ran, file, words);
    expect(readdirSync(folder.path)).toEqual(before);
  });
});

describe.each(WRITERS)("%s", (command) => {
  test.each([
    ["no-folder/file", /its folder does not exist \(ENOENT\)\. Make the folder first/],
    ["a-folder", /it is a folder \(EISDIR\)\. Name a file/],
    ["/dev/full", /the disk is full \(ENOSPC\)\. Free space/],
  ])("writes %s", (file, words) => {
    const ran = folder.run(command.replace("FILE", file).split(" "));
    expectOneLine(ran, file, words);
    expect(readdirSync(folder.path).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});

test.each([
  ["seal --key alias/k --in /proc/self/mem", "/proc/self/mem", /the device failed \(EIO\)/],
  ["encrypt --key alias/k --in /proc/self/mem", "/proc/self/mem", /the device failed \(EIO\)/],
  ["seal --key alias/k --in text --out text/file", "text/file", /part of its path is not a folder \(ENOTDIR\)/],
  // Not even root makes files there.
  ["seal --key alias/k --in text --out /sys/file", "/sys/file", /\((EACCES|EPERM|EROFS)\)/],
  ["encrypt --key alias/k --in text --out /sys/file", "/sys/file", /\((EACCES|EPERM|EROFS)\)/],
  ["seal --key alias/k --in text/file", "text/file", /part of its path is not a folder \(ENOTDIR\)/],
  [`seal --key alias/k --in text --out ${"n".repeat(300)}`, "nnn", /its name is too long \(ENAMETOOLONG\)/],
])("%s", (command, file, words) => {
  expectOneLine(folder.run(command.split(" ")), file, words);
});

describe("input that is not a ciphertext, message or signature", () => {
  test.each([
    ["decrypt --in random", 1, /^lanelock: InvalidParameter: .*"CiphertextBlob"/],
    ["decrypt --in sealed", 2, /^lanelock: The input is an envelope message\. Open it with: lanelock open\n$/],
    ["re-encrypt --to alias/k --in sealed", 2, /envelope message.*lanelock rewrap/],
    ["re-encrypt --to alias/k --in random", 1, /^lanelock: InvalidParameter: .*"CiphertextBlob"/],
    ["asym-decrypt --key alias/inbox --in random", 1, /^lanelock: InvalidParameter: .*"CiphertextBlob"/],
    ["decrypt --context a=b --in blob", 1, /another --context\.\n$/],
    ["open --context a=b --in sealed", 1, /^lanelock: ERR_AUTHENTICATION: Not authentic/],
    ["open --in random", 1, /^lanelock: ERR_AUTHENTICATION: random is not an envelope message/],
    ["open --in blob", 1, /^lanelock: ERR_AUTHENTICATION: blob is not .*use: lanelock decrypt\n$/],
    ["rewrap --key alias/k --in blob", 1, /^lanelock: ERR_AUTHENTICATION: blob is not .*use: lanelock decrypt\n$/],
    ["sign --key alias/k --in text", 1, /^lanelock: Rejected\.UnsupportedOperation: /],
    ["open --range 0:1 --in random", 1, /^lanelock: ERR_AUTHENTICATION: /],
    ["rewrap --key alias/k --in random", 1, /^lanelock: ERR_AUTHENTICATION: /],
    ["inspect --in random", 1, /^lanelock: ERR_ARGUMENT: random is not an envelope message/],
    ["inspect --in text", 1, /^lanelock: ERR_ARGUMENT: text is not an envelope message/],
    ["keys import alias/waiting --token random --in text", 1, /^lanelock: InvalidImportToken: /],
    ["keys import alias/waiting --token token --in random", 1, /^lanelock: InvalidKeyMaterial: /],
    ["sign --key alias/signer --digest --in text", 1, /^lanelock: InvalidParameter: /],
    ["verify --key alias/signer --base64 --signature random --in text", 2, /not base64/],
  ])("%s", (command, expected, words) => {
    const { status, stdout, stderr } = folder.run(command.split(" "));
    expect([status, stdout]).toEqual([expected, ""]);
    expect(stderr).toMatch(words);
    expect(stderr).toMatch(/^[^\n]+\n$/);
  });
});

describe("with --json an error is one JSON object on standard error, with the exit status", () => {
  test.each([
    ["keys describe key-none", "Forbidden.KeyNotFound", 1],
    ["open --in absent --out x", "ERR_STORE", 1],
    ["open --in sealed", "ERR_ARGUMENT", 2],
    ["encrypt", "ERR_ARGUMENT", 2],
    ["keys lst", "ERR_ARGUMENT", 2],
    ["keys", "ERR_ARGUMENT", 2],
    ["keys list --page many", "ERR_ARGUMENT", 2],
    ["keys list --store typo.db", "ERR_ARGUMENT", 2],
    ["hsm probe", "ERR_ARGUMENT", 2],
    ["hsm probe --module absent.so --token x --pin-file absent", "ERR_PROVIDER", 1],
    [
      "external-proxy --certificate a --private-key b --client c=d --module m --token t --pin-file p",
      "ERR_PROVIDER",
      1,
    ],
    ["rewrap-store --new-root-key absent", "ERR_KEY", 1],
    ["keys list > /dev/full", "ERR_STORE", 1],
  ])("%s", (command, code, exitStatus) => {
    const { status, stdout, stderr } = folder.bash(`lanelock --json ${command}`);
    expect([status, stdout]).toEqual([exitStatus, ""]);
    expect(stderr.split("\n")).toHaveLength(2);
    expect(JSON.parse(stderr)).toEqual({ code, message: expect.stringMatching(/^\S.*\S$/), exitStatus });
  });
});

test("a reader that goes away is a status, not a message, for reports", () => {
  for (const command of ["keys list", "keys describe alias/k", "--help", "completion bash", "hsm --help"]) {
    const { stderr } = folder.bash(`lanelock ${command} | true; exit 0`);
    expect([command, stderr]).toEqual([command, ""]);
  }
});

test("a folder as standard input gives one line, not an empty message", () => {
  const { status, stderr } = folder.bash("lanelock seal --key alias/k --out never < a-folder");
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(/^lanelock: ERR_STORE: Cannot read standard input: it is a folder[^\n]*\n$/),
  ]);
});
