import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuditEvent, Capability, Kms } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { beforeEach, describe, expect, test } from "vitest";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { openKms } from "../open-kms.ts";

let kms: Kms;
let events: AuditEvent[];
beforeEach(async () => {
  events = [];
  kms = await openKms({ audit: (event) => void events.push(event) });
  return () => kms.close();
});
const argument = expect.objectContaining({ code: "ERR_ARGUMENT" });

describe("the same KMS on behalf of a caller", () => {
  test("is audited by the caller's name, of 1 to 256 characters", async () => {
    for (const caller of ["a", "x".repeat(256)]) {
      await kms.as(caller).createKey({});
      expect(events.at(-1)?.caller).toBe(caller);
    }
    await kms.createKey({});
    expect(events.at(-1)?.caller).toBe("local");
    for (const wrong of ["", "x".repeat(257), null, undefined, 5, ["a"], { length: 1 }]) {
      expect(() => kms.as(wrong as string)).toThrow(argument);
    }
  });
});

test("what the providers offer is listed under their names", async () => {
  const hsm = new NodeCryptoProvider();
  const offered: Capability = { keySpec: "Aliyun_AES_256", algorithm: "AES_CBC", custody: "token" };
  hsm.capabilities = () => [offered];
  await using both = await openKms({ hsm });
  const capabilities = both.capabilities();
  expect(capabilities).toContainEqual({ provider: "node:crypto", ...offered });
  const software = { provider: "software", keySpec: "Aliyun_AES_256", algorithm: "AES_GCM", custody: "software" };
  expect(capabilities).toContainEqual(software);
  expect(new Set(capabilities.map(({ provider }) => provider))).toEqual(new Set(["software", "node:crypto"]));
  expect(kms.capabilities().every(({ provider }) => provider === "software")).toBe(true);
});

test("leaving its block closes it", async () => {
  const store = memoryStore();
  let closes = 0;
  const close = store.close.bind(store);
  store.close = () => {
    closes++;
    return close();
  };
  let left: Kms;
  {
    await using inner = await openKms({ store });
    left = inner;
  }
  expect(closes).toBe(1);
  await expect(left.listKeys()).rejects.toMatchObject({ code: "ERR_STATE" });
});

describe("the files that a check is given", () => {
  test("are paths, at most 10,000", async () => {
    for (const request of [
      null,
      5,
      "x",
      { files: null },
      { files: "x" },
      { files: {} },
      { files: [5] },
      { files: [""] },
    ]) {
      await expect(kms.verify(request as never), JSON.stringify(request)).rejects.toMatchObject({
        code: "ERR_ARGUMENT",
      });
      await expect(kms.verifyAudit(request as never)).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
    }
    for (const files of [["a\0b"], new Array(10_001).fill("x")]) {
      await expect(kms.verify({ files })).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
    }
    for (const request of [undefined, {}, { files: undefined }, { files: [] }]) {
      expect(await kms.verify(request)).toMatchObject({ ok: true, audit: { files: [] } });
    }
  });

  test("are looked at", async () => {
    const directory = mkdtempSync(join(tmpdir(), "lanelock-files-"));
    try {
      const files = ["one", "two"].map((name) => join(directory, `${name}.jsonl`));
      for (const file of files) writeFileSync(file, "no chain\n");
      const { ok, audit } = await kms.verify({ files });
      expect([ok, audit.files.map(({ location }) => location)]).toEqual([false, files]);
      expect((await kms.verifyAudit({ files })).files).toHaveLength(2);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
