import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { installDependencies } from "../../tools/setup.mjs";
import { works } from "../capabilities/try-envelope.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { bundleSuitesForShell } from "./bundle-suites.ts";
import { expectPassed, type HostReport } from "./report.ts";

// Bun and Deno from npm, 200 MB of them: only `npm run test:long` installs them, into runtimes/. The short run holds Node to what
// it expects of the others.

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const scratch = scratchFolder("runtimes");
// Bun would follow the paths in this project's own, to the sources.
const tsconfig = join(scratch, "tsconfig.json");
writeFileSync(tsconfig, "{}");

type Command = readonly [program: string, ...flags: string[]];

const bun: Command = [here("runtimes/node_modules/@oven/bun-linux-x64/bin/bun"), `--tsconfig-override=${tsconfig}`];
/** With the permissions that docs/runtimes.md names. */
const deno: Command = [
  ...([here("runtimes/node_modules/@deno/linux-x64-glibc/deno"), "run", "--no-prompt"] as const),
  ...["--allow-read", "--allow-write", "--allow-env", "--allow-ffi", "--allow-sys"],
];

/** What a program prints as JSON. */
function answerOf([program, ...flags]: Command, ...parameters: string[]): unknown {
  const options = { encoding: "utf8", maxBuffer: 2 ** 26, timeout: 3_600_000 } as const;
  return JSON.parse(execFileSync(program, [...flags, ...parameters], options));
}

let stores = 0;
const useEntries = (command: Command) => {
  stores += 1;
  return answerOf(command, here("in-a-runtime.mjs"), join(scratch, `keys-${stores}.db`));
};

const stored = { opened: "twelve tulips", refused: "InvalidParameter" };
const inNode = {
  sealed: "sealed",
  memory: stored,
  sqlite: stored,
  keys: {
    "RSA_2048 RSA_PSS_SHA_256 message": true,
    "RSA_2048 RSA_PSS_SHA_256 digest": true,
    "RSA_2048 RSA_PKCS1_SHA_256 message": true,
    "RSA_2048 RSA_PKCS1_SHA_256 digest": true,
    "RSA_2048 RSAES_OAEP_SHA_256": "from another runtime",
    "EC_P256 ECDSA_SHA_256 message": true,
    "EC_P256 ECDSA_SHA_256 digest": true,
    "EC_P256 ECIES_DH_SHA_1_XOR_HMAC": "from another runtime",
    "EC_P256K ECDSA_SHA_256 message": true,
    "EC_P256K ECDSA_SHA_256 digest": true,
    "EC_P256K ECIES_DH_SHA_1_XOR_HMAC": "from another runtime",
  },
  envelopes: {
    ...{ aes: works, "aes native": works, "aes wasm": works, "aes native workers": works },
    ...{ sm4: works, "sm4 workers": works },
  },
};

test("Node: ciphers, a KMS in memory and on SQLite, asymmetric keys, and envelopes on threads", () => {
  expect(useEntries([process.execPath])).toEqual(inNode);
});

const long = process.env.LANELOCK_LONG === "1";
const suites = join(scratch, "suites.mjs");

if (long) {
  describe("other runtimes", () => {
    beforeAll(async () => {
      installDependencies("test/hosts/runtimes");
      const last = "runSuites().then((results) => print(JSON.stringify({ results, build: build() })));";
      writeFileSync(suites, await bundleSuitesForShell("runtime-prelude.ts", last));
    });

    test("Bun does all that Node does", () => {
      expect(useEntries(bun)).toEqual(inNode);
    });

    test("Deno does all but RSA signatures over a digest, and says what to give instead", () => {
      const refused = expect.stringMatching(/^UnsupportedOperation: .*give the message \(messageType RAW\)/);
      const digests = { "RSA_2048 RSA_PSS_SHA_256 digest": refused, "RSA_2048 RSA_PKCS1_SHA_256 digest": refused };
      expect(useEntries(deno)).toEqual({ ...inNode, keys: { ...inNode.keys, ...digests } });
    });

    test.each([
      ["Bun", bun, "relaxed"],
      ["Deno", deno, "relaxed"],
    ] as const)(
      "the engine's suites pass in %s",
      (name, command, build) => {
        const report = answerOf(command, suites) as HostReport;
        expectPassed(name, report);
        expect(report.build).toBe(build);
      },
      3_600_000,
    );
  });
}
