import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("a process that has used threads ends by itself, closed or not, done or in the middle", () => {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const ways = ["", "await files.close();", "void files.seal(bytes).catch(() => {}); await files.close();"];
  for (const way of ways) {
    const code = `
      import { envelope } from "lanelock/envelope";
      const kms = {
        describeKey: async () => ({ keyMetadata: { keyId: "k", keySpec: "Aliyun_SM4" } }),
        generateDataKey: async () => ({ keyId: "k", plaintext: new Uint8Array(32), ciphertextBlob: new Uint8Array(96) }),
        decrypt: async () => ({ keyId: "k", plaintext: new Uint8Array(32) }),
        reEncrypt: async () => ({}),
      };
      const files = envelope(kms, { keyId: "k", workers: 2 });
      const bytes = new Uint8Array(4_000_000);
      await files.open(await files.seal(bytes));
      ${way}
      console.log("done");`;
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", code], { cwd: root, timeout: 120_000 });
    expect(output.toString()).toBe("done\n");
  }
});
