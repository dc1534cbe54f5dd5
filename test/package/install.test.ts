import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { scratchFolder } from "../tokens/scratch-folder.ts";
import { nodes } from "./nodes.ts";
import { pack } from "./packed.ts";
import { Project } from "./project.ts";

// What a user meets in the first five minutes, in an empty project, from the packed package.

const scratch = scratchFolder("install");
const tarballs = pack(scratch);

/** What a project may have of its own: the newest versions when this was written. */
const NEWEST = [
  ...["commander@15.1.0", "kysely@0.29.9", "libsql@0.5.29", "pg@8.23.1", "pkcs11js@2.1.7"],
  ...["fastify@5.12.8", "pino@10.4.0", "prom-client@15.1.3"],
];

const SEAL = `
  import { aesGcm } from "lanelock";
  const aead = aesGcm(new Uint8Array(32));
  console.log(new TextDecoder().decode(aead.open(new Uint8Array(12), aead.seal(new Uint8Array(12), Buffer.from("sealed")))));
  aead.dispose();`;

const ENCRYPT = `
  import { Kms } from "lanelock/kms";
  import { sqlStore } from "lanelock/stores";
  const rootKey = new Uint8Array(32).fill(7);
  const { STORE_URL: url } = process.env;
  const kms = await Kms.open({ store: sqlStore(url ? { url } : { path: "app.db" }), rootKey });
  const { keyId } = (await kms.createKey({})).keyMetadata;
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext: Buffer.from("encrypted") });
  console.log(new TextDecoder().decode((await kms.decrypt({ ciphertextBlob })).plaintext));
  await kms.close();`;

describe.each(nodes)("Node %s", (major, node) => {
  test("lanelock alone brings no database, seals, and its command answers at once", () => {
    const project = new Project(join(scratch, `alone-${major}`), node);
    project.install([tarballs.lanelock]);
    const installed = readdirSync(join(project.folder, "node_modules")).filter((name) => !name.startsWith("."));
    expect(installed.sort()).toEqual(["@noble", "commander", "lanelock"]);
    expect(project.run("seal.js", SEAL)).toBe("sealed");
    expect(project.lanelock(["--version"])).toMatchObject({ status: 0, stdout: "0.1.0\n", stderr: "" });
    const help = project.lanelock(["--help"]);
    expect(help).toMatchObject({ status: 0, stderr: "" });
    expect(help.stdout).toContain("Usage: lanelock");
  });

  test("a command names all the packages it lacks in one message, and leaves nothing behind", () => {
    const project = new Project(join(scratch, `alone-${major}`), node);
    const before = readdirSync(project.folder).sort();
    for (const [parameters, packages] of [
      [["init"], "kysely libsql"],
      [["keys", "list"], "kysely libsql"],
      [["init", "--store", "postgres://localhost/keys"], "kysely pg"],
    ] as const) {
      const { status, stdout, stderr } = project.lanelock(parameters);
      expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
      expect(stderr.trim().split("\n")).toEqual([
        expect.stringMatching(new RegExp(`^lanelock: ERR_DEPENDENCY: .*: npm install ${packages} \\(`)),
      ]);
    }
    const probe = ["hsm", "probe", "--module", "/nowhere.so", "--token-label", "t", "--pin-file", "pin"];
    expect(project.lanelock(probe).stderr).toMatch(
      /^lanelock: ERR_DEPENDENCY: hsm probe needs .*: npm install pkcs11js\n$/,
    );
    expect(readdirSync(project.folder).sort()).toEqual(before);
    expect(existsSync(join(project.folder, "home"))).toBe(false);
  });

  test("one command installs all that the command needs", () => {
    const project = new Project(join(scratch, `cli-${major}`), node);
    // lanelock-cli asks for lanelock by its version, which no registry has yet.
    project.install([tarballs.lanelock, tarballs.cli]);
    expect(project.lanelock(["init"])).toMatchObject({ status: 0, stderr: "" });
    expect(project.lanelock(["keys", "create", "--alias", "alias/orders"]).status).toBe(0);
    const sealed = project.lanelock(["encrypt", "--key", "alias/orders", "--base64"], "twelve tulips");
    expect(sealed).toMatchObject({ status: 0, stderr: "" });
    expect(project.lanelock(["decrypt", "--base64"], sealed.stdout)).toMatchObject({
      status: 0,
      stdout: "twelve tulips",
    });
  });

  test("it installs beside the newest versions of what it can use", () => {
    const project = new Project(join(scratch, `newest-${major}`), node);
    project.install([tarballs.lanelock, ...NEWEST]);
    expect(project.run("seal.js", SEAL)).toBe("sealed");
    expect(project.run("encrypt.js", ENCRYPT)).toBe("encrypted");
    // commander 15 needs Node 22: the command has its own.
    expect(project.lanelock(["--version"])).toMatchObject({ status: 0, stdout: "0.1.0\n" });
  });
});
