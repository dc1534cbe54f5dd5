import { Kms } from "lanelock/kms";
import { serve } from "lanelock/server";
import { sqlStore } from "lanelock/stores";
import { type Signer, signedPath } from "../../../test/server/signed.ts";
import type { PostgresServer } from "../../../test/stores/postgres-server.ts";
import { rootKey } from "./worker.ts";

const plaintext = new Uint8Array(32);

interface Cost {
  readonly statements: number;
  readonly walBytes: number;
}

/** Counts what each operation costs the store, with pg_stat_statements and the position of the write-ahead log. */
export async function countStatements(server: PostgresServer): Promise<void> {
  const url = server.createDatabase();
  const database = new URL(url).pathname.slice(1);
  server.sql(database, "create extension pg_stat_statements");
  const kms = await Kms.open({
    store: sqlStore({ url }),
    rootKey: rootKey(),
    sweepSeconds: false,
    cache: { checkMilliseconds: 250 },
  });
  const { keyMetadata } = await kms.createKey({});
  const { keyId } = keyMetadata;
  await kms.createAlias({ keyId, aliasName: "alias/one" });
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });

  const cost = async (times: number, work: (i: number) => Promise<unknown>): Promise<Cost> => {
    server.sql(database, "checkpoint");
    // The first change of a page after a checkpoint writes the whole page: not what an operation costs on average.
    await work(-1);
    server.sql(database, "select pg_stat_statements_reset()");
    const before = server.sql(database, "select pg_current_wal_insert_lsn()").trim();
    for (let i = 0; i < times; i++) await work(i);
    const bytes = server.sql(database, `select pg_current_wal_insert_lsn() - '${before}'::pg_lsn`);
    const calls = server.sql(
      database,
      "select coalesce(sum(calls), 0) from pg_stat_statements where query !~ 'pg_stat_statements|pg_current_wal|checkpoint'",
    );
    return { statements: Number(calls) / times, walBytes: Number(bytes) / times };
  };
  const show = async (name: string, times: number, work: (i: number) => Promise<unknown>) => {
    const { statements, walBytes } = await cost(times, work);
    console.log(`| ${name} | ${statements.toPrecision(3)} | ${Math.round(walBytes * 10) / 10} |`);
  };
  console.log("| operation | statements | bytes of WAL |\n|---|---|---|");
  const made: string[] = [];
  await show("CreateKey", 200, async () => made.push((await kms.createKey({})).keyMetadata.keyId));
  await show("CreateAlias", 200, (i) => kms.createAlias({ keyId, aliasName: `alias/n${i + 1}` }));
  await show("RotateKey", 100, () => kms.rotateKey({ keyId }));
  await show("DisableKey", 100, (i) => kms.disableKey({ keyId: made[i + 1] ?? "" }));
  await show("TagResource", 100, (i) =>
    kms.tagResource({ keyId, tags: [{ tagKey: `k${Math.abs(i) % 9}`, tagValue: `${i}` }] }),
  );
  await show("DescribeKey, not warm", 50, (i) => kms.describeKey({ keyId: made[i + 100] ?? "" }));
  await show("Encrypt, first use of a key", 40, (i) => kms.encrypt({ keyId: made[i + 150] ?? "", plaintext }));
  for (let i = 0; i < 300_000; i++) await kms.encrypt({ keyId, plaintext });
  await show("Encrypt, warm (100,000 calls)", 100_000, () => kms.encrypt({ keyId, plaintext }));
  await show("Decrypt, warm (100,000 calls)", 100_000, () => kms.decrypt({ ciphertextBlob }));
  await show("GenerateDataKey, warm (20,000 calls)", 20_000, () => kms.generateDataKey({ keyId }));
  {
    await using running = await serve({ kms, listen: { port: 0 }, log: () => undefined });
    const owner = await running.accessKeys.create({ name: "owner" });
    const ask = (signer: Signer) =>
      fetch(running.url + signedPath(signer, "Encrypt", { KeyId: keyId, Plaintext: "aGk=" }), { method: "POST" }).then(
        (answer) => answer.text(),
      );
    await show("signed Encrypt over HTTP, one client", 2_000, () => ask(owner));
    await show("signed Encrypt over HTTP, 64 at once (a batch each)", 50, () =>
      Promise.all(Array.from({ length: 64 }, () => ask(owner))),
    );
  }
  await kms.close();
}
