import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";
import { expect, test } from "vitest";
import { nodes } from "../capabilities/try-envelope.ts";

// The recipe of docs/envelope.md for Node's pipeline, with a forged message in small chunks. Duplex.fromWeb ends Node 20 and 22 with an
// unhandled error of Node's own now and then; this recipe must not, however often it is tried.

const root = fileURLToPath(new URL("../../", import.meta.url));
const [recipe] = /const through = [^;]*;/.exec(readFileSync(`${root}docs/envelope.md`, "utf8")) ?? [""];
const { code } = transformSync(recipe, { loader: "ts", format: "esm", target: "node20" });
const ROUNDS = 200;

test.each(nodes)("a forgery is ERR_AUTHENTICATION every time in $version", ({ path }) => {
  const program = `
    import { Readable, Writable } from "node:stream";
    import { pipeline } from "node:stream/promises";
    import { envelope } from "lanelock/envelope";
    const keyId = "k";
    const files = envelope({
      describeKey: async () => ({ keyMetadata: { keyId, keySpec: "Aliyun_AES_256" } }),
      generateDataKey: async () => ({ keyId, plaintext: new Uint8Array(32), ciphertextBlob: new Uint8Array(96) }),
      decrypt: async () => ({ keyId, plaintext: new Uint8Array(32) }),
      reEncrypt: async () => ({ keyId, ciphertextBlob: new Uint8Array(96) }),
    }, { keyId, segmentSize: 4096 });
    ${code}
    const message = await files.seal(new Uint8Array(20_000));
    const codes = {};
    for (let round = 0; round < ${ROUNDS}; round++) {
      const forged = message.slice();
      forged[168 + (round * 97) % (message.length - 168)] ^= 1;
      const size = [16, 100, 1_000, 4_112][round % 4];
      const chunks = function* () { for (let at = 0; at < forged.length; at += size) yield forged.subarray(at, at + size); };
      const sink = new Writable({ write: (chunk, encoding, done) => done() });
      const code = await pipeline(Readable.from(chunks()), through(files.openStream()), sink).then(() => "opened", (error) => error.code);
      codes[code] = (codes[code] ?? 0) + 1;
    }
    console.log(JSON.stringify(codes));`;
  const output = execFileSync(path, ["--input-type=module", "-e", program], { cwd: root, timeout: 300_000 });
  expect(JSON.parse(output.toString())).toEqual({ ERR_AUTHENTICATION: ROUNDS });
});
