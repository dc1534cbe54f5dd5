import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { systemTime } from "../../src/shared/timers.ts";
import { AppendedIds } from "../../src/stores/sql/appended-ids.ts";
import { batchAfter, encodeRecord, MAX_RECORD_IDS, records } from "../../src/stores/sql/id-records.ts";
import { BundledProgram } from "../reliability/bundled-process.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";

const MINUTE = 60_000;
const folder = scratchFolder("appended-ids");
let count = 0;
const newPath = () => join(folder, `${++count}.db.nonces`);
const entry = (minutes = 10) => ({ id: randomBytes(16), until: Date.now() + minutes * MINUTE });

let program: BundledProgram;
beforeAll(() => {
  program = new BundledProgram("test/stores/appended-ids-program.ts");
});
afterAll(() => program.dispose());
afterEach(() => void vi.restoreAllMocks());

/** Three processes claim the same ids at the same time, each in an order of its own. @returns how many took each id */
async function race(path: string, fileMilliseconds: number, rounds: number): Promise<number[]> {
  const children = [0, 1, 2].map(() => program.start([path, `${fileMilliseconds}`]));
  const takers: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const ids = Array.from({ length: 200 }, () => randomBytes(16).toString("hex"));
    const orders = children.map((_, index) => [...ids.slice(index * 60), ...ids.slice(0, index * 60)]);
    children.forEach((child, index) => {
      child.say(orders[index]?.join(" ") ?? "");
    });
    await Promise.all(children.map((child) => child.wrote(round)));
    const verdicts = children.map((child, index) => {
      const isNew = child.lines[round - 1] ?? "";
      return new Map(orders[index]?.map((id, at) => [id, isNew[at] === "1"]));
    });
    takers.push(...ids.map((id) => verdicts.filter((one) => one.get(id) === true).length));
  }
  for (const child of children) {
    expect(child.errors).toBe("");
    await child.kill();
  }
  return takers;
}

const ROUNDS = process.env.LANELOCK_LONG === "1" ? 500 : 15;

test("of three processes that claim an id at the same time, exactly one has it", async () => {
  const takers = await race(newPath(), 600_000, ROUNDS);
  expect(new Set(takers)).toEqual(new Set([1]));
});

test("while one file follows another every few batches, no id is taken twice, and few are taken by nobody", async () => {
  const path = newPath();
  const takers = await race(path, 0, ROUNDS);
  expect(readdirSync(folder).filter((name) => join(folder, name).startsWith(`${path}-`)).length).toBeGreaterThan(
    ROUNDS,
  );
  expect(Math.max(...takers)).toBe(1);
  expect(takers.filter((one) => one === 0).length).toBeLessThan(takers.length / 2);
});

test("of any number of ids that are claimed at once, each is new once", () => {
  const path = newPath();
  const [one, two] = [new AppendedIds(path), new AppendedIds(path)];
  const entries = Array.from({ length: 2_500 }, () => entry());
  expect(one.remember(entries)).toEqual(entries.map(() => true));
  expect(two.remember(entries)).toEqual(entries.map(() => false));
  expect(one.remember([])).toEqual([]);
  one.close();
  two.close();
});

test("what claims to have more ids than a record may have is not a record", () => {
  const [most, more] = [MAX_RECORD_IDS, MAX_RECORD_IDS + 1].map((length) => {
    const entries = Array.from({ length }, () => entry());
    return encodeRecord({ writer: new Uint8Array(8), batch: 1, at: 0, entries });
  });
  expect([...records(most ?? Buffer.of())]).toHaveLength(1);
  expect([...records(more ?? Buffer.of())]).toHaveLength(0);
});

test("a part of a record, or anything else in the file, hides no record after it", () => {
  const path = newPath();
  const [one, two] = [new AppendedIds(path), new AppendedIds(path)];
  expect(one.remember([entry()])).toEqual([true]);
  const lost = entry();
  const record = encodeRecord({ writer: randomBytes(8), batch: 1, at: Date.now(), entries: [lost, entry()] });
  const tails = [record.subarray(0, record.length - 1), record.subarray(0, 5), record.subarray(0, 40), randomBytes(99)];
  for (const tail of tails) {
    appendFileSync(`${path}-1`, tail);
    const taken = entry();
    expect([one.remember([taken]), two.remember([taken])]).toEqual([[true], [false]]);
    const other = entry();
    expect([two.remember([other]), one.remember([other])]).toEqual([[true], [false]]);
  }
  expect(one.remember([lost])).toEqual([true]);
  // The same part, followed at once by a whole record: its length reaches into that.
  appendFileSync(`${path}-1`, record.subarray(0, 60));
  expect(new AppendedIds(path).remember([lost])).toEqual([false]);
  for (const ids of [one, two]) ids.close();
});

test("a record whose bytes were changed is not read", () => {
  const path = newPath();
  const known = entry();
  const record = encodeRecord({ writer: randomBytes(8), batch: 1, at: Date.now(), entries: [known] });
  for (const at of [9, 13, 20, 26, 33, 40, record.length - 1]) {
    const changed = Buffer.from(record);
    changed[at] = (changed[at] ?? 0) ^ 1;
    appendFileSync(`${path}-1`, changed);
  }
  expect(new AppendedIds(path).remember([known])).toEqual([true]);
});

test("files whose ids have expired are deleted; those with ids that a request could still use are read again", () => {
  const path = newPath();
  const ids = new AppendedIds(path);
  const [short, long] = [entry(13), entry(50)];
  ids.remember([short]);
  const clock = vi.spyOn(systemTime, "now");
  const filesAfter = (minutes: number, id: ReturnType<typeof entry>) => {
    clock.mockReturnValue(Date.now() + minutes * MINUTE);
    expect(ids.remember([id])).toEqual([true]);
    return [1, 2].map((number) => existsSync(`${path}-${number}`));
  };
  expect(filesAfter(9, entry(40))).toEqual([true, false]);
  expect(filesAfter(11, long)).toEqual([true, true]);
  expect(filesAfter(15, entry(40))).toEqual([true, true]);
  expect(filesAfter(42, entry(60))).toEqual([false, true]);
  expect(new AppendedIds(path).remember([long, short])).toEqual([false, true]);
  ids.close();
});

test("a file that was deleted in use is begun again, and what it held is still known to those that read it", () => {
  const path = newPath();
  const [one, two] = [new AppendedIds(path), new AppendedIds(path)];
  const [first, second] = [entry(), entry()];
  expect([one.remember([first]), two.remember([second])]).toEqual([[true], [true]]);
  rmSync(`${path}-1`);
  expect(two.remember([first, second])).toEqual([false, false]);
  const third = entry();
  expect([two.remember([third]), one.remember([third])]).toEqual([[true], [false]]);
  expect(readFileSync(`${path}-1`).length).toBeGreaterThan(0);
  for (const ids of [one, two]) ids.close();
});

test("a file that another program cut is refused once, and then read again", () => {
  const path = newPath();
  const [one, two] = [new AppendedIds(path), new AppendedIds(path)];
  for (let i = 0; i < 9; i++) one.remember([entry(), entry()]);
  truncateSync(`${path}-1`, 10);
  const id = entry();
  expect(() => one.remember([id])).toThrow(expect.objectContaining({ code: "ERR_STORE" }));
  const other = entry();
  expect([two.remember([other]), one.remember([other])]).toEqual([[true], [false]]);
});

test("a process that was idle while several files came and went takes no id that others took", () => {
  const path = newPath();
  const [idle, busy] = [new AppendedIds(path), new AppendedIds(path)];
  idle.remember([entry(1)]);
  const clock = vi.spyOn(systemTime, "now");
  const soon = (minutes: number) => ({ id: randomBytes(16), until: Date.now() + minutes * MINUTE });
  for (let minutes = 0; minutes < 120; minutes += 11) {
    clock.mockReturnValue(Date.now() + minutes * MINUTE);
    expect(busy.remember([soon(minutes + 1)])).toEqual([true]);
  }
  expect([1, 2, 3].map((number) => existsSync(`${path}-${number}`))).toEqual([false, false, false]);
  const taken = soon(130);
  expect([busy.remember([taken]), idle.remember([taken])]).toEqual([[true], [false]]);
  const other = soon(130);
  expect([idle.remember([other]), busy.remember([other])]).toEqual([[true], [false]]);
  for (const ids of [idle, busy]) ids.close();
});

test("a file that was moved or replaced in use is read to its end by all that have it open", () => {
  const changes = [
    (file: string) => renameSync(file, `${file}.old`),
    (file: string) => {
      renameSync(file, `${file}.old`);
      writeFileSync(file, readFileSync(`${file}.old`).subarray(0, 10), { mode: 0o600 });
    },
    (file: string) => rmSync(file),
  ];
  for (const change of changes) {
    const path = newPath();
    const [one, two] = [new AppendedIds(path), new AppendedIds(path)];
    const [first, second] = [entry(), entry()];
    one.remember([first]);
    two.remember([second]);
    change(`${path}-1`);
    const third = entry();
    expect([one.remember([second, third]), two.remember([third, first])]).toEqual([
      [false, true],
      [false, false],
    ]);
    expect(new AppendedIds(path).remember([third])).toEqual([false]);
    for (const ids of [one, two]) ids.close();
  }
});

test("only a file of one's own takes ids: no link, pipe, folder, or file that everybody may write to", () => {
  const plants: [RegExp, (file: string) => void][] = [
    [/not a regular file/, (file) => symlinkSync(`${file}.elsewhere`, file)],
    [/not a regular file/, (file) => execFileSync("mkfifo", ["-m", "600", file])],
    [/not a regular file/, (file) => mkdirSync(file)],
    [
      /Everybody may write/,
      (file) => {
        writeFileSync(file, "");
        chmodSync(file, 0o666);
      },
    ],
  ];
  const descriptors = () => readdirSync("/proc/self/fd").length;
  for (const [message, plant] of plants) {
    const path = newPath();
    plant(`${path}-1`);
    const ids = new AppendedIds(path);
    const before = descriptors();
    for (let i = 0; i < 3; i++) expect(() => ids.remember([entry()])).toThrow(message);
    expect(descriptors()).toBe(before);
    expect(existsSync(`${path}-1.elsewhere`)).toBe(false);
  }
});

test("a file that is longer than any of lanelock is refused before it is read", () => {
  const path = newPath();
  writeFileSync(`${path}-1`, "", { mode: 0o600 });
  truncateSync(`${path}-1`, 2 ** 40);
  const refusal = expect.objectContaining({ code: "ERR_STORE", message: expect.stringContaining("delete the file") });
  expect(() => new AppendedIds(path).remember([entry()])).toThrow(refusal);
});

test("batches have numbers of 32 bits, and begin again", () => {
  expect([batchAfter(0), batchAfter(1), batchAfter(2 ** 32 - 1)]).toEqual([1, 2, 0]);
  for (const batch of [0, 2 ** 32 - 1]) {
    const bytes = encodeRecord({ writer: randomBytes(8), batch, at: 0, entries: [entry()] });
    expect([...records(bytes)].map((record) => record.batch)).toEqual([batch]);
  }
});
