import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KmsOptions } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createKeyId, openKms } from "../open-kms.ts";

let directory: string;
let log: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lanelock-rotation-"));
  log = join(directory, "keys.db.audit.jsonl");
});
afterEach(() => rmSync(directory, { recursive: true }));

const open = (options: Partial<KmsOptions> = {}) =>
  openKms({ store: sqlStore({ path: join(directory, "keys.db") }), ...options });
const lines = (path: string): { seq?: number; chain?: string; after?: object; operation?: string }[] =>
  readFileSync(path, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
const operations = (path: string) => lines(path).flatMap(({ operation }) => operation ?? []);

describe("an audit file that is renamed while it is in use", () => {
  test("is continued in a new file of its old name, which says what it continues", async () => {
    const kms = await open();
    const keyId = await createKeyId(kms);
    renameSync(log, `${log}.1`);
    await kms.disableKey({ keyId });
    expect(operations(`${log}.1`)).toEqual(["CreateKey"]);
    expect(operations(log)).toEqual(["DisableKey"]);
    const [header] = lines(log);
    expect(header?.after).toMatchObject({ chain: lines(`${log}.1`)[0]?.chain, seq: 1 });
    renameSync(log, `${log}.2`);
    await kms.enableKey({ keyId });
    await kms.close();
    const again = await open();
    await again.disableKey({ keyId });
    expect(operations(log)).toEqual(["EnableKey", "DisableKey"]);
    const report = await again.verify();
    expect(report).toMatchObject({ ok: true, problems: [] });
    expect(report.audit.files.map(({ location }) => location).sort()).toEqual([log, `${log}.1`, `${log}.2`]);
    await again.close();
  });

  test("is continued within a second also when nothing happens, and in a file that the rotation made", async () => {
    await using kms = await open();
    await createKeyId(kms);
    renameSync(log, `${log}.1`);
    await expect.poll(() => existsSync(log), { timeout: 60_000 }).toBe(true);
    renameSync(log, `${log}.2`);
    writeFileSync(log, "", { mode: 0o600 });
    await expect.poll(() => readFileSync(log, "utf8"), { timeout: 60_000 }).toContain('"after"');
    expect(await kms.verify()).toMatchObject({ ok: true });
  });

  test("must be whole: lines cut from its end, changed, or the file gone, are found", async () => {
    const kms = await open();
    const keyId = await createKeyId(kms);
    await kms.disableKey({ keyId });
    renameSync(log, `${log}.1`);
    await kms.enableKey({ keyId });
    await kms.close();
    await using opened = await open({ audit: false });
    const whole = readFileSync(`${log}.1`, "utf8");
    const broken = [
      `${whole.split("\n").slice(0, -3).join("\n")}\n`,
      whole.replace("DisableKey", "EnableKeyy"),
      whole.replace('"seal":1', '"seal":2'),
    ];
    for (const text of broken) {
      writeFileSync(`${log}.1`, text);
      expect(await opened.verify()).toMatchObject({ ok: false });
    }
    rmSync(`${log}.1`);
    expect(await opened.verify()).toMatchObject({ ok: false, problems: [expect.stringContaining("is not there")] });
    const elsewhere = join(directory, "moved.jsonl");
    writeFileSync(elsewhere, whole);
    expect(await opened.verify({ files: [elsewhere] })).toMatchObject({ ok: true });
  });

  test("is not continued in a file that another process has written", async () => {
    await using kms = await open();
    const keyId = await createKeyId(kms);
    renameSync(log, `${log}.1`);
    writeFileSync(log, "not ours\n");
    await expect(kms.disableKey({ keyId })).rejects.toMatchObject({ code: "ERR_AUDIT" });
    rmSync(log);
    await kms.disableKey({ keyId });
    expect((await kms.describeKey({ keyId })).keyMetadata.keyState).toBe("Disabled");
  });
});

describe("an audit file that is deleted while it is in use", () => {
  test("ends the KMS's work: every operation is refused, until it is opened again", async () => {
    const kms = await open();
    const keyId = await createKeyId(kms);
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext: new Uint8Array(1) });
    rmSync(log);
    const refused = { code: "ERR_AUDIT", message: expect.stringContaining("deleted") };
    await expect(kms.disableKey({ keyId })).rejects.toMatchObject(refused);
    for (let round = 0; round < 2; round++) {
      await expect(kms.decrypt({ ciphertextBlob })).rejects.toMatchObject(refused);
      await expect(kms.createKey({})).rejects.toMatchObject(refused);
    }
    expect(existsSync(log)).toBe(false);
    await expect(kms.close()).rejects.toMatchObject(refused);
    await using again = await open();
    expect((await again.describeKey({ keyId })).keyMetadata.keyState).toBe("Enabled");
    expect(await again.verify()).toMatchObject({ ok: false });
  });

  test("or cut, as copying and truncating does, is refused likewise", async () => {
    for (const length of [0, 100]) {
      const kms = await open({ audit: join(directory, `cut-${length}.jsonl`) });
      const keyId = await createKeyId(kms);
      truncateSync(join(directory, `cut-${length}.jsonl`), length);
      for (let i = 0; i < 3; i++)
        await expect(kms.describeKey({ keyId }).then(() => kms.createKey({}))).rejects.toBeDefined();
      await expect(kms.createKey({})).rejects.toMatchObject({
        code: "ERR_AUDIT",
        message: expect.stringContaining("cut"),
      });
      await kms.close().catch(() => undefined);
    }
  });

  test("is noticed by operations of the data plane within a second", async () => {
    const kms = await open();
    const keyId = await createKeyId(kms);
    rmSync(log);
    const encrypting = expect.poll(
      () => kms.encrypt({ keyId, plaintext: new Uint8Array(1) }).catch((error) => error.code),
      {
        timeout: 60_000,
      },
    );
    await encrypting.toBe("ERR_AUDIT");
    await kms.close().catch(() => undefined);
    expect(readdirSync(directory)).not.toContain("keys.db.audit.jsonl");
  });
});
