import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PostgresServer } from "../stores/postgres-server.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { createSoftHsmToken, softHsmConfiguration } from "../tokens/softhsm.ts";
import { pack } from "./packed.ts";
import { Project } from "./project.ts";

// Both ends of the ranges that package.json gives for optional packages, each put to work.

const scratch = scratchFolder("ranges");
const tarballs = pack(scratch);
const token = createSoftHsmToken("ranges");

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.stop());

const ENCRYPT = `
  import { Kms } from "lanelock/kms";
  import { memoryStore, sqlStore } from "lanelock/stores";
  const { STORE, TOKEN } = process.env;
  const hsm = TOKEN ? (await import("lanelock/pkcs11")).pkcs11(JSON.parse(TOKEN)) : undefined;
  const store = STORE ? sqlStore(JSON.parse(STORE)) : memoryStore();
  const kms = await Kms.open({ store, hsm, rootKey: new Uint8Array(32).fill(7) });
  const { keyId } = (await kms.createKey({ protectionLevel: hsm ? "HSM" : "SOFTWARE" })).keyMetadata;
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext: Buffer.from("encrypted") });
  await kms.rotateKey({ keyId });
  console.log(new TextDecoder().decode((await kms.decrypt({ ciphertextBlob })).plaintext));
  await kms.close();`;

test.each([
  ["oldest", ["kysely@0.28.0", "libsql@0.5.1", "pg@8.11.0"]],
  ["newest", ["kysely@0.29.9", "libsql@0.5.29", "pg@8.23.1"]],
])("SQLite and PostgreSQL work with the %s packages", (name, packages) => {
  const project = new Project(join(scratch, name));
  project.install([tarballs.lanelock, ...packages]);
  for (const store of [{ path: "keys.db" }, { url: server.createDatabase() }]) {
    expect(project.run("encrypt.js", ENCRYPT, { STORE: JSON.stringify(store) })).toBe("encrypted");
  }
});

test("a token works with the oldest pkcs11js; the newest is the one that every other test uses", () => {
  const project = new Project(join(scratch, "token"));
  project.install([tarballs.lanelock, "pkcs11js@2.1.0"], { scripts: true });
  const env = { TOKEN: JSON.stringify(token), SOFTHSM2_CONF: softHsmConfiguration };
  expect(project.run("encrypt.js", ENCRYPT, env)).toBe("encrypted");
});
