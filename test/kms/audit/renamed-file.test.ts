import { copyFileSync, mkdtempSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ChainedFile } from "../../../src/kms/audit/chained-file.ts";
import { trustedRows } from "../trusted-rows.ts";
import {
  anchors,
  directory,
  event,
  files,
  keys,
  linesOf,
  open,
  operationsOf,
  overtaken,
  path,
  problems,
  store,
  verify,
} from "./audit-folder.ts";

describe("a file that is renamed while it is written", () => {
  const moved = () => join(directory, "audit.1.jsonl");

  test("is continued under its old name, and both files verify wherever the old one is", async () => {
    const file = await open();
    file.write([event("A")], true);
    renameSync(path, moved());
    file.check();
    file.write([event("B")], true);
    await file.anchor();
    expect([operationsOf(moved()), operationsOf()]).toEqual([["A"], ["B"]]);
    const [before] = linesOf(moved());
    expect(linesOf()[0].after).toMatchObject({ chain: before.chain, seq: 1, mac: linesOf(moved()).at(-1).mac });
    expect((await anchors()).map(({ sequence }) => sequence).sort()).toEqual([1, 1]);
    const report = await verify();
    expect([report.ok, report.files.map(({ location }) => location).sort()]).toEqual([true, [moved(), path]]);
    // In a folder that nobody looks in it is missing, unless it is named.
    const elsewhere = join(mkdtempSync(join(directory, "old-")), "x");
    renameSync(moved(), elsewhere);
    expect(await problems()).toEqual([expect.stringContaining("with 1 events or more, is not there")]);
    expect(await problems(elsewhere)).toEqual([]);
  });

  test("while its anchor is written leaves an anchor of each file", async () => {
    const rows = await trustedRows(store);
    let meanwhile = () => {};
    const slow = {
      claim: (name: string) => rows.claim(name),
      storedAnchor: (chainId: string) => rows.storedAnchor(chainId),
      anchor: async (row: Parameters<typeof rows.anchor>[0]) => {
        meanwhile();
        return rows.anchor(row);
      },
    };
    const file = await ChainedFile.open({ path, store: slow, keys, now: () => 1_000 });
    files.push(file);
    file.write([event("A"), event("B")], true);
    meanwhile = () => {
      meanwhile = () => {};
      renameSync(path, moved());
      file.check();
    };
    await file.anchor();
    await file.anchor();
    const [{ chain: old }, { chain: next }] = [...linesOf(moved()).slice(0, 1), ...linesOf().slice(0, 1)];
    const anchored = (await anchors()).map(({ chainId, sequence }) => [chainId, sequence]);
    expect(new Map(anchored as [string, number][])).toEqual(
      new Map([
        [old, 2],
        [next, 0],
      ]),
    );
  });

  test("must end where the next one says", async () => {
    const file = await open();
    file.write([event("A")], true);
    const short = readFileSync(path);
    file.write([event("B")], true);
    renameSync(path, moved());
    file.check();
    await file.anchor();
    expect(await problems()).toEqual([]);
    writeFileSync(moved(), short);
    expect(await problems()).toEqual([
      expect.stringContaining("event 2 was anchored"),
      expect.stringContaining("ends at event 1; the file that continues it says event 2"),
    ]);
  });

  test("must end with the very event that the next one names", async () => {
    const file = await open();
    file.write([event("A")], true);
    const fork = join(directory, "fork.jsonl");
    copyFileSync(path, fork);
    // Another event of the same number, by a process that has the store's keys.
    const other = await open(fork);
    other.write([event("C")], true);
    await other.close();
    file.write([event("B")], true);
    renameSync(path, moved());
    file.check();
    await file.anchor();
    renameSync(fork, moved());
    expect(await problems()).toContainEqual(expect.stringContaining("its last event, 2, is another one than"));
  });

  test("is not continued in a file that has content", async () => {
    const file = await open();
    renameSync(path, moved());
    writeFileSync(path, "of another process\n");
    expect(() => file.check()).toThrow(overtaken);
    expect(readFileSync(path, "utf8")).toBe("of another process\n");
    unlinkSync(path);
    await file.recover();
    file.write([event("A")], true);
    expect(operationsOf()).toEqual(["A"]);
  });
});
