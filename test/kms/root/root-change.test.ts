import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Kms, type KmsOptions, rewrapStore } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";
import { afterEach, beforeEach, expect, test } from "vitest";
import { claimOn } from "../../../src/kms/audit/chained-file.ts";
import { ROOT_CHANGE } from "../../../src/kms/root/metadata.ts";
import { builtIn } from "../../../src/kms/service/built-in.ts";
import { openCore } from "../../../src/kms/service/open.ts";
import { checkedOptions } from "../../../src/kms/service/options.ts";
import { utf8 } from "../../../src/shared/utf8.ts";
import { createKeyId, openKms, rootKey } from "../open-kms.ts";

let directory: string;
let path: string;
const newRootKey = new Uint8Array(32).fill(77);
const plaintext = new Uint8Array(8);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lanelock-root-change-"));
  path = join(directory, "keys.db");
});
afterEach(() => rmSync(directory, { recursive: true }));

const open = (options: Partial<KmsOptions> = {}) => openKms({ store: sqlStore({ path }), ...options });

/** Calls until it is refused. @returns how many calls were answered, and the code of the refusal */
async function callUntilRefused(kms: Kms, keyId: string): Promise<{ answered: number; code: unknown }> {
  for (let answered = 0; ; answered++) {
    try {
      await kms.encrypt({ keyId, plaintext });
      if (answered % 50 === 0) await kms.updateKeyDescription({ keyId, description: `${answered}` });
    } catch (error) {
      return { answered, code: Object(error).code };
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function eventsOf(operation: string): number {
  const text = readdirSync(directory)
    .filter((name) => name.includes(".audit"))
    .map((name) => readFileSync(join(directory, name), "utf8"))
    .join("");
  return text.split(`"operation":"${operation}"`).length - 1;
}

test("processes that call while the root key is changed lose no line, and none follows the end of a chain", async () => {
  const [one, two, idle] = [await open(), await open(), await open()];
  const keyId = await createKeyId(one);
  const calls = Promise.all([callUntilRefused(one, keyId), callUntilRefused(two, keyId)]);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await rewrapStore({ store: sqlStore({ path }), rootKey, newRootKey });
  const ended = await calls;
  for (const { answered, code } of ended) {
    expect(answered).toBeGreaterThan(0);
    // The second if the root key had been changed before the next call began.
    expect(["ERR_STATE", "ERR_KEY"]).toContain(code);
  }
  // Once they have looked again, they know that it is another key.
  await expect
    .poll(() => idle.encrypt({ keyId, plaintext }).catch((error) => error.code), { timeout: 30_000 })
    .toBe("ERR_KEY");
  for (const kms of [one, two, idle]) await kms.close();
  expect(eventsOf("Encrypt")).toBe(ended.reduce((sum, { answered }) => sum + answered, 0));
  await using next = await open({ rootKey: newRootKey });
  expect(await next.verify()).toMatchObject({ ok: true, problems: [] });
  await next.encrypt({ keyId, plaintext });
});

test("a process that does not end its calls is named, nothing is changed, and the others go on", async () => {
  const kms = await open();
  const keyId = await createKeyId(kms);
  const stuck = await open();
  const [file] = (await stuck.verifyAudit()).files.map(({ location }) => location).filter((one) => one.includes(".2."));
  await stuck.close();
  const holder = sqlStore({ path });
  await holder.open();
  const claim = await holder.claim(claimOn(file ?? ""));
  expect(claim).toBeDefined();
  const change = { store: sqlStore({ path }), rootKey, newRootKey };
  await expect(rewrapStore({ ...change, waitSeconds: 1 })).rejects.toMatchObject({
    code: "ERR_STATE",
    message: expect.stringContaining(`still write these audit files: ${file}. Stop the processes`),
  });
  await expect
    .poll(
      () =>
        kms.encrypt({ keyId, plaintext }).then(
          () => "answered",
          (error) => error.code,
        ),
      { timeout: 30_000 },
    )
    .toBe("answered");
  expect(await kms.verify()).toMatchObject({ ok: true });
  await claim?.release();
  await holder.close();
  await rewrapStore(change);
  await kms.close();
  await using next = await open({ rootKey: newRootKey });
  expect(await next.verify()).toMatchObject({ ok: true, problems: [] });
});

test("if the process that changes the root key dies, the others go on after a time", async () => {
  const kms = await open();
  const keyId = await createKeyId(kms);
  const options = checkedOptions({ store: sqlStore({ path }), rootKey, audit: false, sweepSeconds: false });
  const { core, close } = await openCore(options, builtIn);
  await core.rows.write((rows) => rows.putMeta(ROOT_CHANGE, utf8(String(Date.now() + 3_000))));
  await close();
  await expect(open({ audit: false })).rejects.toMatchObject({ code: "ERR_STATE" });
  const answer = () =>
    kms.encrypt({ keyId, plaintext }).then(
      () => "answered",
      (error) => error.code,
    );
  await expect.poll(answer, { timeout: 30_000, interval: 20 }).toBe("ERR_STATE");
  await expect.poll(answer, { timeout: 60_000 }).toBe("answered");
  await kms.close();
  await using next = await open();
  expect(await next.verify()).toMatchObject({ ok: true, problems: [] });
});

test("the others wait for as long as the process that changes the root key lives", async () => {
  const kms = await open();
  const keyId = await createKeyId(kms);
  const options = checkedOptions({ store: sqlStore({ path }), rootKey, audit: false, sweepSeconds: false });
  const { core, close } = await openCore(options, builtIn);
  const claim = await core.rows.claim("root-change");
  const until = Date.now() + 2_000;
  await core.rows.write((rows) => rows.putMeta(ROOT_CHANGE, utf8(String(until))));
  const answer = () =>
    kms.encrypt({ keyId, plaintext }).then(
      () => "answered",
      (error) => error.code,
    );
  await expect.poll(answer, { timeout: 30_000, interval: 20 }).toBe("ERR_STATE");
  await new Promise((resolve) => setTimeout(resolve, until + 1_500 - Date.now()));
  expect(await answer()).toBe("ERR_STATE");
  await claim?.release();
  await expect.poll(answer, { timeout: 60_000 }).toBe("answered");
  await close();
  await kms.close();
});

test("an invalid wait is refused before anything is opened", async () => {
  for (const waitSeconds of [-1, Number.NaN, 3_601, "1" as unknown as number]) {
    const change = rewrapStore({ store: sqlStore({ path }), rootKey, newRootKey, waitSeconds });
    await expect(change).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
  }
});
