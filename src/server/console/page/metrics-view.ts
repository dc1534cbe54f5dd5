import type { MetricsAnswer, OperationTraffic } from "../page-data.ts";
import { chart } from "./chart.ts";
import { el } from "./dom.ts";
import { type Column, empty, table } from "./table.ts";
import { count, milliseconds, short, time } from "./text.ts";

const MEBIBYTE = 1_048_576;
const CAPACITY = 180;

const columns: readonly Column<OperationTraffic>[] = [
  { name: "Operation", cell: ({ operation }) => operation },
  { name: "Requests", numeric: true, cell: ({ requests }) => count(requests) },
  { name: "Refused", numeric: true, cell: ({ refused }) => count(refused) },
  { name: "Failed", numeric: true, cell: ({ failed }) => count(failed) },
  { name: "p50", numeric: true, cell: ({ medianMs }) => milliseconds(medianMs) },
  { name: "p99", numeric: true, cell: ({ slowMs }) => milliseconds(slowMs) },
];

export function metricsView({ startedAt, intervalSeconds, samples, operations }: MetricsAnswer): Node[] {
  const shared = { capacity: CAPACITY, span: "15 min" };
  const perSecond = (value: number | null) => (value === null ? "–" : `${short(value)}/s`);
  const rate = (amount: "requests" | "refused" | "failed") => samples.map((one) => one[amount] / intervalSeconds);
  const memory = (value: number | null) => (value === null ? "–" : `${short(value)} MiB`);
  return [
    el(
      "div",
      { class: "charts" },
      chart({
        ...{ ...shared, title: "Requests", format: perSecond },
        series: [{ name: "All", kind: "main", values: rate("requests") }],
      }),
      chart({
        ...{ ...shared, title: "Refused and failed", format: perSecond },
        series: [
          { name: "Refused", kind: "second", values: rate("refused") },
          { name: "Failed", kind: "bad", values: rate("failed") },
        ],
      }),
      chart({
        ...{ ...shared, title: "Time to answer", format: milliseconds },
        series: [
          { name: "p50", kind: "main", values: samples.map(({ medianMs }) => medianMs) },
          { name: "p99", kind: "second", values: samples.map(({ slowMs }) => slowMs) },
        ],
      }),
      chart({
        ...{ ...shared, title: "Memory of the process", format: memory },
        series: [
          { name: "Resident", kind: "main", values: samples.map(({ residentBytes }) => residentBytes / MEBIBYTE) },
        ],
      }),
    ),
    el(
      "section",
      {},
      el("h2", {}, "Operations"),
      el("p", { class: "minor" }, "Since ", time(startedAt), "."),
      traffic(operations),
    ),
  ];
}

function traffic(operations: readonly OperationTraffic[]): HTMLElement {
  if (operations.length > 0) return table("Requests by operation, the most frequent first", columns, operations);
  return empty("No request has come yet.", "Those of clients appear here within five seconds.");
}
