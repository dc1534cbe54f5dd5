import { randomBytes } from "node:crypto";
import { renameSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { pkcs11 } from "lanelock/pkcs11";
import { expect, test } from "vitest";
import { createSoftHsmToken, softHsmTokens } from "../../tokens/softhsm.ts";
import { binding, host, iv, outcome } from "../objects/key-objects.ts";
import { lookAt } from "../objects/token-objects.ts";

const token = createSoftHsmToken("shared");

test("with reinitialize: false a lost token's module is not restarted under other code of the process", async () => {
  const provider = pkcs11({ ...token, reinitialize: false });
  await provider.open(host);
  const bound = binding("Aliyun_AES_256");
  const { handle } = await provider.createKey({ binding: bound });
  const key = await provider.loadCipherKey({ binding: bound, handle });
  const request = { data: randomBytes(20), iv: iv("GCM") };
  await key.encrypt(request);
  const { api, slot } = lookAt(token);
  const others = api.C_OpenSession(slot, 4);

  renameSync(softHsmTokens, `${softHsmTokens}.away`);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await expect(outcome(() => key.encrypt(request))).rejects.toMatchObject({ code: "ERR_PROVIDER" });
  }
  rmSync(softHsmTokens, { recursive: true, force: true });
  renameSync(`${softHsmTokens}.away`, softHsmTokens);
  await sleep(1100);
  await outcome(() => key.encrypt(request)).catch(() => undefined);
  // A restart would have ended it.
  expect(api.C_GetSessionInfo(others).slotID).toEqual(slot);
  await provider.close();
});
