import fs, {
  appendFileSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { verifyAuditFiles } from "../../../src/kms/audit/verify.ts";
import {
  anchors,
  directory,
  event,
  files,
  keys,
  linesOf,
  lost,
  open,
  operationsOf,
  overtaken,
  path,
  problems,
  store,
  verify,
} from "./audit-folder.ts";

describe("a new file", () => {
  test("is for its owner alone, names its store, and is anchored at once", async () => {
    await open();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const [header, seal, ...rest] = linesOf();
    expect(header).toMatchObject({ format: 1, store: keys.storeId, seq: 0 });
    expect([seal.seal, rest]).toEqual([0, []]);
    const [anchor] = await anchors();
    const { size } = statSync(path);
    expect(anchor).toMatchObject({ chainId: header.chain, location: path, sequence: 0, length: size, at: 1_000 });
  });

  test("of a second process that runs at the same time has a number before its ending", async () => {
    await open();
    await open();
    expect(existsSync(join(directory, "audit.2.jsonl"))).toBe(true);
    const bare = join(directory, "log.d", "..", "log");
    await open(bare);
    await open(bare);
    expect([existsSync(join(directory, "log")), existsSync(join(directory, "log.2"))]).toEqual([true, true]);
    // The number is free again when the process that had it ends.
    await files[1]?.close();
    await open();
    expect(existsSync(join(directory, "audit.3.jsonl"))).toBe(false);
  });

  test("that cannot be made is refused with the reason", async () => {
    await expect(open(join(directory, "none", "audit.jsonl"))).rejects.toMatchObject({
      ...{ code: "ERR_AUDIT", message: expect.stringContaining("ENOENT"), cause: { code: "ENOENT" } },
    });
    // It holds no claim.
    await open();
    expect(existsSync(join(directory, "audit.2.jsonl"))).toBe(false);
  });
});

describe("blocks", () => {
  test("are numbered on, and anchored when asked", async () => {
    const file = await open();
    file.write([event("A"), event("B")], false);
    file.write([], true);
    file.write([event("C")], true);
    expect(linesOf().flatMap(({ seq }) => seq ?? [])).toEqual([0, 1, 2, 3]);
    expect(linesOf().flatMap(({ seal }) => seal ?? [])).toEqual([0, 2, 3]);
    expect((await anchors())[0]?.sequence).toBe(0);
    await file.anchor();
    expect((await anchors())[0]?.sequence).toBe(3);
    expect(await verify()).toMatchObject({ ok: true, files: [{ events: 3, unsealedBytes: 0 }] });
  });

  test("of any length and any characters are whole", async () => {
    const file = await open();
    for (const length of [1, 10, 1_000, 100, 5_000]) {
      file.write([{ ...event("A"), note: "é\u{1f600}".repeat(length) }, event("B")], false);
    }
    await file.anchor();
    expect(await problems()).toEqual([]);
    expect(linesOf().flatMap(({ note }) => note?.length ?? [])).toEqual([3, 30, 3_000, 300, 15_000]);
  });

  test("are written on after a short write, and leave nothing behind after a failed one", async () => {
    const file = await open();
    const { size } = statSync(path);
    const real = fs.writeSync.bind(fs) as (file: number, block: Uint8Array, offset?: number, length?: number) => number;
    const write = vi.spyOn(fs, "writeSync") as unknown as { mockImplementationOnce(how: typeof real): void };
    try {
      write.mockImplementationOnce((at, block) => real(at, block, 0, 10));
      write.mockImplementationOnce((at, block, offset = 0) => real(at, block, offset, 1));
      file.write([event("A")], true);
      expect(operationsOf()).toEqual(["A"]);
      const { size: before } = statSync(path);
      expect(before).toBeGreaterThan(size + 11);
      write.mockImplementationOnce((at, block) => real(at, block, 0, 10));
      write.mockImplementationOnce(() => {
        throw Object.assign(new Error("no space"), { code: "ENOSPC" });
      });
      expect(() => file.write([event("B")], true)).toThrow("no space");
      expect(statSync(path).size).toBe(before);
      file.write([event("C")], true);
    } finally {
      vi.restoreAllMocks();
    }
    await file.anchor();
    expect(operationsOf()).toEqual(["A", "C"]);
    expect(await problems()).toEqual([]);
  });

  test("go on in the same chain when the file is opened again", async () => {
    const first = await open();
    first.write([event("A")], true);
    await first.anchor();
    first.write([event("B")], true);
    await first.close();
    const second = await open();
    second.write([event("C")], true);
    await second.anchor();
    expect(operationsOf()).toEqual(["A", "B", "C"]);
    expect(await problems()).toEqual([]);
  });
});

describe("a file that a crash cut short", () => {
  test("is cut back to its last seal, which a note records", async () => {
    const file = await open();
    file.write([event("A")], true);
    await file.close();
    appendFileSync(path, '{"seq":2,"time"');
    await open();
    expect(operationsOf()).toEqual(["A", "AuditTailCut"]);
    expect(linesOf().find(({ note }) => note !== undefined)).toMatchObject({
      ...{ caller: "system", outcome: "OK", note: expect.stringMatching(/^15 bytes /) },
    });
    expect(await problems()).toEqual([]);
  });

  test("before its first seal is begun again", async () => {
    writeFileSync(path, '{"chain":"a","for');
    await open();
    expect(linesOf()[0]).toMatchObject({ store: keys.storeId, seq: 0 });
    expect(operationsOf()).toEqual(["AuditTailCut"]);
    expect(await problems()).toEqual([]);
  });
});

describe("a file that was changed while nobody had it open", () => {
  const refused = (problem: string) => ({ code: "ERR_AUDIT", message: expect.stringContaining(problem) });
  beforeEach(async () => {
    const file = await open();
    file.write([event("A")], true);
    file.write([event("B")], true);
    await file.anchor();
    file.write([event("C")], true);
    await file.close();
  });

  test("after its anchor is not continued", async () => {
    writeFileSync(path, readFileSync(path, "utf8").replace('"operation":"C"', '"operation":"D"'));
    await expect(open()).rejects.toMatchObject(refused("was changed"));
    expect(await problems()).toEqual([expect.stringContaining("lines 3 to 3 was changed")]);
  });

  test("and is shorter than its anchor is not continued", async () => {
    const [anchor] = await anchors();
    truncateSync(path, (anchor?.length ?? 0) - 1);
    await expect(open()).rejects.toMatchObject(refused("its end is missing"));
    expect(await problems()).toEqual([expect.stringMatching(/ends at event 1; event 2 was anchored/)]);
  });

  test("and ends at its anchor is continued", async () => {
    const [anchor] = await anchors();
    truncateSync(path, anchor?.length ?? 0);
    await open();
    expect(operationsOf()).toEqual(["A", "B"]);
    expect(await problems()).toEqual([]);
  });
});

describe("a file that loses events while it is written", () => {
  test("by deletion or cutting is not written any more, not even after recovery", async () => {
    for (const harm of [() => unlinkSync(path), () => truncateSync(path, statSync(path).size - 1)]) {
      const file = await open();
      harm();
      expect(() => file.check()).toThrow(lost);
      expect(() => file.write([event("A")], true)).toThrow(lost);
      await expect(file.recover()).rejects.toEqual(lost);
      await file.close();
      rmSync(path, { force: true });
    }
  });

  test("to another writer is not written until it is as this process left it", async () => {
    const file = await open();
    const { size } = statSync(path);
    appendFileSync(path, "x\n");
    expect(() => file.write([event("A")], true)).toThrow(overtaken);
    await file.recover().catch(() => undefined);
    truncateSync(path, size);
    await file.recover();
    file.write([event("B")], true);
    expect(operationsOf().filter((one) => one !== "AuditTailCut")).toEqual(["B"]);
  });

  test("when its claim is lost is claimed again before it is written", async () => {
    const claim = store.claim.bind(store);
    const state = { lost: false };
    let claims = 0;
    store.claim = async (name) => {
      claims++;
      const made = await claim(name);
      const own = state;
      return (
        made && {
          get lost() {
            return own.lost;
          },
          check: () => made.check(),
          release: () => made.release(),
        }
      );
    };
    const file = await open();
    await file.recover();
    // A claim that holds is kept.
    expect(claims).toBe(1);
    state.lost = true;
    expect(() => file.write([event("A")], true)).toThrow(overtaken);
    await expect(file.anchor()).resolves.toBeUndefined();
    state.lost = false;
    await file.recover();
    file.write([event("B")], true);
    expect(operationsOf()).toEqual(["B"]);
  });
});

test("the final anchor is of everything written, and nothing is left to anchor", async () => {
  const file = await open();
  file.write([event("A")], true);
  const { size } = statSync(path);
  expect(file.finalAnchor()).toMatchObject({ location: path, sequence: 1, length: size, at: 1_000 });
  await file.anchor();
  expect((await anchors())[0]?.sequence).toBe(0);
});

describe("verification", () => {
  test("names a file that is missing, is not an audit file, or is of another store", async () => {
    const file = await open();
    file.write([event("A")], true);
    await file.anchor();
    const other = join(directory, "other");
    expect(await problems(other)).toEqual(["the file is not there"]);
    writeFileSync(other, "hello\n");
    expect(await problems(other)).toEqual(["it does not begin as an audit file does"]);
    writeFileSync(other, `${JSON.stringify({ chain: "a", store: "b" })}\n`);
    expect(await problems(other)).toEqual(["it is the audit file of another store"]);
    expect(await problems(directory)).toEqual([expect.stringContaining("it cannot be read")]);
    unlinkSync(path);
    expect(await problems()).toEqual([expect.stringContaining("with 1 events or more, is not there")]);
    expect(await problems(path)).toEqual([
      ...[expect.stringContaining("is not there"), expect.stringContaining("is not there")],
    ]);
  });

  test("reports a chain that has no anchor", async () => {
    await open();
    const report = verifyAuditFiles({ anchors: [], keys, files: [path] });
    expect([report.ok, report.files[0]?.problems]).toEqual([false, ["the store has no anchor of this chain"]]);
    expect(report.files[0]?.anchoredAt).toBeUndefined();
    expect(verifyAuditFiles({ anchors: [], keys, files: [] })).toEqual({ ok: true, files: [] });
  });

  test("says up to when events are anchored, and how many bytes have no seal", async () => {
    const file = await open();
    file.write([event("A")], true);
    const [{ chain }] = linesOf();
    appendFileSync(path, "abc");
    const [report] = (await verify()).files;
    expect(report).toEqual({
      ...{ location: path, chainId: chain, events: 1, anchoredAt: new Date(1_000), unsealedBytes: 3, problems: [] },
    });
  });

  test("finds an anchor whose file says otherwise at the same length", async () => {
    await open();
    const [anchor] = await anchors();
    if (anchor === undefined) throw new Error("no anchor");
    for (const lie of [{ sequence: 1 }, { head: new Uint8Array(32) }]) {
      const report = verifyAuditFiles({ anchors: [{ ...anchor, ...lie }], keys, files: [] });
      expect(report.files[0]?.problems).toEqual([expect.stringContaining("was anchored")]);
    }
  });
});
