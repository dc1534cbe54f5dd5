import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ManagerConnection, readSecretFile } from "../../src/providers/external/connection.ts";
import { timesWiped, wipedDuring } from "../reference/wiped.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";

const secret = new Uint8Array(randomBytes(40));

test("a connection keeps a secret of its own, and wipes it when it is closed", async () => {
  const given = secret.slice();
  const credentials = { client: "orders", secret: given };
  const connection = await ManagerConnection.open({ url: "https://localhost:1", credentials });
  expect(timesWiped(await wipedDuring(() => connection.close()), secret)).toBe(1);
  expect(given).toEqual(secret);
});

test("a file with a secret is read, and every copy of its content is wiped", async () => {
  const content = Buffer.from(`${Buffer.from(secret).toString("base64")}\n`);
  const file = join(scratchFolder("secret-file"), "orders");
  writeFileSync(file, content, { mode: 0o600 });
  let read: Uint8Array | undefined;
  const wiped = await wipedDuring(async () => {
    read = await readSecretFile(file);
  });
  expect(read).toEqual(secret);
  // What the file system gave and the copy of it; the secret as Node decodes it.
  expect([timesWiped(wiped, content), timesWiped(wiped, secret)]).toEqual([2, 1]);
});
