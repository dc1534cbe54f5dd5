import { randomBytes, randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { BuiltServer } from "./built-server.ts";
import { Caller, percentile } from "./load.ts";
import { send, signedPath } from "./signed.ts";

const CONNECTIONS = 64;
const SECONDS = process.env.LANELOCK_LONG === "1" ? 60 : 3;

interface Sealed {
  readonly blob: string;
  readonly plaintext: string;
  readonly context: string;
}

test(`${CONNECTIONS} connections call for ${SECONDS} s without an error or a wrong answer`, async () => {
  await using server = await BuiltServer.start([], "--log-level", "silent");
  const created = await send(server.url, signedPath(server.owner, "CreateKey"));
  const { KeyId } = created.json.KeyMetadata as { KeyId: string };
  const milliseconds: number[] = [];
  const wrong: unknown[] = [];
  const end = performance.now() + SECONDS * 1_000;

  const connection = async (index: number) => {
    const caller = new Caller(server.url, server.owner);
    const sealed: Sealed[] = [];
    const timed = async (operation: string, parameters: Record<string, string>) => {
      const start = performance.now();
      const { status, json } = await caller.call(operation, parameters);
      milliseconds.push(performance.now() - start);
      if (status !== 200) wrong.push({ operation, status, json });
      return json;
    };
    while (performance.now() < end && wrong.length === 0) {
      const context = JSON.stringify({ connection: String(index), number: String(sealed.length) });
      const kind = randomInt(4);
      if (kind === 0) {
        const made = await timed("GenerateDataKey", { KeyId, EncryptionContext: context });
        sealed.push({ blob: String(made.CiphertextBlob), plaintext: String(made.Plaintext), context });
      } else if (kind === 1 || sealed.length === 0) {
        const plaintext = randomBytes(randomInt(1, 200)).toString("base64");
        const made = await timed("Encrypt", { KeyId, Plaintext: plaintext, EncryptionContext: context });
        sealed.push({ blob: String(made.CiphertextBlob), plaintext, context });
      } else {
        const one = sealed[randomInt(sealed.length)];
        if (one === undefined) continue;
        const opened = await timed("Decrypt", { CiphertextBlob: one.blob, EncryptionContext: one.context });
        if (opened.Plaintext !== one.plaintext) wrong.push({ opened, one });
      }
    }
    caller.close();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, index) => connection(index)));
  expect(wrong).toEqual([]);
  expect(milliseconds.length).toBeGreaterThan(CONNECTIONS);
  const [p50, p99] = [percentile(milliseconds, 0.5), percentile(milliseconds, 0.99)].map((one) => one.toFixed(1));
  console.log(
    `${milliseconds.length} requests on ${CONNECTIONS} connections in ${SECONDS} s: p50 ${p50} ms, p99 ${p99} ms`,
  );
  expect(await server.stop()).toBe(0);
});
