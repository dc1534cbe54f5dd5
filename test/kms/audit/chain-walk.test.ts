import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CHAIN_START, type ChainPoint, firstLine, walkChain } from "../../../src/kms/audit/chain-walk.ts";
import { StoreKeys } from "../../../src/kms/root/store-keys.ts";
import { materialCipher } from "../../../src/providers/software/index.ts";
import { rootKey } from "../open-kms.ts";

// Files made here by the format of chain-format.ts, with one thing wrong at a time.

const keys = new StoreKeys("store", rootKey, materialCipher);
const chainId = "chain";
const header = '{"chain":"chain","format":1,"store":"store","seq":0,"time":"2026-01-01T00:00:00.000Z"}';
const event = (sequence: number, note = "") => `{"seq":${sequence},"caller":"me"${note && `,"note":"${note}"`}}`;

let directory: string;
let path: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "lanelock-chain-"));
  path = join(directory, "audit.jsonl");
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Blocks of lines, each with its seal. */
function chain(...blocks: string[][]): string {
  let mac: Buffer = Buffer.alloc(32);
  let last = -1;
  return blocks
    .map((lines) => {
      const text = lines.map((line) => `${line}\n`).join("");
      last += lines.length;
      mac = createHmac("sha256", keys.auditKey(chainId)).update(mac).update(text).digest();
      return `${text}{"seal":${last},"mac":"${mac.toString("hex")}"}\n`;
    })
    .join("");
}

function walk(text: string, from: ChainPoint = CHAIN_START) {
  writeFileSync(path, text);
  const points: ChainPoint[] = [];
  return { ...walkChain({ path, keys, chainId, from, onPoint: (point) => points.push(point) }), points };
}

const blocks = [[header], [event(1), event(2)], [event(3, "é")]];
const whole = chain(...blocks);
const parts = [chain(...blocks.slice(0, 1)), chain(...blocks.slice(0, 2)), whole].map((text) =>
  Buffer.byteLength(text),
);

describe("a whole chain", () => {
  test("ends at its last seal, and every seal is a point of it", () => {
    const { end, unsealed, broken, points } = walk(whole);
    expect(points.map(({ sequence, length }) => [sequence, length])).toEqual(
      [0, 2, 3].map((one, i) => [one, parts[i]]),
    );
    expect(end).toEqual(points.at(-1));
    expect(Buffer.from(end.mac).toString("hex")).toBe(whole.slice(-67, -3));
    expect([unsealed, broken]).toEqual([0, undefined]);
  });

  test("is walked from any of its points to the same end", () => {
    const { points, end } = walk(whole);
    for (const point of points) expect(walk(whole, point).end).toEqual(end);
    // A walk believes where it begins, and sees what does not follow.
    const [first = CHAIN_START] = points;
    expect(walk(whole, { ...first, mac: new Uint8Array(32) }).broken).toBeDefined();
    expect(walk(whole, { ...first, sequence: 1 }).broken).toBeDefined();
  });

  test("may be longer than what is read at once, in lines that do not end where that does", () => {
    const many = Array.from({ length: 3_000 }, (_, index) => event(index + 1, "x".repeat(index % 97)));
    const text = chain([header], many, [event(3_001, "y".repeat(200_000))]);
    expect(text.length).toBeGreaterThan(5 * 65_536);
    const { end, unsealed, broken } = walk(text);
    expect([end.sequence, end.length, unsealed, broken]).toEqual([3_001, text.length, 0, undefined]);
  });

  test("of another key is broken from its first block on", () => {
    writeFileSync(path, whole);
    const others = new StoreKeys("store", new Uint8Array(32), materialCipher);
    const { end, broken } = walkChain({ path, keys: others, chainId, from: CHAIN_START });
    expect([end.sequence, broken]).toEqual([-1, expect.stringContaining("lines 0 to 0")]);
  });
});

test("what follows the last seal is counted, lines or part of one", () => {
  for (const tail of ["x", event(4), `${event(4)}\n`, `${event(4)}\n{"seal":4,"mac":"ab`]) {
    const { end, unsealed, broken } = walk(whole + tail);
    expect([end.sequence, unsealed, broken]).toEqual([3, Buffer.byteLength(tail), undefined]);
  }
  expect(walk("")).toMatchObject({ end: CHAIN_START, unsealed: 0 });
  // A file of one endless line does not fill memory.
  const endless = "x".repeat(3 * 2 ** 20);
  expect(walk(whole + endless).unsealed).toBe(endless.length);
});

describe("a chain is broken", () => {
  test("where a byte was changed, and up to there it is whole", () => {
    const { end, unsealed, broken } = walk(whole.replace('"seq":2,"caller":"me"', '"seq":2,"caller":"he"'));
    expect([end.sequence, unsealed]).toEqual([0, 0]);
    expect(broken).toContain("lines 1 to 2");
  });

  test("where a line is missing, twice, or in another place", () => {
    const lines = whole.split("\n");
    const without = lines.filter((line) => line !== event(1)).join("\n");
    expect(walk(without).broken).toContain("line 1");
    expect(walk(lines.flatMap((line) => (line === event(1) ? [line, line] : [line])).join("\n")).broken).toContain(
      "line 2",
    );
    const [a = "", b = ""] = [event(1), event(2)];
    expect(walk(whole.replace(`${a}\n${b}`, `${b}\n${a}`)).broken).toContain("line 1");
    expect(walk(whole.slice(header.length + 1)).broken).toBeDefined();
    expect(walk(chain([event(0)])).broken).toContain("line 0");
  });

  test("where a seal has another number, form or MAC", () => {
    for (const lie of ['{"seal":1,', '{"seal":03,', '{"seal":3 ,', '{"seal":4,']) {
      const { end, broken } = walk(whole.replace('{"seal":3,', lie));
      expect([end.sequence, broken]).toEqual([2, expect.stringContaining("lines 3 to 3")]);
    }
    const mac = whole.slice(-67, -3);
    expect(walk(whole.replace(mac, "0".repeat(64))).broken).toBeDefined();
  });
});

test("the first line of a file is at most 4,096 characters of it", () => {
  const first = (text: string) => {
    writeFileSync(path, text);
    return firstLine(path);
  };
  expect(first("")).toBe("");
  expect(first("ab")).toBe("ab");
  expect(first("ab\ncd\n")).toBe("ab");
  expect(first(`${"a".repeat(5_000)}\n`)).toBe("a".repeat(4_096));
});
