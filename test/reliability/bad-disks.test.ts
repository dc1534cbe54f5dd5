import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kms, type KmsOptions } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createKeyId, rootKey } from "../kms/open-kms.ts";
import { BundledProgram } from "./bundled-process.ts";

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lanelock-disk-"));
  path = join(directory, "keys.db");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = (options: Partial<KmsOptions> = {}) =>
  Kms.open({ store: sqlStore({ path }), rootKey, sweepSeconds: false, audit: false, ...options });
const plaintext = new Uint8Array(8);

describe("a damaged database", () => {
  test("a page overwritten anywhere is an error that says so, or was not needed; never a wrong answer", async () => {
    const kms = await open();
    const blobs: Uint8Array[] = [];
    const keyIds: string[] = [];
    for (let i = 0; i < 60; i++) {
      keyIds.push(await createKeyId(kms));
      blobs.push((await kms.encrypt({ keyId: keyIds[i] ?? "", plaintext: Uint8Array.of(i) })).ciphertextBlob);
    }
    await kms.close();
    const whole = join(directory, "whole.db");
    copyFileSync(path, whole);
    const pages = statSync(path).size / 4_096;
    expect(pages).toBeGreaterThan(10);
    let reported = 0;
    for (let page = 0; page < pages; page++) {
      const bytes = readFileSync(whole);
      bytes.fill(0xa5, page * 4_096, (page + 1) * 4_096);
      writeFileSync(path, bytes);
      for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
      reported += await useDamaged(keyIds, blobs);
    }
    expect(reported).toBeGreaterThan(10);
    copyFileSync(whole, path);
    await using restored = await open();
    for (const ciphertextBlob of blobs) await restored.decrypt({ ciphertextBlob });
  });

  /** How many uses were refused. What was not refused must have been right. */
  async function useDamaged(keyIds: readonly string[], blobs: readonly Uint8Array[]): Promise<number> {
    const refusal = /^(ERR_STORE|ERR_INTEGRITY|ERR_KEY|Forbidden\.KeyNotFound|Rejected\.PendingImport)$/;
    let refused = 0;
    const check = (error: unknown) => {
      expect(error).toMatchObject({ code: expect.stringMatching(refusal), message: expect.stringMatching(/.{20}/) });
      refused++;
    };
    const kms = await open().catch(check);
    if (!kms) return refused;
    for (const [i, ciphertextBlob] of blobs.entries()) {
      const opened = await kms.decrypt({ ciphertextBlob }).catch(check);
      if (opened) expect(opened).toMatchObject({ keyId: keyIds[i], plaintext: Uint8Array.of(i) });
    }
    await kms.createKey({}).catch(check);
    await kms.close().catch(check);
    return refused;
  }

  test("a file that is no database, a directory, and a path that is not there are not mistaken for a wrong key", async () => {
    writeFileSync(path, "this is not a database, however long it may be. ".repeat(200));
    await expect(open()).rejects.toMatchObject({
      code: "ERR_STORE",
      message: expect.stringContaining("not a database"),
    });
    const inDirectory = open({ store: sqlStore({ path: directory }) });
    await expect(inDirectory).rejects.toMatchObject({ code: "ERR_STORE" });
    const absent = open({ store: sqlStore({ path: join(directory, "no", "keys.db") }) });
    await expect(absent).rejects.toMatchObject({
      code: "ERR_STORE",
      message: expect.stringContaining("directory of the database file does not exist"),
    });
  });

  test("a database of a newer schema is left alone", async () => {
    await (await open()).close();
    const { default: LibsqlDatabase } = await import("libsql");
    const database = new LibsqlDatabase(path);
    database.exec("update lanelock_store set version = 99");
    database.close();
    await expect(open()).rejects.toMatchObject({
      code: "ERR_STORE",
      message: expect.stringContaining("newer lanelock"),
    });
  });

  test("nobody listens at the URL, or refuses the user", async () => {
    const nobody = open({ store: sqlStore({ url: "postgres://user:s3cret@127.0.0.1:9/keys" }) });
    await expect(nobody).rejects.toMatchObject({
      code: "ERR_STORE",
      message: expect.not.stringContaining("s3cret"),
    });
    for (const bad of [
      {},
      { path: "" },
      { path: ":memory:" },
      { url: "mysql://x" },
      { url: "nonsense" },
      { path: "a", url: "b" },
    ]) {
      expect(() => sqlStore(bad as never)).toThrow(expect.objectContaining({ code: "ERR_ARGUMENT" }));
    }
  });
});

describe("with programs of their own", () => {
  let program: BundledProgram;
  beforeAll(() => {
    program = new BundledProgram("test/reliability/fault-program.ts");
  });
  afterAll(() => program.dispose());

  const answers = (lines: readonly string[]) => lines.map((line) => JSON.parse(line));

  /** Starts it in a file system of its own, of 2 MiB, that only the program sees. */
  const onSmallDisk = (scenario: string) => {
    const mount = ["unshare", "-rm", "sh", "-c", `mount -t tmpfs -o size=2m none "${directory}" && exec "$0" "$@"`];
    return program.start([scenario, directory], { prefix: mount });
  };

  test("a full disk is reported, nothing acknowledged is lost, and it continues once there is space", async () => {
    const child = onSmallDisk("full-disk");
    const status = await child.ended();
    expect(child.errors).toBe("");
    expect(status).toBe(0);
    const [full, after] = answers(child.lines);
    expect(full).toMatchObject({ code: "ERR_STORE", message: expect.stringContaining("disk is full") });
    expect(full.created).toBeGreaterThan(5);
    expect(after).toMatchObject({ listed: full.created + 1, decrypted: full.created });
  });

  test("a process that found the disk full for its nonces misses none that others took afterwards", async () => {
    const child = onSmallDisk("full-nonces");
    expect([await child.ended(), child.errors]).toEqual([0, ""]);
    const [full, after] = answers(child.lines);
    expect(full).toMatchObject({ code: "ERR_STORE", message: expect.stringContaining("disk is full") });
    expect(after).toEqual({ two: [true], one: [false] });
  });

  test("a read-only database is reported, and works again when it is writable", async () => {
    const kms = await open();
    const keyId = await createKeyId(kms);
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    await kms.close();
    for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
    chmodSync(path, 0o400);
    // Root may write what is read-only; a read-only mount nobody may.
    const mount = ["unshare", "-rm", "sh", "-c", `mount --bind -o ro "${directory}" "${directory}" && exec "$0" "$@"`];
    const blob = Buffer.from(ciphertextBlob).toString("base64");
    const child = program.start(["read-only", directory, blob, keyId], { prefix: mount });
    await child.ended();
    expect(child.errors).toBe("");
    const [answer] = answers(child.lines);
    expect(answer).toMatchObject({ code: "ERR_STORE", message: expect.stringMatching(/read-only|cannot be opened/) });
    chmodSync(path, 0o600);
    await using again = await open();
    expect((await again.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
  });
});
