import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";
import { scratchFolder } from "../tokens/scratch-folder.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/**
 * A project in which lanelock is installed from its build, with what README's examples need: a store and a root key that another
 * process made. The examples are there as modules, `example-0.mjs` and on.
 */
export function installedFolder(): { folder: string; examples: string[] } {
  const folder = scratchFolder("realm");
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "lanelock"), { recursive: true });
  // A copy: test runners treat what lies in node_modules, by its real path, unlike the files of a project.
  for (const part of ["dist", "package.json"]) {
    cpSync(join(root, part), join(modules, "lanelock", part), { recursive: true });
  }
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (name !== "lanelock" && !name.startsWith("."))
      symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "vitest.config.mjs"), "export default {};");
  // The file that README's first example seals.
  writeFileSync(join(folder, "orders.txt"), "twelve tulips\n");
  const made = spawnSync(process.execPath, [join(modules, "lanelock/dist/cli/main.js"), "init", "--home", "."], {
    cwd: folder,
    encoding: "utf8",
  });
  if (made.status !== 0) throw new Error(`lanelock init failed: ${made.stderr}`);
  const text = readFileSync(join(root, "README.md"), "utf8");
  const examples = [...text.matchAll(/^```(js|ts)\n(.*?)^```$/gms)].map(([, , code = ""], index) => {
    const name = `example-${index}.mjs`;
    writeFileSync(join(folder, name), transformSync(code, { loader: "ts", format: "esm", target: "node20" }).code);
    return name;
  });
  if (examples.length < 2) throw new Error("README.md has fewer examples than it had");
  return { folder, examples };
}

/** A test file for any runner: the examples, and a KMS that is opened again, under the runner's own globals. */
export function realmTests(
  examples: readonly string[],
  { header, fake, postgres }: { header: string; fake: string; postgres?: string | undefined },
): string {
  return `
    ${header}
    import { openAsBlob, writeFileSync } from "node:fs";
    import { aesGcm } from "lanelock";
    import { envelope } from "lanelock/envelope";
    import { Kms } from "lanelock/kms";
    import { memoryStore, sqlStore } from "lanelock/stores";

    ${fake === "" ? "" : `beforeAll(() => ${fake});`}

    ${examples.map((name) => `test("README: ${name}", async () => { await import("./${name}"); });`).join("\n")}

    test.each(${JSON.stringify(["memory", "SQLite", ...(postgres ? ["PostgreSQL"] : [])])})("a KMS with a store in %s", async (kind) => {
      const rootKey = new Uint8Array(32).fill(7);
      const name = "realm-" + Math.random() + ".db";
      const memory = memoryStore();
      const other = () => sqlStore(kind === "SQLite" ? { path: name } : { url: ${JSON.stringify(postgres)} });
      const store = () => (kind === "memory" ? memory : other());
      const plaintext = new TextEncoder().encode("twelve tulips");
      const encryptionContext = { tenant: "42" };
      const kms = await Kms.open({ store: store(), rootKey });
      const { keyId } = (await kms.createKey({})).keyMetadata;
      const signing = (await kms.createKey({ keySpec: "EC_P256", keyUsage: "SIGN/VERIFY" })).keyMetadata;
      const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext, encryptionContext });
      const files = envelope(kms, { keyId });
      const large = new Uint8Array(3_000_000).fill(9);
      const sealed = await files.seal(large);
      expect((await files.open(sealed)).length).toBe(large.length);
      await files.close();
      await kms.close();

      const again = await Kms.open({ store: store(), rootKey });
      const opened = await again.decrypt({ ciphertextBlob, encryptionContext });
      expect(Array.from(opened.plaintext)).toEqual(Array.from(plaintext));
      const forged = Uint8Array.from(ciphertextBlob);
      forged[forged.length - 1] ^= 1;
      await expect(again.decrypt({ ciphertextBlob: forged, encryptionContext })).rejects.toMatchObject({ code: "InvalidParameter" });
      await expect(again.encrypt({ keyId, plaintext: "text" })).rejects.toMatchObject({ code: "InvalidParameter" });
      expect((await again.describeKey({ keyId: signing.keyId })).keyMetadata.keySpec).toBe("EC_P256");
      await again.close();
    });

    test("results of node:crypto are arrays of this realm", () => {
      const [native, wasm] = ["native", "wasm"].map((backend) => aesGcm(new Uint8Array(32), { backend }));
      const nonce = new Uint8Array(12);
      for (const length of [0, 100, 5000, 300000]) {
        const sealed = native.seal(nonce, new Uint8Array(length));
        expect(sealed instanceof Uint8Array && sealed.buffer instanceof ArrayBuffer).toBe(true);
        expect(sealed).toEqual(wasm.seal(nonce, new Uint8Array(length)));
        const opened = native.open(nonce, sealed);
        expect(opened instanceof Uint8Array && opened.buffer instanceof ArrayBuffer).toBe(true);
        expect(opened).toEqual(new Uint8Array(length));
      }
      const forged = wasm.seal(nonce, new Uint8Array(5000)).fill(1, 0, 1);
      expect(() => native.open(nonce, forged)).toThrow(expect.objectContaining({ code: "ERR_AUTHENTICATION" }));
    });

    test("openRange reads the host's Blobs, an iframe's and those of files", async () => {
      const kms = await Kms.open({ store: memoryStore(), rootKey: new Uint8Array(32).fill(7) });
      const { keyId } = (await kms.createKey({})).keyMetadata;
      const files = envelope(kms, { keyId });
      const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251);
      const sealed = await files.seal(bytes);
      writeFileSync("sealed.bin", sealed);
      const blobs = [await openAsBlob("sealed.bin"), new Blob([sealed])];
      if (globalThis.document !== undefined) {
        const frame = document.createElement("iframe");
        document.body.append(frame);
        const { Blob: Other } = frame.contentWindow;
        if (Other !== undefined && Other !== Blob) blobs.push(new Other([new frame.contentWindow.Uint8Array(sealed)]));
      }
      // jsdom's own reader of Blobs waits for a timer of its window, which does not run while it is faked.
      const faked = ${JSON.stringify(fake !== "")};
      for (const blob of blobs.filter((one) => !faked || one.arrayBuffer !== undefined)) {
        const page = await files.openRange(blob, 99_990, 20);
        expect(Array.from(page)).toEqual(Array.from(bytes.subarray(99_990, 100_010)));
      }
      await files.close();
      await kms.close();
    });

    test("errors are recognized by their code", () => {
      const aead = aesGcm(new Uint8Array(32));
      let code;
      try {
        aead.open(new Uint8Array(12), new Uint8Array(16));
      } catch (error) {
        code = error.code;
      }
      expect(code).toBe("ERR_AUTHENTICATION");
    });
  `;
}
