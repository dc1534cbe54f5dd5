import { sqlStore } from "lanelock/stores";

/** Writes as often as it is asked to, each write in a transaction of its own. */
const [path = "", writes = "0"] = process.argv.slice(2);
const store = sqlStore({ path });
await store.open();
for (let i = 0; i < Number(writes); i++) await store.write((rows) => rows.putMeta("a", new Uint8Array([i])));
await store.close();
console.log(`wrote ${writes}`);
