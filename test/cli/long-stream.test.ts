import { execFileSync, spawn } from "node:child_process";
import { createHash, type Hash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { scratchFolder } from "../tokens/scratch-folder.ts";

// A stream of generated data through `lanelock seal | lanelock open`, in pipes, longer than any 32-bit count of bytes when it is
// run in full; both processes' memory as the kernel counted it.

const long = process.env.LANELOCK_LONG === "1";
const MIB = 2 ** 20;
const size = long ? 6 * 2 ** 30 : 768 * MIB;
/** Of a process: Node alone takes 50 to 90. It does not depend on the length. */
const MOST_MEMORY = 256 * MIB;

const at = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const binary = at("../../dist/cli/main.js");
const preload = new URL("report-peak-memory.mjs", import.meta.url).href;
const folder = scratchFolder("long-stream");
const environment = { PATH: process.env.PATH, LANELOCK_HOME: join(folder, "home") };

beforeAll(() => {
  for (const parameters of [["init"], ["keys", "create", "--alias", "alias/long"]]) {
    execFileSync(process.execPath, [binary, ...parameters], { env: environment });
  }
});

function start(name: string, ...parameters: string[]) {
  const peak = join(folder, `${name}-peak`);
  const child = spawn(process.execPath, ["--import", preload, binary, ...parameters], {
    env: { ...environment, PEAK_MEMORY_FILE: peak },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  return { child, ended, peakBytes: () => Number(readFileSync(peak, "utf8")) * 1_024 };
}

/** Data whose every MiB is another, and that costs little to make. */
async function generate(into: Writable, hash: Hash): Promise<void> {
  for (let at = 0; at < size; at += MIB) {
    const bytes = Buffer.alloc(MIB, at % 251);
    bytes.writeDoubleBE(at, 0);
    hash.update(bytes);
    if (!into.write(bytes)) await once(into, "drain");
  }
  into.end();
  await finished(into);
}

async function digest(from: Readable, hash: Hash): Promise<number> {
  let length = 0;
  for await (const bytes of from) {
    hash.update(bytes);
    length += bytes.length;
  }
  return length;
}

test("a stream of gigabytes is sealed and opened in flat memory", async () => {
  console.log(`${size / MIB} MiB through seal and open (6,144 MiB with LANELOCK_LONG=1)`);
  const sealing = start("seal", "seal", "--key", "alias/long");
  const opening = start("open", "open");
  const [sent, received] = [createHash("sha256"), createHash("sha256")];
  const [, , length] = await Promise.all([
    generate(sealing.child.stdin, sent),
    pipeline(sealing.child.stdout, opening.child.stdin),
    digest(opening.child.stdout, received),
  ]);
  expect([await sealing.ended, await opening.ended]).toEqual([
    [0, null],
    [0, null],
  ]);
  expect(length).toBe(size);
  expect(received.digest("hex")).toBe(sent.digest("hex"));
  const peaks = [sealing.peakBytes(), opening.peakBytes()];
  console.log(`at most ${peaks.map((peak) => Math.round(peak / MIB)).join(" and ")} MiB of memory`);
  for (const peak of peaks) {
    expect(peak).toBeGreaterThan(20 * MIB);
    expect(peak).toBeLessThan(MOST_MEMORY);
  }
});
