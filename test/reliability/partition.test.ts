import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Kms } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createKeyId, rootKey } from "../kms/open-kms.ts";
import { PostgresServer } from "../stores/postgres-server.ts";
import { CuttableProxy } from "./cut-connection.ts";

let server: PostgresServer;
let proxy: CuttableProxy;
let directory: string;
let silenced: Awaited<ReturnType<typeof silence>>;
beforeAll(async () => {
  server = await PostgresServer.start();
  proxy = await CuttableProxy.to(server.port);
  silenced = await silence();
});
afterAll(async () => {
  await proxy.close();
  await server.stop();
});
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lanelock-partition-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const plaintext = new Uint8Array(8);

/** The claim on the one audit file that is open, as the server sees it: an advisory lock of a connection. */
function claimHolder(database: string): { pid: number; port: number } {
  const query =
    "select pid, client_port from pg_stat_activity join pg_locks using (pid) " +
    `where locktype = 'advisory' and granted and datname = '${database}'`;
  const [pid, port] = server.sql("postgres", query).trim().split("|").map(Number);
  if (pid === undefined || port === undefined) throw new Error("nobody holds a claim");
  return { pid, port };
}

/** Takes the claim from the process that has it, without notice. */
async function loseClaim(database: string): Promise<void> {
  const { pid, port } = claimHolder(database);
  proxy.cut(port);
  server.sql("postgres", `select pg_terminate_backend(${pid})`);
  const left = `select count(*) from pg_locks where pid = ${pid}`;
  await expect.poll(() => server.sql("postgres", left).trim(), { timeout: 60_000 }).toBe("0");
}

function encryptions(file: string): number {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.includes('"operation":"Encrypt"')).length;
}

describe("a connection that broke without notice to its client", () => {
  test.each(["writes first", "writes second"])(
    "leaves two processes with one audit file for a moment: the one that had it %s, no line is lost or out of its chain",
    async (order) => {
      const url = server.createDatabase();
      const database = new URL(url).pathname.slice(1);
      const audit = join(directory, "audit.jsonl");
      const options = { rootKey, audit, sweepSeconds: false } as const;
      const cut = await Kms.open({
        ...options,
        store: sqlStore({ url: url.replace(`${server.port}`, `${proxy.port}`) }),
      });
      const keyId = await createKeyId(cut);
      await loseClaim(database);
      const heir = await Kms.open({ ...options, store: sqlStore({ url }) });

      const turns = order === "writes first" ? [cut, heir] : [heir, cut];
      let done = 0;
      for (let round = 0; round < 6; round++) {
        for (const kms of turns) {
          await kms.encrypt({ keyId, plaintext });
          done++;
          // Long enough for the event to be written before the other's.
          await sleep(120);
        }
      }
      await Promise.all([cut.close(), heir.close()]);

      await using auditor = await Kms.open({ ...options, store: sqlStore({ url }), audit: false });
      const report = await auditor.verifyAudit();
      expect(report.files.flatMap((file) => file.problems)).toEqual([]);
      expect(report.files.map((file) => file.location).sort()).toEqual([join(directory, "audit.2.jsonl"), audit]);
      expect(encryptions(audit) + encryptions(join(directory, "audit.2.jsonl"))).toBe(done);
    },
  );

  test("is noticed by itself, within seconds, by a process that goes on writing", async () => {
    const url = server.createDatabase();
    const audit = join(directory, "audit.jsonl");
    const store = sqlStore({ url: url.replace(`${server.port}`, `${proxy.port}`) });
    await using kms = await Kms.open({ rootKey, audit, sweepSeconds: false, store });
    const keyId = await createKeyId(kms);
    await loseClaim(new URL(url).pathname.slice(1));
    // Somebody else has the claim now, but writes nothing.
    const other = sqlStore({ url });
    await other.open();
    const name = readFileSync(audit, "utf8") && (await claimName(audit));
    const claim = await other.claim(name);
    expect(claim).toBeDefined();
    const moved = async () => {
      await kms.encrypt({ keyId, plaintext });
      return existsSync(join(directory, "audit.2.jsonl"));
    };
    await expect.poll(moved, { timeout: 120_000, interval: 100 }).toBe(true);
    await claim?.release();
    await other.close();
    expect(await kms.verifyAudit()).toMatchObject({ ok: true });
  });
});

test("a server that falls silent is reported as unreachable, and the next call finds it again", async () => {
  const { kms, keyId, waiting } = silenced;
  expect(await waiting).toMatchObject({ code: "ERR_STORE", message: expect.stringContaining("cannot be reached") });
  await kms.describeKey({ keyId });
  await kms.encrypt({ keyId, plaintext });
  await kms.close();
});

/** A KMS none of whose connections passes anything any more, and a call of it that waits, while the other tests run. */
async function silence() {
  const url = server.createDatabase();
  const store = sqlStore({ url: url.replace(`${server.port}`, `${proxy.port}`) });
  const kms = await Kms.open({ rootKey, sweepSeconds: false, store });
  const keyId = await createKeyId(kms);
  const database = new URL(url).pathname.slice(1);
  const connections = `select client_port from pg_stat_activity where datname = '${database}'`;
  for (const port of server.sql("postgres", connections).trim().split("\n")) proxy.cut(Number(port));
  const waiting = kms.describeKey({ keyId }).catch((error: unknown) => error);
  return { kms, keyId, waiting };
}

/** What an audit file is claimed by. */
async function claimName(path: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(path));
  return `audit-${Buffer.from(digest).toString("hex").slice(0, 16)}`;
}
