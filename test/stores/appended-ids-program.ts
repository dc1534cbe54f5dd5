import { createInterface } from "node:readline";
import { AppendedIds } from "../../src/stores/sql/appended-ids.ts";

// Claims every list of ids that it is told, and prints which were new: a line of hex in, a line of 0 and 1 out.

const [path = "", fileMilliseconds] = process.argv.slice(2);
const ids = new AppendedIds(path, Number(fileMilliseconds));
const until = Date.now() + 600_000;
for await (const line of createInterface({ input: process.stdin })) {
  const verdicts = line.split(" ").map((id) => ids.remember([{ id: Buffer.from(id, "hex"), until }])[0]);
  console.log(verdicts.map(Number).join(""));
}
ids.close();
