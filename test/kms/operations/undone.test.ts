import type { AuditEvent, KeyProvider } from "lanelock/kms";
import { beforeEach, expect, test } from "vitest";
import { openKms, TestClock } from "../open-kms.ts";
import { softwareAsHsm } from "../software-as-hsm.ts";

/** An object that no row names would never leave the token: if its key or version is not made, it is destroyed. */
let made: string[];
let destroyed: string[];
let destructionFails: boolean;
beforeEach(() => {
  [made, destroyed, destructionFails] = [[], [], false];
});

/** The provider of software keys as one of a token's level, whose objects are counted. */
function counted(): KeyProvider {
  const nameOf = (handle: Uint8Array) => Buffer.from(handle).toString("hex");
  return softwareAsHsm((own) => ({
    async createKey(request) {
      const object = await own.createKey(request);
      made.push(nameOf(object.handle));
      return object;
    },
    async destroyKey({ binding, handle }) {
      if (destructionFails) throw new Error("no");
      destroyed.push(`${binding.purpose} ${nameOf(handle)}`);
    },
  }));
}

test("the object of a key that could not be written, and the first error is the answer", async () => {
  let logFails = true;
  const audit = (_event: AuditEvent) => {
    if (logFails) throw new Error("down");
  };
  await using kms = await openKms({ hsm: counted(), audit });
  const create = (origin: "Aliyun_KMS" | "EXTERNAL" = "Aliyun_KMS") =>
    kms.createKey({ protectionLevel: "HSM", origin });
  await expect(create()).rejects.toMatchObject({ code: "ERR_AUDIT" });
  expect(destroyed).toEqual([`key ${made[0]}`]);
  destructionFails = true;
  await expect(create()).rejects.toMatchObject({ code: "ERR_AUDIT" });
  await expect(create("EXTERNAL")).rejects.toMatchObject({ code: "ERR_AUDIT" });
  logFails = false;
  expect((await kms.listKeys()).totalCount).toBe(0);
  await create();
  expect([made.length, destroyed.length]).toEqual([3, 1]);
});

test("the object of a version that another call made first", async () => {
  const time = new TestClock();
  await using kms = await openKms({ hsm: counted(), clock: time.clock });
  const { keyId } = (await kms.createKey({ protectionLevel: "HSM", keySpec: "EC_P256" })).keyMetadata;
  for (const fails of [false, true]) {
    destructionFails = fails;
    time.advance({ days: 7 });
    const answers = await Promise.allSettled([1, 2, 3].map(() => kms.createKeyVersion({ keyId })));
    const refusals = answers.filter((answer) => answer.status === "rejected").map(({ reason }) => reason.code);
    expect(refusals).toEqual(["Rejected.UnsupportedOperation", "Rejected.UnsupportedOperation"]);
    expect(made.length).toBe(fails ? 7 : 4);
  }
  expect(destroyed).toHaveLength(2);
  expect(made).toEqual(expect.arrayContaining(destroyed.map((name) => name.replace("key ", ""))));
  expect((await kms.listKeyVersions({ keyId })).totalCount).toBe(3);
});
