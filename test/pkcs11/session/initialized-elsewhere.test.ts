import { randomBytes } from "node:crypto";
import { pkcs11 } from "lanelock/pkcs11";
import { PKCS11 } from "pkcs11js";
import { expect, test } from "vitest";
import { Pkcs11Module } from "../../../src/providers/pkcs11/session/module.ts";
import { instrument } from "../../tokens/instrumented-module.ts";
import { createSoftHsmToken } from "../../tokens/softhsm.ts";
import { binding, host, iv, outcome } from "../objects/key-objects.ts";

const token = createSoftHsmToken("elsewhere");

test("a module that other code of the process initialized is used, and never restarted under it", async () => {
  const others = new PKCS11();
  others.load(token.module);
  others.C_Initialize({ flags: 2 });
  const module = await Pkcs11Module.load(token);
  const before = module.epoch;
  expect(module.restart()).toBe(false);
  const provider = pkcs11(token);
  await provider.open(host);
  const bound = binding("Aliyun_AES_256");
  const { handle } = await provider.createKey({ binding: bound });
  const key = await provider.loadCipherKey({ binding: bound, handle });
  const request = { data: randomBytes(20), iv: iv("GCM") };
  expect(await key.encrypt(request)).toHaveLength(36);
  expect([module.epoch, others.C_GetSlotList(true).length > 0]).toEqual([before, true]);

  // A begin call that failed for a reason that nothing restores is not made again.
  const calls = await instrument(token);
  calls.thrown = new Error("the driver broke");
  calls.failing = (name, index) => name === "C_EncryptInit" && calls.made.indexOf(name) === index;
  calls.made.length = 0;
  await expect(outcome(() => key.encrypt(request))).rejects.toMatchObject({ code: "ERR_PROVIDER" });
  expect(calls.made.filter((name) => name === "C_EncryptInit")).toHaveLength(1);
  calls.failing = undefined;
  expect(await key.encrypt(request)).toHaveLength(36);
  await provider.close();
});
