import { sqlStore } from "lanelock/stores";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PostgresServer } from "./postgres-server.ts";

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.stop());

test("two statements of one read see one state, whatever is committed between them", async () => {
  const url = server.createDatabase();
  const [reader, writer] = [sqlStore({ url }), sqlStore({ url })];
  await Promise.all([reader.open(), writer.open()]);
  try {
    const put = (value: number) => writer.write((rows) => rows.putMeta("a", new Uint8Array([value])));
    await put(1);
    const seen = await reader.read(async (rows) => {
      const first = await rows.meta("a");
      await put(2);
      return [first, await rows.meta("a")];
    });
    expect(seen).toEqual([new Uint8Array([1]), new Uint8Array([1])]);
    expect(await reader.read((rows) => rows.meta("a"))).toEqual(new Uint8Array([2]));
  } finally {
    await Promise.all([reader.close(), writer.close()]);
  }
});
