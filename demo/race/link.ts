// Results as the fragment of a link, which anybody may have written: what is read is numbers and words of closed lists, so that
// there is no text of a stranger's to show.
//
//   race=1~aes~quick~chromium.3x.8~20261128~b~lanelock.MEDIAN.BEST.…~webcrypto.…~noble.…~records~lanelock-many.MEDIAN.BEST~…
//
// Fields are parted by `~`. The sixth is the number of sizes; a curve for each contender follows, then the word `records`, then
// theirs. Versions, processors, the number of sizes and figures (in nanoseconds) are in base 36, the day in decimal.
import {
  BROWSERS,
  CIPHERS,
  CONTENDERS,
  EFFORTS,
  type Figures,
  type Machine,
  RECORDS_CONTENDERS,
  type Results,
  SIZES,
} from "./results.ts";

const NAME = "race=";
const VERSION = "1";
/** Stands between the curves and the figures of the records. */
const RECORDS = "records";
/** More than any race has. */
const LONGEST = 2_000;
/** A quarter of an hour for one operation, in nanoseconds. */
const SLOWEST = 1e12;

const text = (figures: readonly Figures[]): string =>
  figures.flatMap(({ median, best }) => [median.toString(36), best.toString(36)]).join(".");

/** The contenders' fields, in the order of the list. */
function fieldsOf<Name extends string>(
  names: readonly Name[],
  figures: ReadonlyMap<Name, readonly Figures[]>,
): string[] {
  return names.flatMap((name) => {
    const ofName = figures.get(name);
    return ofName ? [`${name}.${text(ofName)}`] : [];
  });
}

/** The fragment, without `#`. */
export function toFragment({ cipher, effort, machine, day, sizes, curves, records }: Results): string {
  const { browser, version, processors } = machine;
  const fields = [
    ...[VERSION, cipher, effort],
    ...[`${browser}.${version.toString(36)}.${processors.toString(36)}`],
    ...[day.replaceAll("-", ""), sizes.length.toString(36)],
    ...fieldsOf(CONTENDERS[cipher], curves),
    RECORDS,
    ...fieldsOf(RECORDS_CONTENDERS[cipher], new Map([...records].map(([name, figures]) => [name, [figures]]))),
  ];
  return `${NAME}${fields.join("~")}`;
}

/** Why a link cannot be read. */
export type Refusal = "damaged" | "newer";

class Unreadable extends Error {}

function need(condition: boolean): asserts condition {
  if (!condition) throw new Unreadable();
}

function oneOf<Word extends string>(words: readonly Word[], word: string | undefined): Word {
  const known = words.find((one) => one === word);
  need(known !== undefined);
  return known;
}

/** A number in base 36 as `toString` writes it, so that equal results have one link. */
function number(digits: string | undefined, least: number, most: number): number {
  need(digits !== undefined && /^[0-9a-z]{1,9}$/.test(digits));
  const value = Number.parseInt(digits, 36);
  need(value.toString(36) === digits && value >= least && value <= most);
  return value;
}

function figuresOf(numbers: readonly string[], count: number): Figures[] {
  need(numbers.length === 2 * count);
  return Array.from({ length: count }, (_, index) => {
    const [median, best] = [number(numbers[2 * index], 1, SLOWEST), number(numbers[2 * index + 1], 1, SLOWEST)];
    need(best <= median);
    return { median, best };
  });
}

/** Each of the contenders' fields once, in their order; `lanelock` must be among them. */
function contendersOf<Name extends string>(names: readonly Name[], fields: readonly string[], count: number) {
  const read = fields.map((field): [Name, Figures[]] => {
    const [name, ...numbers] = field.split(".");
    return [oneOf(names, name), figuresOf(numbers, count)];
  });
  const places = read.map(([name]) => names.indexOf(name));
  need(places.every((place, index) => index === 0 || place > places[index - 1]!));
  need(read.some(([name]) => name === "lanelock"));
  return new Map(read);
}

function machineOf(field: string): Machine {
  const [browser, version, processors, ...rest] = field.split(".");
  need(rest.length === 0);
  return {
    browser: oneOf(BROWSERS, browser),
    version: number(version, 0, 999),
    processors: number(processors, 0, 999),
  };
}

function dayOf(digits: string): string {
  const day = /^(20\d\d)(\d\d)(\d\d)$/.exec(digits)?.slice(1).join("-");
  need(day !== undefined);
  const date = new Date(`${day}T00:00:00Z`);
  need(!Number.isNaN(date.getTime()) && date.toISOString().startsWith(day));
  return day;
}

function read(fields: readonly string[]): Results {
  const [, cipherWord, effortWord, machine = "", day = "", sizeCount, ...rest] = fields;
  const cipher = oneOf(CIPHERS, cipherWord);
  const count = number(sizeCount, 1, SIZES.length);
  const middle = rest.indexOf(RECORDS);
  need(middle > 0);
  const records = contendersOf(RECORDS_CONTENDERS[cipher], rest.slice(middle + 1), 1);
  return {
    cipher,
    effort: oneOf(EFFORTS, effortWord),
    machine: machineOf(machine),
    day: dayOf(day),
    sizes: SIZES.slice(0, count),
    curves: contendersOf(CONTENDERS[cipher], rest.slice(0, middle), count),
    records: new Map([...records].map(([name, figures]) => [name, figures[0]!])),
  };
}

/** Whether a fragment claims to be results. */
export const isResults = (fragment: string): boolean => fragment.startsWith(NAME);

/** @param fragment without `#` */
export function fromFragment(fragment: string): Results | Refusal {
  if (!isResults(fragment) || fragment.length > LONGEST) return "damaged";
  // Some programs that pass links on encode `~`, which needs it nowhere.
  const fields = fragment.slice(NAME.length).replaceAll(/%7e/gi, "~").split("~");
  if (/^[1-9]\d{0,2}$/.test(fields[0] ?? "") && fields[0] !== VERSION) return "newer";
  if (fields[0] !== VERSION) return "damaged";
  try {
    return read(fields);
  } catch (error) {
    if (error instanceof Unreadable) return "damaged";
    throw error;
  }
}
