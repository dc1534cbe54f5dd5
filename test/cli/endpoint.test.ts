import { mkdirSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BuiltServer } from "../server/built-server.ts";
import { CommandFolder } from "./lanelock.ts";

// The commands against lanelock serve, in a folder without a store.

const folder = new CommandFolder("endpoint");
let server: BuiltServer;
let remote: Record<string, string | undefined>;

beforeAll(async () => {
  server = await BuiltServer.start();
  const { accessKeyId, accessKeySecret } = server.owner;
  remote = {
    ...folder.environment,
    LANELOCK_ENDPOINT: server.url,
    ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret,
  };
});
afterAll(() => server[Symbol.asyncDispose]());

/** Where nobody listens. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

function good(parameters: readonly string[], input: string | Buffer = ""): string {
  const ran = folder.run(parameters, { env: remote, input });
  expect(ran, `${parameters.join(" ")}: ${ran.stderr}`).toMatchObject({ status: 0, stderr: "" });
  return ran.stdout;
}

test("keys, secrets, signatures and files by commands, on a server", () => {
  const made = JSON.parse(good(["keys", "create", "--alias", "alias/orders", "--json"])) as { keyId: string };
  expect(good(["keys", "list"])).toContain("alias/orders");
  expect(good(["keys", "describe", "alias/orders"])).toContain(made.keyId);
  expect(good(["alias", "list"])).toContain("alias/orders");
  good(["keys", "rotate", "alias/orders"]);
  good(["encrypt", "--key", "alias/orders", "--context", "tenant=42", "--out", "sealed"], "twelve tulips");
  expect(good(["decrypt", "--in", "sealed", "--context", "tenant=42"])).toBe("twelve tulips");
  good(["re-encrypt", "--to", "alias/orders", "--context", "tenant=42", "--in", "sealed", "--out", "moved"]);
  expect(good(["decrypt", "--in", "moved"])).toBe("twelve tulips");
  expect(good(["data-key", "--key", "alias/orders"])).toContain("ciphertextBlob");
  good(["seal", "--key", "alias/orders", "--out", "message"], Buffer.alloc(200_000, "t"));
  expect(good(["open", "--in", "message", "--range", "100000:5"])).toBe("ttttt");
  good(["rewrap", "--key", "alias/orders", "--in", "message", "--out", "rewrapped"]);
  expect(good(["open", "--in", "rewrapped"])).toHaveLength(200_000);

  const signer = JSON.parse(good(["keys", "create", "--spec", "EC_P256", "--usage", "SIGN/VERIFY", "--json"])) as {
    keyId: string;
  };
  good(["sign", "--key", signer.keyId, "--out", "signature"], "a message");
  expect(good(["verify", "--key", signer.keyId, "--signature", "signature"], "a message")).toBe("good signature\n");
  expect(good(["public-key", "--key", signer.keyId])).toContain("BEGIN PUBLIC KEY");
  good(["keys", "disable", made.keyId]);
  const refused = folder.run(["encrypt", "--key", made.keyId, "--out", "x"], { env: remote, input: "x" });
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringMatching(/^lanelock: Rejected.Disabled: /) });
});

test.each([
  [["init"], "A server has a store already"],
  [["sweep"], "A server settles what is due"],
  [["audit", "verify"], "the root key of its store"],
  [["verify"], "A store is checked with its root key"],
  [["rewrap-store", "--new-root-key", "k"], "The root key is the store's"],
  [["serve"], "A server serves a store"],
  [["access-keys", "list"], "Access keys are kept in the store"],
  [
    ["policy", "check", "--access-key", "a", "--action", "kms:Encrypt", "--resource", "*"],
    "policies of access keys are kept in the store",
  ],
])("%j says why it cannot be done on a server", (parameters, why) => {
  const ran = folder.run(parameters, { env: remote });
  expect(ran).toMatchObject({ status: 2, stdout: "" });
  expect(ran.stderr).toContain(why);
  expect(ran.stderr).toContain("Leave out --endpoint");
});

describe("which server, or which store", () => {
  test("the command line wins; an endpoint and a store exclude each other; other machines need https", async () => {
    const elsewhere = ["--endpoint", `http://127.0.0.1:${await freePort()}`, "keys", "list"];
    expect(folder.run(elsewhere, { env: remote })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("ECONNREFUSED"),
    });
    const local = folder.run(["--store", "none.db", "keys", "list"], { env: remote });
    expect(local.stderr).toContain("There is no root key");
    const home = folder.run(["--home", "none", "keys", "list"], { env: remote });
    expect(home.stderr).toContain("There is no root key");
    const both = folder.run(["--store", "a.db", "--endpoint", server.url, "keys", "list"], { env: remote });
    expect(both).toMatchObject({ status: 2, stderr: expect.stringContaining("gives endpoint and store") });
    const plain = folder.run(["--endpoint", "http://kms.example", "keys", "list"], { env: remote });
    expect(plain.stderr).toMatch(
      /^lanelock: ERR_ARGUMENT: --endpoint http:\/\/kms\.example would send .* Use https\.$/m,
    );
    expect(folder.run(["--endpoint", "::", "keys", "list"], { env: remote }).stderr).toContain("--endpoint is no URL");
    const named = folder.run(["--endpoint", "https://user:secret@kms.example", "keys", "list"], { env: remote }).stderr;
    expect(named).toMatch(
      /^lanelock: ERR_ARGUMENT: --endpoint holds .* Give an access key in ALIBABA_CLOUD_ACCESS_KEY_ID and .*\.$/m,
    );
    expect(named).not.toContain("secret@");
  });
});

describe("where the access key comes from", () => {
  const run = (environment: Record<string, string | undefined>) =>
    folder.run(["keys", "list"], { env: { ...folder.environment, LANELOCK_ENDPOINT: server.url, ...environment } });
  const write = (name: string, text: string, mode = 0o600) => {
    mkdirSync(folder.file(name.split("/")[0] ?? ""), { recursive: true });
    writeFileSync(folder.file(name), text, { mode });
    return folder.file(name);
  };

  test("nowhere, and half of it", () => {
    expect(run({})).toMatchObject({ status: 2, stderr: expect.stringContaining("A server needs an access key") });
    const half = run({ ALIBABA_CLOUD_ACCESS_KEY_ID: "a" });
    expect(half).toMatchObject({ status: 2, stderr: expect.stringContaining("go together") });
    const odd = run({ ALIBABA_CLOUD_ACCESS_KEY_ID: "a", ALIBABA_CLOUD_ACCESS_KEY_SECRET: "two words" }).stderr;
    expect(odd).toContain("Of the access key in the environment or the credentials file, accessKeySecret must be");
  });

  test("Alibaba's credentials file, and the file of its command", () => {
    const { accessKeyId, accessKeySecret } = server.owner;
    const ini = (id: string) =>
      `# keys\n[default]\ntype = access_key\naccess_key_id = ${id}\naccess_key_secret = ${accessKeySecret}\n` +
      "[role]\ntype = ram_role_arn\n[token]\ntype=sts\naccess_key_id=a\naccess_key_secret=b\n";
    const file = write("given/credentials", ini(accessKeyId));
    expect(run({ ALIBABA_CLOUD_CREDENTIALS_FILE: file })).toMatchObject({ status: 0, stderr: "" });
    const profile = (name: string) => run({ ALIBABA_CLOUD_CREDENTIALS_FILE: file, ALIBABA_CLOUD_PROFILE: name }).stderr;
    expect(profile("role")).toContain('of the kind "ram_role_arn": lanelock takes access_key and sts');
    expect(profile("token")).toContain("lacks security_token");
    expect(profile("nobody")).toContain("has no section [nobody]");
    const open = write("open/credentials", ini(accessKeyId), 0o644);
    expect(run({ ALIBABA_CLOUD_CREDENTIALS_FILE: open }).stderr).toContain("chmod 600");
    expect(run({ ALIBABA_CLOUD_CREDENTIALS_FILE: folder.file("absent") }).stderr).toContain("cannot be read");

    const one = { name: "prod", mode: "AK", access_key_id: accessKeyId, access_key_secret: accessKeySecret };
    const config = (current: string) => JSON.stringify({ current, profiles: [one, { name: "sso", mode: "CloudSSO" }] });
    write(".aliyun/config.json", config("prod"));
    expect(run({})).toMatchObject({ status: 0, stderr: "" });
    expect(run({ ALIBABA_CLOUD_PROFILE: "sso" }).stderr).toContain(
      'of the kind "CloudSSO": lanelock takes AK and StsToken',
    );
    expect(run({ ALIBABA_CLOUD_PROFILE: "none" }).stderr).toContain('has no profile "none"');
    write(".aliyun/config.json", `{"secret": "${accessKeySecret}`);
    const broken = run({});
    expect(broken.stderr).toContain("is not JSON");
    expect(broken.stderr).not.toContain(accessKeySecret);
    // The first that is there decides.
    write(".alibabacloud/credentials", ini("LTAInobody"));
    expect(run({}).stderr).toContain("InvalidAccessKeyId.NotFound");
    const environment = { ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId, ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret };
    expect(run(environment)).toMatchObject({ status: 0, stderr: "" });
    const token = { ...environment, ALIBABA_CLOUD_SECURITY_TOKEN: "another" };
    expect(run(token).stderr).toContain("InvalidSecurityToken.MismatchWithAccessKey");
  });
});
