import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sqlStore } from "lanelock/stores";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { createAuthority } from "../external/certificates.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { PostgresServer } from "./postgres-server.ts";

// 127.0.0.2 is this machine on Linux, and not one of the names that are local by their spelling: a remote host that can be had
// everywhere.
const REMOTE = "127.0.0.2";

const authority = createAuthority("Lanelock test authority");
const folder = scratchFolder("postgres-tls");
const right = authority.issue("right", `IP:${REMOTE},DNS:localhost,IP:127.0.0.1`);
const otherName = authority.issue("other", "DNS:db.example.com");
const expired = authority.issue("expired", `IP:${REMOTE}`, -1);
const stranger = createAuthority("Somebody").issue("stranger", `IP:${REMOTE}`);

let server: PostgresServer;

beforeAll(async () => {
  server = await PostgresServer.start({
    listen: `127.0.0.1,${REMOTE}`,
    access: [
      "host all scram 127.0.0.0/8 scram-sha-256",
      "host all cleartext 127.0.0.0/8 password",
      "hostssl all tls-only 127.0.0.0/8 trust",
      "host all tls-only 127.0.0.0/8 reject",
      "local all scram scram-sha-256",
      "local all cleartext password",
    ],
  });
  for (const user of ["scram", "cleartext"])
    server.sql("postgres", `create role ${user} superuser login password 'a#b'`);
  server.sql("postgres", 'create role "tls-only" superuser login');
});
afterAll(() => server.stop());

// What the machine that runs the tests is set to must not matter.
beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith("PG")) vi.stubEnv(name, undefined);
  vi.stubEnv("HOME", folder);
  return () => vi.unstubAllEnvs();
});

function url(parameters = "", user = "lanelock", host = REMOTE): string {
  return `postgres://${user}@${host}:${server.port}/postgres?${parameters}`;
}

/** Opens a store and closes it; whether its connections were encrypted. */
async function isEncrypted(address: string, passwordFile?: string): Promise<boolean> {
  const store = sqlStore({ url: address, passwordFile });
  await store.open();
  try {
    await store.read((rows) => rows.meta("a"));
    const query =
      "select distinct s.ssl from pg_stat_ssl s join pg_stat_activity a using (pid) where a.application_name = 'lanelock'";
    return server.sql("postgres", query).trim() === "t";
  } finally {
    await store.close();
  }
}

function refusal(message: string, code = "ERR_STORE") {
  return { code, message: expect.stringContaining(message) };
}

test("with the right certificate, TLS is used unasked, and verified", async () => {
  await server.restartWithTls(right.files);
  expect(await isEncrypted(url(`sslrootcert=${authority.file}`))).toBe(true);
  expect(await isEncrypted(url(`sslmode=verify-full&sslrootcert=${authority.file}`))).toBe(true);
  expect(await isEncrypted(url(`sslmode=verify-ca&sslrootcert=${authority.file}`))).toBe(true);
  await expect(isEncrypted(url())).rejects.toMatchObject(refusal("not one of an authority that is trusted here"));
  await expect(isEncrypted(url("sslmode=verify-full"))).rejects.toMatchObject(refusal("sslrootcert=/path"));
});

test("the authority's file may come from PGSSLROOTCERT, and the mode from PGSSLMODE", async () => {
  vi.stubEnv("PGSSLROOTCERT", authority.file);
  expect(await isEncrypted(url())).toBe(true);
  vi.stubEnv("PGSSLMODE", "disable");
  expect(await isEncrypted(url())).toBe(false);
  expect(await isEncrypted(url("sslmode=verify-full"))).toBe(true);
  vi.stubEnv("PGSSLMODE", "sure");
  await expect(isEncrypted(url())).rejects.toMatchObject(refusal("PGSSLMODE must be one of", "ERR_ARGUMENT"));
});

test("TLS is switched off by name only, and a local host needs none", async () => {
  expect(await isEncrypted(url("sslmode=disable"))).toBe(false);
  expect(await isEncrypted(url("ssl=false"))).toBe(false);
  for (const host of ["127.0.0.1", "localhost", encodeURIComponent(server.directory)]) {
    expect(await isEncrypted(url("", "scram:a%23b", host)), host).toBe(false);
  }
  expect(await isEncrypted(`postgres://cleartext:a#b@:${server.port}/postgres?host=${server.directory}`)).toBe(false);
  expect(await isEncrypted(url(`sslmode=verify-full&sslrootcert=${authority.file}`, "lanelock", "127.0.0.1"))).toBe(
    true,
  );
  for (const mode of ["allow", "prefer"]) {
    const refused = refusal("may fall back to no encryption", "ERR_ARGUMENT");
    await expect(isEncrypted(url(`sslmode=${mode}`))).rejects.toMatchObject(refused);
  }
});

test("require encrypts without an authority's file, and verifies with one", async () => {
  expect(await isEncrypted(url("sslmode=require"))).toBe(true);
  expect(await isEncrypted(url("sslmode=no-verify"))).toBe(true);
  const wrongRoot = refusal("not one of an authority that is trusted here");
  const other = createAuthority("Another");
  await expect(isEncrypted(url(`sslmode=require&sslrootcert=${other.file}`))).rejects.toMatchObject(wrongRoot);
  const noFile = refusal("sslmode=verify-ca needs sslrootcert=FILE", "ERR_ARGUMENT");
  await expect(isEncrypted(url("sslmode=verify-ca"))).rejects.toMatchObject(noFile);
  await expect(isEncrypted(url("sslmode=verify-ca&sslrootcert=system"))).rejects.toMatchObject(noFile);
  await expect(isEncrypted(url("sslrootcert=/nowhere"))).rejects.toMatchObject(refusal("/nowhere, cannot be read"));
});

test("a server that takes only TLS says so to a connection without", async () => {
  await expect(isEncrypted(url("sslmode=disable", "tls-only"))).rejects.toMatchObject(
    refusal("If it wants TLS, add sslmode=verify-full"),
  );
  expect(await isEncrypted(url(`sslrootcert=${authority.file}`, "tls-only"))).toBe(true);
});

test("a password is never sent as it is to a server that is not verified", async () => {
  const refused = refusal("asks for the password in clear text");
  await expect(isEncrypted(url("sslmode=require", "cleartext:a%23b"))).rejects.toMatchObject(refused);
  expect(await isEncrypted(url(`sslrootcert=${authority.file}`, "cleartext:a%23b"))).toBe(true);
  expect(await isEncrypted(url("sslmode=disable", "cleartext:a%23b"))).toBe(false);
  expect(await isEncrypted(url("sslmode=require", "scram:a#b"))).toBe(true);
  // Any user of this machine may listen on the port while PostgreSQL does not.
  await expect(isEncrypted(url("", "cleartext:a%23b", "127.0.0.1"))).rejects.toMatchObject(refused);
});

test("the password comes from a file, PGPASSWORD or a passfile; without one, the error says so", async () => {
  const address = url(`sslrootcert=${authority.file}`, "scram");
  await expect(isEncrypted(address)).rejects.toMatchObject(refusal("asks for the password of scram"));
  vi.stubEnv("PGPASSWORD", "a#b");
  expect(await isEncrypted(address)).toBe(true);
  vi.stubEnv("PGPASSWORD", undefined);

  const file = join(folder, "password");
  writeFileSync(file, "a#b\n", { mode: 0o600 });
  expect(await isEncrypted(address, file)).toBe(true);
  writeFileSync(file, "wrong");
  await expect(isEncrypted(address, file)).rejects.toMatchObject(refusal("refused the user or the password"));
  chmodSync(file, 0o644);
  await expect(isEncrypted(address, file)).rejects.toMatchObject(refusal("Others may read the password file"));

  const passfile = join(folder, ".pgpass");
  writeFileSync(passfile, `# a comment\nother:*:*:*:no\n${REMOTE}:${server.port}:*:scram:a#b\n`, { mode: 0o600 });
  expect(await isEncrypted(address)).toBe(true);
  writeFileSync(passfile, "*:*:*:*:a\\:b\n");
  await expect(isEncrypted(address)).rejects.toMatchObject(refusal("refused the user or the password"));
  const elsewhere = join(folder, "elsewhere");
  writeFileSync(elsewhere, "*:*:postgres:scram:a#b\n", { mode: 0o600 });
  vi.stubEnv("PGPASSFILE", elsewhere);
  expect(await isEncrypted(address)).toBe(true);
});

test("a wrong host name is refused, unless the mode looks at the authority only", async () => {
  await server.restartWithTls(otherName.files);
  const root = `sslrootcert=${authority.file}`;
  await expect(isEncrypted(url(root))).rejects.toMatchObject(refusal("for another host name"));
  expect(await isEncrypted(url(`sslmode=verify-ca&${root}`))).toBe(true);
  // As the authority alone does not say who answers, it is not trusted with a password.
  const refused = refusal("asks for the password in clear text");
  await expect(isEncrypted(url(`sslmode=verify-ca&${root}`, "cleartext:a%23b"))).rejects.toMatchObject(refused);
});

test("an expired certificate and one of another authority are refused", async () => {
  await server.restartWithTls(expired.files);
  await expect(isEncrypted(url(`sslrootcert=${authority.file}`))).rejects.toMatchObject(refusal("has expired"));
  await server.restartWithTls(stranger.files);
  const unknown = refusal("not one of an authority that is trusted here");
  await expect(isEncrypted(url(`sslrootcert=${authority.file}`))).rejects.toMatchObject(unknown);
});

test("a server without TLS is refused, and gets no password", async () => {
  await server.restartWithTls(undefined);
  for (const mode of ["", "sslmode=require", `sslrootcert=${authority.file}`]) {
    await expect(isEncrypted(url(mode, "cleartext:a%23b"))).rejects.toMatchObject(
      refusal("does not take TLS connections"),
    );
  }
});
