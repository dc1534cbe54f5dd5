import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { nodeOfVersion } from "../reference/other-nodes.ts";

// What node:crypto is asked for and what is left of it, in processes of their own that load the built package.

/**
 * Seals and opens messages of middle length, and lists the ciphers that node:crypto was asked for; then how many of the results of `update`
 * are left that are neither wiped nor given away.
 */
const keystream = `
  import crypto, { createCipheriv } from "node:crypto";
  const asked = [];
  const results = [];
  crypto.createCipheriv = (...args) => {
    asked.push(args[0]);
    const cipher = createCipheriv(...args);
    const update = cipher.update.bind(cipher);
    cipher.update = (data) => {
      const result = update(data);
      results.push(new Uint8Array(result.buffer));
      return result;
    };
    return cipher;
  };
  const { aesGcm } = await import("lanelock");
  const [key, nonce, text, into] = [32, 12, 1000, 1016].map((length) => new Uint8Array(length));
  const aead = aesGcm(key);
  const forged = aead.seal(nonce, text);
  forged[0] ^= 1;
  const askedByFirst = asked.length;
  for (let i = 0; i < 5; i += 1) {
    const sealed = aead.seal(nonce, text);
    aead.seal(nonce, text, { into });
    aead.open(nonce, sealed);
    try { aead.open(nonce, forged); } catch {}
  }
  const left = results.filter((bytes) => bytes.length > 0 && bytes.some((byte) => byte !== 0)).length;
  console.log(JSON.stringify({ askedByFirst, asked, results: results.length, left }));
`;

test("messages of middle length get keystream from one object of node:crypto, which is wiped", () => {
  for (const node of [process.execPath, nodeOfVersion(24)]) {
    const output = execFileSync(node, ["--input-type=module", "-e", keystream], {
      cwd: new URL("../..", import.meta.url),
      encoding: "utf8",
    });
    expect(JSON.parse(output)).toEqual({ askedByFirst: 0, asked: ["aes-256-ecb"], results: 20, left: 0 });
  }
});

/** How much more memory of results there is after sealing and opening 6 MiB in three ways, in bytes. */
const growth = `
  const { aesGcm } = await import("lanelock");
  const { aesCtr } = await import("lanelock/unauthenticated");
  const [key, nonce, counter] = [32, 12, 16].map((length) => new Uint8Array(length));
  const [text, into] = [new Uint8Array(2 ** 20), new Uint8Array(2 ** 20 + 16)];
  const sealed = aesGcm(key).seal(nonce, text);
  const run = () => {
    aesGcm(key).seal(nonce, text, { into });
    aesGcm(key).open(nonce, sealed, { into });
    aesCtr(key).encrypt(counter, text, { into });
  };
  run();
  gc();
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 6; i += 1) run();
  console.log(process.memoryUsage().arrayBuffers - before);
`;

test("memory that node:crypto allocates for results that are copied is given back at once", () => {
  const output = execFileSync(nodeOfVersion(24), ["--expose-gc", "--input-type=module", "-e", growth], {
    cwd: new URL("../..", import.meta.url),
    encoding: "utf8",
  });
  expect(Number(output)).toBeLessThan(2 ** 20);
});
