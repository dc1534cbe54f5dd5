import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryStore } from "lanelock/stores";
import { expect, test } from "vitest";
import { anchorFile } from "../../../src/kms/service/anchor-file.ts";
import { checkedOptions } from "../../../src/kms/service/options.ts";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { rootKey } from "../open-kms.ts";

const store = memoryStore();
const settingsOf = (options: object = {}) => checkedOptions({ store, rootKey, ...options });

test("absent options have the defaults that their descriptions name", () => {
  const { clock, root, ...settings } = settingsOf();
  expect(settings).toEqual({
    ...{ store, providers: [], audit: undefined, onAuditFailure: "fail", anchor: undefined, allowSeeding: false },
    ...{ limits: { maxKeys: 1_000, maxAgeMilliseconds: 300_000 }, checkMilliseconds: 250, sweepMilliseconds: 60_000 },
    realm: { regionId: "local", accountId: "0" },
  });
  expect(Math.abs(clock().getTime() - Date.now())).toBeLessThan(600_000);
  expect(root.name).toBe("the rootKey given");
});

test("given options are taken as they are, seconds as milliseconds", () => {
  const [hsm, external] = [new NodeCryptoProvider("HSM"), new NodeCryptoProvider("EXTERNAL")];
  const [clock, audit] = [() => new Date(5), () => undefined];
  const { root: _, ...settings } = settingsOf({
    ...{ hsm, external, clock, audit, onAuditFailure: "continue", allowSeeding: true, sweepSeconds: 0.001 },
    ...{
      cache: { maxKeys: 7, maxAgeSeconds: 1.5, checkMilliseconds: 0.5 },
      realm: { regionId: "cn-a", accountId: "1" },
    },
  });
  expect(settings).toEqual({
    ...{ store, providers: [hsm, external], clock, audit, onAuditFailure: "continue", anchor: undefined },
    ...{ limits: { maxKeys: 7, maxAgeMilliseconds: 1_500 }, checkMilliseconds: 0.5, sweepMilliseconds: 1 },
    ...{ allowSeeding: true, realm: { regionId: "cn-a", accountId: "1" } },
  });
  expect(settingsOf({ external }).providers).toEqual([external]);
  expect(settingsOf({ sweepSeconds: 2_147_483 }).sweepMilliseconds).toBe(2_147_483_000);
  for (const none of [false, "log.jsonl"] as const) expect(settingsOf({ audit: none }).audit).toBe(none);
  expect(settingsOf({ sweepSeconds: false }).sweepMilliseconds).toBe(false);
  expect(settingsOf({ onAuditFailure: "fail" }).onAuditFailure).toBe("fail");
});

test("the message for a wrong name says what there is, or what was meant", () => {
  const messageOf = (options: object) => {
    try {
      settingsOf(options);
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };
  expect(messageOf({ ROOTKEY: 1 })).toBe('Kms.open has no option "ROOTKEY". Did you mean "rootKey"?');
  expect(messageOf({ cache: { keys: 1 } })).toBe(
    'Kms.open has no option "cache.keys". There are: maxKeys, maxAgeSeconds, checkMilliseconds.',
  );
  expect(messageOf({ realm: null })).toBe("realm must be an object with: regionId, accountId.");
  expect(messageOf({ anchor: { File: "x" } })).toBe('Kms.open has no option "anchor.File". Did you mean "file"?');
});

test("an anchor is a file or two functions, and begins only where it is said", async () => {
  const file = settingsOf({ anchor: { file: "/x/keys.anchor" } }).anchor;
  expect([file?.begin, file?.place.name]).toEqual([false, "file /x/keys.anchor"]);
  expect(settingsOf({ anchor: { file: "x", begin: true } }).anchor?.begin).toBe(true);
  let text: string | undefined;
  const write = (next: string) => {
    text = next;
  };
  const functions = settingsOf({ anchor: { read: () => text, write, begin: false } }).anchor;
  expect([functions?.begin, functions?.place.name]).toEqual([false, "the functions given"]);
  expect(await functions?.place.read()).toBeUndefined();
  expect(await functions?.place.write("a")).toBeUndefined();
  expect(await functions?.place.read()).toBe("a");
});

test("an anchor is not both, and not one function alone", () => {
  const [read, write] = [() => undefined, () => undefined];
  for (const anchor of [{ file: "x", read }, { file: "x", write }, { file: "x", read, write }, { read }, { write }]) {
    expect(() => settingsOf({ anchor: anchor as never })).toThrow(expect.objectContaining({ code: "ERR_ARGUMENT" }));
  }
});

test("an anchor file is replaced as a whole, for its owner alone", async () => {
  const directory = mkdtempSync(join(tmpdir(), "lanelock-anchor-file-"));
  try {
    const path = join(directory, "keys.anchor");
    const place = anchorFile(path);
    expect(await place.read()).toBeUndefined();
    await place.write("a long text");
    await place.write("short");
    expect([await place.read(), readFileSync(path, "utf8")]).toEqual(["short", "short"]);
    expect([statSync(path).mode & 0o777, readdirSync(directory)]).toEqual([0o600, ["keys.anchor"]]);
    // A file that cannot be read is not one that is not there.
    await expect(anchorFile(directory).read()).rejects.toMatchObject({ code: "EISDIR" });
    await expect(anchorFile(join(path, "x")).write("a")).rejects.toMatchObject({ code: "ENOTDIR" });
  } finally {
    rmSync(directory, { recursive: true });
  }
});
