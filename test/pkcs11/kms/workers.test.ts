import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { pkcs11 } from "lanelock/pkcs11";
import { expect, test } from "vitest";
import { scratchFolder } from "../../tokens/scratch-folder.ts";
import { createSoftHsmToken, softHsmConfiguration } from "../../tokens/softhsm.ts";
import { binding, host, iv } from "../objects/key-objects.ts";

const token = createSoftHsmToken("workers");
const built = new URL("../../../dist/providers/pkcs11/index.js", import.meta.url).href;
const { storeId } = host;
const folder = scratchFolder("workers");

/** A worker's program: makes a key and encrypts with it, many calls at once, and says how many came out right. */
const program = join(folder, "worker.mjs");
writeFileSync(
  program,
  `import { randomBytes } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { pkcs11 } from ${JSON.stringify(built)};
const { token, storeId, bound } = workerData;
const provider = pkcs11(token);
await provider.open({ storeId });
const { handle } = await provider.createKey({ binding: bound });
const key = await provider.loadCipherKey({ binding: bound, handle });
const rounds = await Promise.all(Array.from({ length: 100 }, async () => {
  const request = { data: randomBytes(20), iv: randomBytes(12) };
  return request.data.equals(await key.decrypt({ ...request, data: await key.encrypt(request) }));
}));
await provider.close();
parentPort.postMessage(rounds.filter(Boolean).length);
`,
);

async function runWorker(): Promise<number> {
  const bound = binding("Aliyun_AES_256");
  const worker = new Worker(program, { workerData: { token, storeId, bound } });
  const exited = once(worker, "exit");
  const [right] = await once(worker, "message");
  expect(await exited).toEqual([0]);
  return right;
}

test("several threads of a process use one token, and the end of one ends nothing for the others", async () => {
  const provider = pkcs11(token);
  await provider.open(host);
  const bound = binding("Aliyun_AES_256");
  const { handle } = await provider.createKey({ binding: bound });
  const key = await provider.loadCipherKey({ binding: bound, handle });
  const request = { data: randomBytes(20), iv: iv("GCM") };
  for (let round = 0; round < 2; round += 1) {
    expect(await Promise.all([runWorker(), runWorker()])).toEqual([100, 100]);
    const sealed = await key.encrypt(request);
    expect(Buffer.from(await key.decrypt({ ...request, data: sealed }))).toEqual(request.data);
  }
  await provider.close();
});

test("a process whose worker came first, and whose module outlives the worker, ends as it should", () => {
  const bindings = Array.from({ length: 3 }, () => binding("Aliyun_AES_256"));
  const main = join(folder, "main.mjs");
  writeFileSync(
    main,
    `import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { pkcs11 } from ${JSON.stringify(built)};
const [token, storeId, bindings] = ${JSON.stringify([token, storeId, bindings])};
for (const bound of bindings) {
  const worker = new Worker(${JSON.stringify(program)}, { workerData: { token, storeId, bound } });
  const [[right]] = await Promise.all([once(worker, "message"), once(worker, "exit")]);
  console.log(right);
  const provider = pkcs11(token);
  await provider.open({ storeId });
  await provider.close();
}
`,
  );
  const env = { ...process.env, SOFTHSM2_CONF: softHsmConfiguration };
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, [main], { encoding: "utf8", env });
  expect({ stdout, stderr, status, signal }).toEqual({
    stdout: "100\n100\n100\n",
    stderr: "",
    status: 0,
    signal: null,
  });
});
