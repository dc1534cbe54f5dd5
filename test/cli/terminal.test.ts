import { writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { CommandFolder } from "./lanelock.ts";

// What a terminal is shown: text, and nothing binary unless it is forced. `script` is the terminal.

const folder = new CommandFolder("terminal");
const TEXT = "héllo, wörld\tof 密码\n";

beforeAll(() => {
  writeFileSync(folder.file("text"), TEXT);
  writeFileSync(folder.file("escape"), "\x1b]0;title\x07");
  writeFileSync(folder.file("binary"), Buffer.from([0xff, 0xfe, 0x41]));
  writeFileSync(folder.file("cut"), Buffer.from(TEXT).subarray(0, 2));
  const made = ["init", "keys create --alias alias/k", "keys create --spec EC_P256 --alias alias/signer"];
  made.push("keys create --spec RSA_2048 --usage ENCRYPT/DECRYPT --alias alias/inbox");
  for (const name of ["text", "escape", "binary", "cut"]) {
    made.push(`encrypt --key alias/k --in ${name} --out ${name}.blob`);
    made.push(`seal --key alias/k --in ${name} --out ${name}.sealed`);
  }
  for (const command of made) expect(folder.run(command.split(" "))).toMatchObject({ status: 0, stderr: "" });
}, 240_000);

const COMMANDS = [
  "encrypt --key alias/k --in text",
  "re-encrypt --to alias/k --in text.blob",
  "sign --key alias/signer --in text",
  "asym-encrypt --key alias/inbox --in text",
  "seal --key alias/k --in text",
  "rewrap --key alias/k --in text.sealed",
];

test.each(COMMANDS)("is refused, with the ways out: %s", (command) => {
  const { status, stdout } = folder.onTerminal(`lanelock ${command}`);
  expect(status).toBe(2);
  expect(stdout).toMatch(
    /^lanelock: The \w+ is binary, which a terminal cannot show\. Use --out FILE.* or --force\.\r\n$/,
  );
  expect(stdout.includes("--base64")).toBe(!/seal|rewrap/.test(command));
});

test("is written with --force, --base64 or --json, and into a pipe as ever", () => {
  expect(folder.onTerminal("lanelock seal --key alias/k --in text --force").stdout).toContain("LLK1");
  const encoded = folder.onTerminal("lanelock encrypt --key alias/k --in text --base64");
  expect(encoded).toMatchObject({ status: 0, stdout: expect.stringMatching(/^[A-Za-z0-9+/=]+\r\n$/) });
  const json = folder.onTerminal("lanelock encrypt --key alias/k --in text --json");
  expect(json).toMatchObject({ status: 0, stdout: expect.stringContaining('"ciphertextBlob":"') });
  expect(folder.onTerminal("lanelock seal --key alias/k --in text | wc -c").stdout).toMatch(/\d+\r\n$/);
});

test.each(["decrypt --in NAME.blob", "open --in NAME.sealed"])(
  "plaintext that is text is shown, other is not: %s",
  (command) => {
    const shown = (name: string, flags = "") => folder.onTerminal(`lanelock ${command.replace("NAME", name)}${flags}`);
    expect(shown("text")).toMatchObject({ status: 0, stdout: TEXT.replace("\n", "\r\n") });
    for (const name of ["escape", "binary"]) {
      const { status, stdout } = shown(name);
      expect([status, stdout]).toEqual([
        2,
        expect.stringMatching(/^lanelock: The output is binary, .*--out FILE or --force\.\r\n$/),
      ]);
    }
    expect(shown("cut").status).toBe(2);
    expect(shown("escape", " --force")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("\x1b]0;title\x07"),
    });
  },
);

test("a terminal that is named is a terminal too", () => {
  expect(folder.onTerminal("lanelock open --in binary.sealed --out /dev/tty").status).toBe(2);
  expect(folder.onTerminal("lanelock open --in text.sealed --out /dev/tty").stdout).toContain("wörld");
  expect(folder.onTerminal("lanelock open --in binary.sealed --out /dev/stdout").status).toBe(2);
});

test("a command that is refused has read nothing: it does not wait for its input", () => {
  // Nobody writes to the pipe, and nobody closes it.
  const { status, stdout } = folder.onTerminal(
    "mkfifo pipe; sleep 600 > pipe & lanelock seal --key alias/k < pipe; status=$?; kill $!; exit $status",
  );
  expect([status, stdout]).toEqual([2, expect.stringContaining("The message is binary")]);
});
