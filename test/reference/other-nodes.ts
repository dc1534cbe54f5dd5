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

/** Runs in Node 26: seals what standard input lists, one message a line, all bytes in base64. Of AES-SIV, the additional data is a list of
 * components, and the tag comes first. */
const program = `
  const { createCipheriv } = require("node:crypto");
  const bytes = (text) => Buffer.from(text, "base64");
  const lines = require("node:fs").readFileSync(0, "latin1").split("\\n").filter(Boolean);
  process.stdout.write(lines.map((line) => {
    const { name, key, nonce, plaintext, aad, tagLength } = JSON.parse(line);
    const isSiv = /^aes-[0-9]+-siv$/.test(name);
    const cipher = createCipheriv(name, bytes(key), isSiv ? null : bytes(nonce), { authTagLength: tagLength });
    const text = bytes(plaintext);
    for (const one of aad) cipher.setAAD(bytes(one), { plaintextLength: text.length });
    const ciphertext = Buffer.concat([cipher.update(text), cipher.final()]);
    const parts = isSiv ? [cipher.getAuthTag(), ciphertext] : [ciphertext, cipher.getAuthTag()];
    return Buffer.concat(parts).toString("base64");
  }).join("\\n"));
`;

/** A message for an AEAD that OpenSSL calls by `name`. */
export interface NativeInput extends Omit<SealInput, "aad"> {
  readonly name: string;
  /** One array; of AES-SIV, every component. */
  readonly aad: readonly Uint8Array[];
}

/** Many messages sealed by Node 26, whose OpenSSL has modes that earlier ones lack. */
export function node26Seal(inputs: readonly NativeInput[]): Uint8Array<ArrayBuffer>[] {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
  const lines = inputs.map(({ name, key, nonce, plaintext, aad, tagLength = 16 }) =>
    JSON.stringify({
      ...{ name, key: text(key), nonce: text(nonce), plaintext: text(plaintext), aad: aad.map(text), tagLength },
    }),
  );
  const output = execFileSync(nodeOfVersion(26), ["-e", program], {
    input: lines.join("\n"),
    maxBuffer: 2 ** 30,
    encoding: "latin1",
  });
  return output.split("\n").map((line) => Uint8Array.from(Buffer.from(line, "base64")));
}

/** SM4-GCM of many messages by Node 26: ciphertext ‖ tag of each. */
export function node26Sm4Gcm(inputs: readonly SealInput[]): Uint8Array<ArrayBuffer>[] {
  return node26Seal(
    inputs.map(({ aad, ...input }) => ({ ...input, name: "sm4-gcm", aad: [aad ?? new Uint8Array(0)] })),
  );
}
