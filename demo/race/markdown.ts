import { CONTENDERS, type Figures, megabytesPerSecond, RECORDS_CONTENDERS, type Results } from "./results.ts";
import { texts } from "./strings.ts";
import { duration, short, size, type WriteNumber } from "./units.ts";

/** Reports are read by others: they are in English, whatever the language of the page. */
const { ciphers, contenders, browsers } = texts.en;
const write: WriteNumber = (value, options) => new Intl.NumberFormat("en", options).format(value);

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

/** Results as two tables of Markdown. */
export function toMarkdown({ cipher, effort, machine, day, sizes, curves, records }: Results): string {
  const { browser, version, processors } = machine;
  const names = CONTENDERS[cipher].filter((name) => curves.has(name));
  const where = [
    version > 0 ? `${browsers[browser]} ${version}` : browsers[browser],
    ...(processors > 0 ? [`${processors} processors`] : []),
    `${effort} run`,
    day,
  ];
  const cell = ({ median, best }: Figures, bytes: number) =>
    `${short(megabytesPerSecond(bytes, best), write)} MB/s, ${duration(best, write)} (${duration(median, write)})`;
  const lines = [
    `**${ciphers[cipher]}: seal** – ${where.join(", ")}. Speed and time of the best sample (and the median time).`,
    "",
    row(["", ...names.map((name) => contenders[name])]),
    row(["---", ...names.map(() => "---:")]),
    ...sizes.map((bytes, index) => row([size(bytes), ...names.map((name) => cell(curves.get(name)![index]!, bytes))])),
    "",
    row(["1,000 records of 64 B", "best", "median"]),
    row(["---", "---:", "---:"]),
    ...RECORDS_CONTENDERS[cipher].flatMap((name) => {
      const figures = records.get(name);
      return figures ? [row([contenders[name], duration(figures.best, write), duration(figures.median, write)])] : [];
    }),
  ];
  return `${lines.join("\n")}\n`;
}
