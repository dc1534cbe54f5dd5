import { createHmac, hkdfSync } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type KmsOptions, rewrapStore } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createKeyId, openKms, rootKey } from "../open-kms.ts";

let directory: string;
let path: string;
let log: string;
const newRootKey = new Uint8Array(32).fill(77);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lanelock-chains-"));
  path = join(directory, "keys.db");
  log = `${path}.audit.jsonl`;
});
afterEach(() => rmSync(directory, { recursive: true }));

const open = (options: Partial<KmsOptions> = {}) => openKms({ store: sqlStore({ path }), ...options });

function lengthPrefixed(...fields: string[]): Buffer {
  return Buffer.concat(
    fields.flatMap((field) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(Buffer.byteLength(field));
      return [length, Buffer.from(field)];
    }),
  );
}

/** What a holder of a root key can do to an audit file: rewrite it, with every seal made again. */
function rewritten(text: string, root: Uint8Array, change: (line: string) => string): string {
  const storeId: string = JSON.parse(text.slice(0, text.indexOf("\n"))).store;
  const salt = lengthPrefixed("lanelock store", storeId);
  const key = Buffer.from(hkdfSync("sha256", root, salt, lengthPrefixed(storeId, "", "", "audit"), 32));
  let mac: Uint8Array = Buffer.alloc(32);
  let block = "";
  let result = "";
  for (const line of text.split("\n").slice(0, -1)) {
    if (!line.startsWith('{"seal"')) {
      block += `${change(line)}\n`;
      continue;
    }
    mac = createHmac("sha256", key).update(mac).update(block).digest();
    result += `${block}${line.replace(/"mac":"[0-9a-f]{64}"/, `"mac":"${Buffer.from(mac).toString("hex")}"`)}\n`;
    block = "";
  }
  return result;
}

test("the key of an audit chain is the one that the test of forgeries derives", async () => {
  const kms = await open();
  await createKeyId(kms);
  await kms.close();
  const text = readFileSync(log, "utf8");
  expect(rewritten(text, rootKey, (line) => line)).toBe(text);
});

test("a holder of the old root key can rewrite lines neither before nor after its change", async () => {
  const kms = await open();
  await createKeyId(kms);
  await kms.close();
  await rewrapStore({ store: sqlStore({ path }), rootKey, newRootKey });
  const next = await open({ rootKey: newRootKey });
  await createKeyId(next);
  expect(await next.verify()).toMatchObject({ ok: true, problems: [] });
  await next.close();

  const closed = readdirSync(directory).find((name) => name.includes(".closed-")) ?? "";
  const files = [log, join(directory, closed)];
  expect(readFileSync(files[1] ?? "", "utf8")).toContain("RewrapStore");
  for (const file of files) {
    const whole = readFileSync(file, "utf8");
    const lies = [
      rewritten(whole, rootKey, (line) => line.replace("CreateKey", "DeleteKey")),
      // Another line at the end, under the old key.
      rewritten(`${whole}{"seq":9}\n{"seal":9,"mac":"${"0".repeat(64)}"}\n`, rootKey, (line) => line),
      whole.split("\n").slice(0, 2).join("\n"),
    ];
    for (const lie of lies) {
      writeFileSync(file, lie);
      await using opened = await open({ rootKey: newRootKey, audit: false });
      expect((await opened.verify()).ok).toBe(false);
    }
    writeFileSync(file, whole);
  }
  await using opened = await open({ rootKey: newRootKey });
  expect(await opened.verify()).toMatchObject({ ok: true });
});

test("chains end with every change of the root key, and all of them verify", async () => {
  const keys = [rootKey, newRootKey, new Uint8Array(32).fill(78), rootKey];
  for (const [i, key] of keys.entries()) {
    const kms = await open({ rootKey: key });
    await createKeyId(kms);
    await kms.close();
    const after = keys[i + 1];
    if (after) await rewrapStore({ store: sqlStore({ path }), rootKey: key, newRootKey: after });
  }
  await using opened = await open();
  const report = await opened.verify();
  expect(report).toMatchObject({ ok: true, problems: [] });
  expect(report.audit.files).toHaveLength(4);
});
