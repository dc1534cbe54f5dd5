import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { nodeOfVersion } from "../reference/other-nodes.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { createAccessKey, lanelock, ServerProcess } from "./server-process.ts";
import { type Signer, send, signedPath } from "./signed.ts";

// `lanelock serve --wide`, on a host that packs and on one that does not. What either seals the other opens.

const place = { home: join(scratchFolder("serve-wide"), "home") };
/** Base64 of 4,500 bytes, long enough for the loops of the wide build. */
const plaintext = "YWJj".repeat(1_500);
const NOTICE = "lanelock: This host does not pack vector operations, so --wide changes nothing.";
/** On x86. */
const hasAvx2 = /\bavx2\b/.test(readFileSync("/proc/cpuinfo", "utf8"));

let owner: Signer;
beforeAll(() => {
  lanelock(place, "init");
  owner = createAccessKey(place, "owner");
});

async function answerOf(server: ServerProcess, operation: string, parameters: Readonly<Record<string, string>>) {
  const { status, json } = await send(server.url, signedPath(owner, operation, parameters));
  expect(status, JSON.stringify(json)).toBe(200);
  return json;
}

/** Ciphertexts of two new keys, which the server opens itself. The engine does the work: keys for SM4 are on a token. */
async function sealed(server: ServerProcess): Promise<string[]> {
  const blobs: string[] = [];
  for (let keys = 0; keys < 2; keys += 1) {
    const { KeyMetadata } = await answerOf(server, "CreateKey", { KeySpec: "Aliyun_AES_256" });
    const { KeyId } = KeyMetadata as { KeyId: string };
    const { CiphertextBlob } = await answerOf(server, "Encrypt", { KeyId, Plaintext: plaintext });
    blobs.push(String(CiphertextBlob));
  }
  await expectOpens(server, blobs);
  return blobs;
}

async function expectOpens(server: ServerProcess, blobs: readonly string[]): Promise<void> {
  for (const CiphertextBlob of blobs) {
    expect(await answerOf(server, "Decrypt", { CiphertextBlob })).toMatchObject({ Plaintext: plaintext });
  }
}

/** A busy machine may compile the probe too late, which is taken for a host that does not pack: then once more. */
async function startOnNode24(): Promise<ServerProcess> {
  for (let tries = 1; ; tries += 1) {
    const server = await ServerProcess.start({ ...place, node: nodeOfVersion(24) }, "--wide");
    if (!server.log.includes(NOTICE) || tries === 20 || !hasAvx2) return server;
    await server.stop();
  }
}

test("Node 24 packs, Node 20 says that it does not, and both serve", async () => {
  const wide = await startOnNode24();
  const blobs = await sealed(wide);
  expect(await wide.stop()).toBe(0);
  expect(wide.log.includes(NOTICE)).toBe(!hasAvx2);
  expect(wide.log.filter((line) => !line.startsWith("{") && line !== NOTICE)).toEqual([]);

  const [major = ""] = process.versions.node.split(".");
  // Node 22 and earlier do not pack; the tests run on later ones, too.
  const plain = await ServerProcess.start(Number(major) < 24 ? place : { ...place, node: nodeOfVersion(22) }, "--wide");
  await expectOpens(plain, blobs);
  const others = await sealed(plain);
  expect(await plain.stop()).toBe(0);
  expect(plain.log.filter((line) => !line.startsWith("{"))).toEqual([NOTICE]);

  const again = await startOnNode24();
  await expectOpens(again, others);
  expect(await again.stop()).toBe(0);
});
