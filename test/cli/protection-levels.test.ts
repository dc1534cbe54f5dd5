import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAuthority } from "../external/certificates.ts";
import { createSoftHsmToken, softHsmConfiguration } from "../tokens/softhsm.ts";
import { binary, CommandFolder } from "./lanelock.ts";

// Keys of every protection level through the command line, on a real token and behind the real external proxy.

const folder = new CommandFolder("levels");
folder.environment.SOFTHSM2_CONF = softHsmConfiguration;
const token = createSoftHsmToken("orders");
const authority = createAuthority("keys");
const server = authority.issue("server", "IP:127.0.0.1");

const FLAGS = ["--pkcs11-module", token.module, "--token", token.token.label, "--pin-file", "pin"];
let proxy: ChildProcess;
let external: object;

/** Runs a command that must succeed. */
function run(command: string, flags: readonly string[] = [], environment: Record<string, string> = {}): string {
  const { status, stdout, stderr } = folder.run([...command.split(" "), ...flags], {
    env: { ...folder.environment, ...environment },
  });
  expect([command, status, stderr]).toEqual([command, 0, ""]);
  return stdout.trim();
}

beforeAll(async () => {
  writeFileSync(folder.file("pin"), token.pin, { mode: 0o600 });
  writeFileSync(folder.file("secret"), Buffer.alloc(32, 7).toString("base64"), { mode: 0o600 });
  writeFileSync(folder.file("ca.pem"), authority.pem);
  writeFileSync(folder.file("text"), "held elsewhere");
  run("init");
  const { certificate, privateKey } = server.files;
  const parameters = [
    "--port",
    "0",
    "--certificate",
    certificate,
    "--private-key",
    privateKey,
    "--client",
    "me=secret",
  ];
  proxy = spawn(process.execPath, [binary, "external-proxy", ...FLAGS, ...parameters], {
    cwd: folder.path,
    env: folder.environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = proxy.stdout ? await once(proxy.stdout, "data") : [];
  const url: unknown = JSON.parse(String(line)).listening;
  external = { url, ca: "ca.pem", client: "me", secretFile: "secret", verifyEncrypt: true };
  writeFileSync(folder.file("external.json"), JSON.stringify(external), { mode: 0o600 });
});
afterAll(() => proxy?.kill());

/** Encrypts and decrypts under a key, with the settings that the key needs. */
function roundTrip(key: string, flags: readonly string[], environment: Record<string, string> = {}): void {
  run(`encrypt --key ${key} --context tenant=42 --in text --out ${key}.blob`, flags, environment);
  expect(run(`decrypt --context tenant=42 --in ${key}.blob`, flags, environment)).toBe("held elsewhere");
}

describe("HSM, on SoftHSM", () => {
  test.each(["Aliyun_AES_256", "Aliyun_SM4"])("%s by flags", (spec) => {
    const key = run(`keys create --level HSM --spec ${spec}`, FLAGS);
    roundTrip(key, FLAGS);
    expect(run(`keys describe ${key}`, FLAGS)).toMatch(/protectionLevel +HSM/);
  });

  test("an asymmetric key signs", () => {
    run("keys create --level HSM --spec EC_P256 --alias alias/signer", FLAGS);
    run("sign --key alias/signer --in text --out signature", FLAGS);
    expect(run("verify --key alias/signer --in text --signature signature", FLAGS)).toBe("good signature");
  });

  test("an envelope under an HSM key", () => {
    const key = run("keys create --level HSM --spec Aliyun_SM4", FLAGS);
    run(`seal --key ${key} --in text --out sealed`, FLAGS);
    expect(run("inspect --in sealed")).toMatch(/suite +SM4-GCM/);
    expect(run("open --in sealed", FLAGS)).toBe("held elsewhere");
  });

  test("by the environment, and by a configuration file whose paths are relative to it", () => {
    const environment = {
      LANELOCK_PKCS11_MODULE: token.module,
      LANELOCK_TOKEN: token.token.label,
      LANELOCK_PIN_FILE: folder.file("pin"),
    };
    const key = run("keys create --level HSM", [], environment);
    roundTrip(key, [], environment);
    const settings = { pkcs11Module: token.module, token: token.token.label, pinFile: "pin" };
    writeFileSync(folder.file("settings.json"), JSON.stringify(settings), { mode: 0o600 });
    roundTrip(key, ["--config", "settings.json"]);
    roundTrip(key, ["--config", folder.file("settings.json")], { LANELOCK_TOKEN: token.token.label });
  });

  test("hsm probe takes the same settings", () => {
    expect(run("hsm probe", FLAGS)).toContain("Aliyun_SM4");
    expect(run("hsm probe", ["--module", token.module, "--token-label", "orders", "--pin-file", "pin"])).toContain(
      "RSA",
    );
  });

  test("without a token, and with half of one, it says which option is missing", () => {
    const refused = (flags: readonly string[]) => folder.run(["keys", "create", "--level", "HSM", ...flags]);
    expect(refused([])).toMatchObject({ status: 1, stderr: expect.stringContaining("UnsupportedOperation") });
    expect(refused(FLAGS.slice(0, 2))).toMatchObject({ status: 2, stderr: expect.stringContaining("--token LABEL") });
    expect(refused(FLAGS.slice(0, 4))).toMatchObject({ status: 2, stderr: expect.stringContaining("--pin-file FILE") });
    expect(refused(FLAGS.slice(2))).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("--pkcs11-module FILE"),
    });
    expect(refused([...FLAGS, "--token-serial", "1"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("Give one"),
    });
    const absent = refused([...FLAGS.slice(0, 3), "absent", ...FLAGS.slice(4)]);
    expect(absent).toMatchObject({ status: 1, stderr: expect.stringMatching(/^lanelock: ERR_PROVIDER: [^\n]+\n$/) });
  });
});

describe("EXTERNAL, behind the proxy", () => {
  test("by flag, by environment and by configuration file", () => {
    const flags = ["--external-config", "external.json"];
    const key = run("keys create --level EXTERNAL", flags);
    roundTrip(key, flags);
    roundTrip(key, [], { LANELOCK_EXTERNAL_CONFIG: folder.file("external.json") });
    writeFileSync(folder.file("settings.json"), JSON.stringify({ externalConfig: "external.json" }), { mode: 0o600 });
    roundTrip(key, ["--config", "settings.json"]);
  });

  test.each([
    [{ ulr: "x" }, 'no option "ulr": did you mean "url"'],
    [{ url: 5 }, '"url" must be a text'],
    [{ client: undefined }, '"certificate" and "privateKey"'],
    [{ certificate: "ca.pem" }, '"client" and "secretFile"'],
    [{ timeoutMs: "long" }, '"timeoutMs" must be a number'],
    [{ verifyEncrypt: "yes" }, '"verifyEncrypt" must be true or false'],
    [{ secretFile: "absent" }, "absent"],
    [{ ca: "absent.pem" }, "absent.pem"],
    [{ url: "http://127.0.0.1:1" }, "https"],
  ])("what is wrong in its configuration is said: %j", (change, words) => {
    const text = JSON.stringify({ ...external, ...change });
    writeFileSync(folder.file("wrong.json"), text, { mode: 0o600 });
    const { status, stderr } = folder.run(["keys", "list", "--external-config", "wrong.json"]);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^lanelock: ERR_\w+: [^\n]+\n$/)]);
    expect(stderr).toContain(words);
  });
});
