import { randomBytes } from "node:crypto";
import { pkcs11 } from "lanelock/pkcs11";
import { afterAll, afterEach, expect, test } from "vitest";
import { createFaultyToken } from "../../tokens/faulty-token.ts";
import { binding, host, iv, outcome } from "../objects/key-objects.ts";

const faulty = createFaultyToken("login");
afterEach(() => faulty.set("tokenFlags", 0));
afterAll(() => faulty.dispose());

const finalTry = 0x20000;
const locked = 0x40000;

test.each([
  ["says that the next wrong PIN locks it", finalTry, /locks its PIN at the next wrong one/],
  ["says that its PIN is locked", locked, /is locked; its security officer/],
])("a token that %s is sent no PIN, not even the right one", async (_what, flags, message) => {
  const before = faulty.get("logins");
  faulty.set("tokenFlags", flags);
  const provider = pkcs11(faulty.options);
  await expect(outcome(() => provider.open(host))).rejects.toMatchObject({
    code: "ERR_PROVIDER",
    message: expect.stringMatching(message),
  });
  expect(faulty.get("logins")).toBe(before);
  faulty.set("tokenFlags", 0);
  await provider.open(host);
  expect(faulty.get("logins")).toBe(before + 1);
  await provider.close();
});

test("a token that is on its last try when the login was lost is sent no PIN either, until it is opened again", async () => {
  const provider = pkcs11({ ...faulty.options, sessions: { max: 1 } });
  await provider.open(host);
  const bound = binding("Aliyun_AES_256");
  const { handle } = await provider.createKey({ binding: bound });
  const key = await provider.loadCipherKey({ binding: bound, handle });
  const request = { data: randomBytes(8), iv: iv("GCM") };
  await key.encrypt(request);
  const before = faulty.get("logins");
  faulty.set("tokenFlags", finalTry);
  faulty.again("logouts");
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await expect(outcome(() => key.encrypt(request))).rejects.toMatchObject({
      code: "ERR_PROVIDER",
      message: expect.stringContaining("not sent again until"),
    });
  }
  expect(faulty.get("logins")).toBe(before);
  await provider.close();
  faulty.set("tokenFlags", 0);
  const again = pkcs11(faulty.options);
  await again.open(host);
  expect(await (await again.loadCipherKey({ binding: bound, handle })).encrypt(request)).toHaveLength(24);
  await again.close();
});
