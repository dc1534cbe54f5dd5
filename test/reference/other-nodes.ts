import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { SealInput } from "./openssl-modes.ts";

const folder = new URL("../nodes/node_modules/", import.meta.url);

/** Another Node, from `test/nodes`. */
export function nodeOfVersion(major: 22 | 24 | 26): string {
  const path = fileURLToPath(new URL(`node${major}/bin/node`, folder));
  if (!existsSync(path)) throw new Error(`Node ${major} is not installed: run \`npm ci --prefix test/nodes\``);
  return path;
}

/** Runs in Node 26: seals what standard input lists, one message a line, every field in base64. */
const program = `
  const { createCipheriv } = require("node:crypto");
  const bytes = (text) => Buffer.from(text, "base64");
  const lines = require("node:fs").readFileSync(0, "latin1").split("\\n").filter(Boolean);
  process.stdout.write(lines.map((line) => {
    const { key, nonce, plaintext, aad, tagLength } = JSON.parse(line);
    const cipher = createCipheriv("sm4-gcm", bytes(key), bytes(nonce), { authTagLength: tagLength });
    cipher.setAAD(bytes(aad));
    const ciphertext = Buffer.concat([cipher.update(bytes(plaintext)), cipher.final()]);
    return Buffer.concat([ciphertext, cipher.getAuthTag()]).toString("base64");
  }).join("\\n"));
`;

/** SM4-GCM of many messages by Node 26, whose OpenSSL has the mode: ciphertext ‖ tag of each. */
export function node26Sm4Gcm(inputs: readonly SealInput[]): Uint8Array<ArrayBuffer>[] {
  const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString("base64");
  const lines = inputs.map(({ key, nonce, plaintext, aad, tagLength = 16 }) =>
    JSON.stringify({ key: text(key), nonce: text(nonce), plaintext: text(plaintext), aad: text(aad), tagLength }),
  );
  const output = execFileSync(nodeOfVersion(26), ["-e", program], {
    input: lines.join("\n"),
    maxBuffer: 2 ** 30,
    encoding: "latin1",
  });
  return output.split("\n").map((line) => Uint8Array.from(Buffer.from(line, "base64")));
}
