import type { AuditEvent } from "lanelock/kms";
import { expect, test } from "vitest";
import { FunctionSink } from "../../../src/kms/audit/sink.ts";
import { event, keys } from "./audit-folder.ts";

test("an audit function gets each event until it takes it, and none again that it took", async () => {
  const taken: string[] = [];
  let failures = 2;
  const receive = ({ operation }: AuditEvent) => {
    if (operation === "B" && failures-- > 0) throw new Error("down");
    taken.push(operation);
  };
  const sink = new FunctionSink(receive, keys);
  const events = ["A", "B", "C"].map(event);
  for (let times = 0; times < 2; times++) await expect(sink.write(events)).rejects.toThrow("down");
  expect(taken).toEqual(["A"]);
  await sink.write([...events, event("D")]);
  expect(taken).toEqual(["A", "B", "C", "D"]);
  await sink.write([event("E")]);
  expect(taken).toEqual(["A", "B", "C", "D", "E"]);
});

test("an audit function has no file, and so nothing to anchor", async () => {
  const sink = new FunctionSink(() => undefined, keys);
  await sink.anchor();
  await sink.recover();
  expect([sink.check(), sink.finalAnchor(), "path" in sink]).toEqual([undefined, undefined, false]);
  await sink.close();
});
