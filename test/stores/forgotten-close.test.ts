import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAuthority } from "../external/certificates.ts";
import { BundledProgram } from "../reliability/bundled-process.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { PostgresServer } from "./postgres-server.ts";

/** Ten times what it takes and more; an idle connection of the pool alone would keep the process for 10 seconds. */
const PATIENCE_MILLISECONDS = 5_000;

const folder = scratchFolder("forgotten");
let server: PostgresServer;
let program: BundledProgram;

beforeAll(async () => {
  server = await PostgresServer.start();
  await server.restartWithTls(createAuthority("Lanelock").issue("server", "IP:127.0.0.1").files);
  program = new BundledProgram(fileURLToPath(new URL("forgotten-close-program.ts", import.meta.url)));
});
afterAll(async () => {
  program.dispose();
  await server.stop();
});

test.each(["", "?sslmode=require"])(
  "a program that forgets to close a KMS on PostgreSQL%s ends by itself",
  async (how) => {
    const audit = join(folder, `audit${how.length}.jsonl`);
    const run = program.start([`${server.createDatabase()}${how}`, audit]);
    await run.wrote(1);
    expect([run.lines, run.errors]).toEqual([["done"], ""]);
    const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MILLISECONDS, "still running"));
    try {
      expect(await Promise.race([run.ended(), late])).toBe(0);
    } finally {
      await run.kill();
    }
    const operations = [...readFileSync(audit, "utf8").matchAll(/"operation":"(\w+)"/g)].map(([, name]) => name);
    expect(operations).toEqual(["CreateKey", "Encrypt", "Decrypt"]);
  },
);
