import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { createConnection } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { send, signedPath } from "./signed.ts";

const binary = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const root = scratchFolder("serve");
let home = "";
let count = 0;
const running = new Set<ChildProcess>();

beforeEach(() => {
  home = join(root, String(count++));
  lanelock("init");
});

afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
  running.clear();
});

const environment = () => ({ PATH: process.env.PATH ?? "", LANELOCK_HOME: home });

function lanelock(...args: string[]): string {
  return execFileSync(process.execPath, [binary, ...args], { env: environment(), encoding: "utf8" });
}

function refusalOf(...args: string[]): string {
  try {
    lanelock("serve", ...args);
    return "";
  } catch (error) {
    return String((error as { stderr: string }).stderr);
  }
}

interface Process {
  readonly child: ChildProcess;
  readonly url: string;
  readonly ended: Promise<number | null>;
  log(): string;
}

async function start(...args: string[]): Promise<Process> {
  const child = spawn(process.execPath, [binary, "serve", ...args], { env: environment(), stdio: "pipe" });
  running.add(child);
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    log += text;
  });
  // "close" and not "exit": the last lines of the log are read only then.
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const first = new Promise<string>((resolve) => createInterface(child.stdout).once("line", resolve));
  const line = await Promise.race([first, ended.then((status) => `ended with ${status}: ${log}`)]);
  expect(line).toMatch(/^listening on (https?:\/\/127\.0\.0\.1:\d+|unix:.+)$/);
  return { child, url: line.replace("listening on ", ""), ended, log: () => log };
}

const owner = () => JSON.parse(lanelock("access-keys", "create", "--name", "owner", "--json"));

test("the first line says where it listens; requests are logged without parameters; SIGTERM ends it with 0", async () => {
  const credentials = owner();
  const server = await start("--port", "0");
  const created = await send(server.url, signedPath(credentials, "CreateKey", { Description: "a secret plan" }));
  const { KeyId } = created.json.KeyMetadata as { KeyId: string };
  const path = signedPath(credentials, "Encrypt", { KeyId, Plaintext: "c2VjcmV0" });
  expect((await send(server.url, path)).status).toBe(200);
  server.child.kill("SIGTERM");
  expect(await server.ended).toBe(0);
  const lines = server
    .log()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.map(({ operation, code, caller }) => [operation, code, caller])).toEqual([
    ["CreateKey", "OK", "owner"],
    ["Encrypt", "OK", "owner"],
  ]);
  expect(server.log()).not.toMatch(/secret|c2VjcmV0|Signature/);
});

test("a line of the log is as pino writes it, whatever the caller is called", async () => {
  const name = 'a "b"\\ <c>';
  const credentials = JSON.parse(lanelock("access-keys", "create", "--name", name, "--json"));
  const server = await start("--port", "0");
  expect((await send(server.url, signedPath(credentials, "ListKeys"))).status).toBe(200);
  server.child.kill("SIGTERM");
  expect(await server.ended).toBe(0);
  const line = JSON.parse(server.log());
  const { level, time, milliseconds, requestId, sourceIp, accessKeyId } = line;
  expect(line).toEqual({
    ...{ level: 30, time, requestId, operation: "ListKeys", status: 200, code: "OK", milliseconds, sourceIp },
    ...{ accessKeyId, caller: name, msg: "done" },
  });
  expect([level, sourceIp, accessKeyId]).toEqual([30, "127.0.0.1", credentials.accessKeyId]);
  expect(requestId).toMatch(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
  expect(Math.abs(Date.now() - time)).toBeLessThan(600_000);
  expect(milliseconds).toBeGreaterThan(0);
  const written: string[] = [];
  const logger = pino({ base: null, timestamp: () => `,"time":${time}` }, { write: (text) => written.push(text) });
  logger.info({ ...line, level: undefined, time: undefined, msg: undefined }, "done");
  expect([server.log()]).toEqual(written);
});

test("a request in progress is finished when the server is stopped", async () => {
  const credentials = owner();
  const server = await start("--port", "0");
  const { port } = new URL(server.url);
  // A form whose last byte comes after the signal.
  const query = signedPath(credentials, "ListKeys").slice(2);
  const socket = createConnection(Number(port), "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  let answer = "";
  socket.setEncoding("latin1").on("data", (text) => {
    answer += text;
  });
  const closed = new Promise((resolve) => socket.once("close", resolve));
  const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${query.length}\r\n\r\n`;
  socket.write(head + query.slice(0, -1));
  await new Promise((resolve) => setTimeout(resolve, 500));
  server.child.kill("SIGTERM");
  await new Promise((resolve) => setTimeout(resolve, 500));
  socket.write(query.slice(-1));
  await closed;
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(await server.ended).toBe(0);
});

test("a Unix socket, which goes with the server", async () => {
  const socket = join(home, "kms.sock");
  const server = await start("--socket", socket);
  expect(server.url).toBe(`unix:${socket}`);
  const status = await new Promise((resolve, reject) => {
    httpRequest({ socketPath: socket, path: "/healthz" }, (response) => resolve(response.statusCode))
      .on("error", reject)
      .end();
  });
  expect(status).toBe(200);
  server.child.kill("SIGINT");
  expect(await server.ended).toBe(0);
  expect(existsSync(socket)).toBe(false);
});

function certificate(name: string, subject: string): { certificate: string; key: string } {
  const [file, key] = [join(home, `${name}.pem`), join(home, `${name}.key`)];
  const subjectArguments = ["-subj", `/CN=${subject}`, "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"],
      ...["-keyout", key, "-out", file, ...subjectArguments],
    ],
    { stdio: "ignore" },
  );
  return { certificate: file, key };
}

function subjectSeen(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(`${url}/healthz`, { rejectUnauthorized: false, agent: false }, (response) => {
      response.resume();
      resolve(String((response.socket as import("node:tls").TLSSocket).getPeerCertificate().subject.CN));
    });
    request.on("error", reject).end();
  });
}

test("TLS, whose certificate is read again on SIGHUP", async () => {
  const first = certificate("server", "first");
  const server = await start("--port", "0", "--certificate", first.certificate, "--private-key", first.key);
  expect(server.url).toMatch(/^https:/);
  expect(await subjectSeen(server.url)).toBe("first");
  const second = certificate("other", "second");
  writeFileSync(first.certificate, readFileSync(second.certificate));
  writeFileSync(first.key, readFileSync(second.key));
  server.child.kill("SIGHUP");
  await expect.poll(() => subjectSeen(server.url), { timeout: 20_000 }).toBe("second");
});

test("an address of the network needs TLS or --insecure", () => {
  expect(refusalOf("--host", "0.0.0.0", "--port", "0")).toMatch(
    /On 0\.0\.0\.0 the server listens only with TLS: give --certificate and --private-key, or --insecure to send keys/,
  );
});

test("settings come from the file, the environment and the command line, and can be printed", () => {
  writeFileSync(
    join(home, "lanelock.json"),
    JSON.stringify({ serve: { port: 1, rateLimit: 5, certificate: "a.pem" } }),
  );
  const env = { ...environment(), LANELOCK_SERVE_PORT: "2", LANELOCK_SERVE_METRICS: "true" };
  const print = (...args: string[]) =>
    JSON.parse(execFileSync(process.execPath, [binary, "serve", "--print-config", ...args], { env, encoding: "utf8" }))
      .serve;
  expect(print()).toEqual({ port: 2, rateLimit: 5, certificate: join(home, "a.pem"), metrics: true });
  expect(print("--port", "3")).toMatchObject({ port: 3 });
  writeFileSync(join(home, "lanelock.json"), JSON.stringify({ serve: { prot: 1 } }));
  expect(refusalOf("--print-config")).toMatch(/did you mean "port"|Did you mean/i);
});

test("a seed makes keys, aliases and access keys, and changes nothing when it is applied again", async () => {
  const material = Buffer.alloc(32, 7).toString("base64");
  const seed = join(home, "seed.json");
  const accessKey = { accessKeyId: "LTAItest", accessKeySecret: "testsecret", name: "tests" };
  const key = { keyId: "key-seeded", material, aliases: ["alias/seeded"], tags: { Project: "orders" } };
  writeFileSync(seed, JSON.stringify({ keys: [key], accessKeys: [accessKey] }));
  expect(refusalOf("--seed", seed)).toMatch(/add --allow-seeding/);
  const args = ["--port", "0", "--seed", seed, "--allow-seeding"];
  const first = await start(...args);
  const sealed = await send(first.url, signedPath(accessKey, "Encrypt", { KeyId: "alias/seeded", Plaintext: "aGk=" }));
  expect(sealed.json).toMatchObject({ KeyId: "key-seeded" });
  first.child.kill("SIGTERM");
  await first.ended;
  const second = await start(...args);
  const blob = String(sealed.json.CiphertextBlob);
  const opened = await send(second.url, signedPath(accessKey, "Decrypt", { CiphertextBlob: blob }));
  expect(opened.json).toMatchObject({ Plaintext: "aGk=" });
  second.child.kill("SIGTERM");
  await second.ended;
  writeFileSync(seed, JSON.stringify({ accessKeys: [{ ...accessKey, accessKeySecret: "anothersecret" }] }));
  expect(refusalOf(...args)).toMatch(/LTAItest of the seed exists with another secret/);
  writeFileSync(seed, JSON.stringify({ keys: [{ ...key, materail: "" }] }));
  expect(refusalOf(...args)).toMatch(/materail.*material/);
});

test("the clock is advanced through a socket of its own, and what becomes due then is done", async () => {
  const credentials = owner();
  const clock = join(home, "clock.sock");
  expect(refusalOf("--allow-clock-control")).toMatch(/go together/);
  const server = await start("--port", "0", "--allow-clock-control", "--clock-socket", clock);
  expect(statSync(clock).mode & 0o777).toBe(0o600);
  const created = await send(server.url, signedPath(credentials, "CreateKey"));
  const { KeyId } = created.json.KeyMetadata as { KeyId: string };
  await send(server.url, signedPath(credentials, "ScheduleKeyDeletion", { KeyId, PendingWindowInDays: "7" }));
  const control = (method: string, body = "") =>
    new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const request = httpRequest({ socketPath: clock, path: "/clock", method }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk) => {
          text += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode, text }));
      });
      request.on("error", reject).end(body);
    });
  expect(await control("POST", '{"advance":"-1d"}')).toMatchObject({ status: 400 });
  expect(await control("POST", "nothing")).toMatchObject({ status: 400 });
  const advanced = await control("POST", '{"advance":"8d"}');
  expect(Date.parse(JSON.parse(advanced.text).now) - Date.now()).toBeGreaterThan(7.9 * 86_400_000);
  const gone = await send(server.url, signedPath(credentials, "DescribeKey", { KeyId }));
  expect(gone).toMatchObject({ status: 404, json: { Code: "Forbidden.KeyNotFound" } });
});

test("a server whose log nobody reads serves on, and ends with 0", async () => {
  const credentials = owner();
  const server = await start("--port", "0");
  server.child.stderr?.destroy();
  const asked = async () => (await send(server.url, signedPath(credentials, "ListKeys"))).status;
  expect(await asked()).toBe(200);
  // Longer than lines wait to be written together: the first of them fails.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect([await asked(), await asked()]).toEqual([200, 200]);
  server.child.kill("SIGTERM");
  expect(await server.ended).toBe(0);
});
