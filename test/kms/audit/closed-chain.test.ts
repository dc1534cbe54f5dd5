import fs, { appendFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { ChainedFile } from "../../../src/kms/audit/chained-file.ts";
import { StoreKeys } from "../../../src/kms/root/store-keys.ts";
import { materialCipher } from "../../../src/providers/software/index.ts";
import { trustedRows } from "../trusted-rows.ts";
import { directory, event, files, keys, linesOf, open, operationsOf, path, store } from "./audit-folder.ts";

afterEach(() => vi.restoreAllMocks());

/** The keys of the store under another root key, for which these chains are closed. */
function keysAfter(chains: readonly string[]): StoreKeys {
  const next = new StoreKeys(keys.storeId, new Uint8Array(32).fill(8), materialCipher);
  next.adoptClosedChains(keys.closeChains(next, chains));
  return next;
}

async function openUnder(next: StoreKeys, at = path): Promise<ChainedFile> {
  const file = await ChainedFile.open({ path: at, store: await trustedRows(store), keys: next, now: () => 1_000 });
  files.push(file);
  return file;
}

test.each([
  ["audit.jsonl", (chain: string) => `audit.closed-${chain}.jsonl`],
  ["a.b/log", (chain: string) => `a.b/log.closed-${chain}`],
])(
  "a file %s whose chain was closed is kept beside the new one, which says what it continues",
  async (name, archived) => {
    const at = join(directory, name);
    fs.mkdirSync(join(at, ".."), { recursive: true });
    const old = await open(at);
    expect(old.path).toBe(at);
    old.write([event("A"), event("B")], true);
    await old.close();
    const before = readFileSync(at, "utf8");
    const [{ chain }] = linesOf(at);
    const next = keysAfter([chain]);
    const file = await openUnder(next, at);
    file.write([event("C")], true);
    const kept = join(directory, archived(chain.slice(0, 8)));
    expect(readFileSync(kept, "utf8")).toBe(before);
    const [header] = linesOf(at);
    const [seal] = linesOf(kept).slice(-1);
    expect(header.after).toEqual({ chain, seq: 2, mac: seal.mac });
    expect([header.chain === chain, operationsOf(at)]).toEqual([false, ["C"]]);
  },
);

test("a file whose chain goes on is continued, and kept in its place", async () => {
  const old = await open();
  old.write([event("A")], true);
  await old.close();
  const file = await open();
  file.write([event("B")], true);
  expect([operationsOf(), linesOf().filter(({ chain }) => chain).length]).toEqual([["A", "B"], 1]);
  expect(readdirSync(directory)).toEqual(["audit.jsonl"]);
  expect(existsSync(path)).toBe(true);
});

/** The writes and syncs of every file from now on. */
function watched(): string[] {
  const order: string[] = [];
  const [write, sync] = [fs.writeSync, fs.fdatasyncSync];
  vi.spyOn(fs, "writeSync").mockImplementation(((...args: Parameters<typeof write>) => {
    order.push("write");
    return write(...args);
  }) as typeof write);
  vi.spyOn(fs, "fdatasyncSync").mockImplementation((descriptor) => {
    order.push("sync");
    sync(descriptor);
  });
  return order;
}

test("an event is on disk when it is said to be", async () => {
  const file = await open();
  const order = watched();
  file.write([event("A")], false);
  expect(order).not.toContain("sync");
  file.write([event("B")], true);
  expect(order.at(-1)).toBe("sync");
  expect(order.filter((step) => step === "sync")).toHaveLength(1);
  order.length = 0;
  // The events that were written before are on disk as well then.
  file.write([], true);
  expect(order).toEqual(["sync"]);
});

test("so is the note of a tail that a crash left and that was cut", async () => {
  const file = await open();
  file.write([event("A")], true);
  await file.close();
  appendFileSync(path, '{"seq":2');
  const order = watched();
  await open();
  expect(operationsOf()).toEqual(["A", "AuditTailCut"]);
  expect([order[0], order.at(-1)]).toEqual(["write", "sync"]);
});
