import { Kms } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";
import { expect, test } from "vitest";
import { rootKey } from "../kms/open-kms.ts";
import { PostgresServer } from "../stores/postgres-server.ts";

test("without its synchronous standby the primary acknowledges no change; warm calls go on, and changes with the standby back", async () => {
  const primary = await PostgresServer.start();
  const url = primary.createDatabase();
  const standby = await PostgresServer.standbyOf(primary);
  try {
    await using kms = await Kms.open({ store: sqlStore({ url }), rootKey, sweepSeconds: false });
    const { keyId } = (await kms.createKey({})).keyMetadata;
    const plaintext = new Uint8Array(8);
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    await standby.kill();
    const change = kms.createKey({}).then(
      () => "acknowledged",
      (error: { code: string }) => error.code,
    );
    for (let i = 0; i < 5; i++) {
      expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(await change).toBe("ERR_STORE");
    await standby.run();
    await expect
      .poll(
        () =>
          kms.createKey({}).then(
            () => true,
            () => false,
          ),
        { timeout: 300_000 },
      )
      .toBe(true);
  } finally {
    await standby.stop();
    await primary.stop();
  }
});
