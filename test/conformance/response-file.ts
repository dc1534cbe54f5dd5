import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** One case of a NIST response file (`.rsp`): the `name = value` lines from one COUNT to the next. */
export interface VectorCase {
  /** File and count, for messages. */
  readonly name: string;
  /** The last of `[ENCRYPT]` and `[DECRYPT]` before the case, if any. */
  readonly direction: "ENCRYPT" | "DECRYPT" | undefined;
  /** Whether the file says `FAIL`: the tag is forged. */
  readonly fails: boolean;
  /** The bytes of a field; names are in upper case. */
  bytes(field: string): Uint8Array<ArrayBuffer>;
  number(field: string): number;
}

function toCase(file: string, direction: VectorCase["direction"], fields: ReadonlyMap<string, string>): VectorCase {
  const name = `${file} COUNT = ${fields.get("COUNT")}`;
  const text = (field: string): string => {
    const value = fields.get(field);
    if (value === undefined) throw new Error(`${name} has no ${field}`);
    return value;
  };
  return {
    name,
    direction,
    fails: fields.has("FAIL"),
    bytes: (field) => {
      const bytes = Uint8Array.from(Buffer.from(text(field), "hex"));
      if (bytes.length * 2 !== text(field).length) throw new Error(`${name}: ${field} is not hexadecimal`);
      return bytes;
    },
    number: (field) => Number(text(field)),
  };
}

/** The cases of a file's text, in order. Parameters in brackets (`[Keylen = 128]`) repeat what the fields show. */
export function parseResponseFile(file: string, text: string): VectorCase[] {
  const cases: VectorCase[] = [];
  let direction: VectorCase["direction"];
  let fields = new Map<string, string>();
  const finish = () => {
    if (fields.size > 0) cases.push(toCase(file, direction, fields));
    fields = new Map();
  };
  for (const line of text.split(/\r?\n/)) {
    const field = /^(\w+) =\s*(\S*)\s*$/.exec(line);
    if (line === "[ENCRYPT]" || line === "[DECRYPT]") {
      finish();
      direction = line === "[ENCRYPT]" ? "ENCRYPT" : "DECRYPT";
    } else if (field?.[1] && field[2] !== undefined) {
      const key = field[1].toUpperCase();
      if (key === "COUNT") finish();
      fields.set(key, field[2]);
    } else if (line.trim() === "FAIL") {
      fields.set("FAIL", "");
    } else if (line !== "" && !line.startsWith("#") && !line.startsWith("[")) {
      throw new Error(`${file}: this line is not understood: ${line}`);
    }
  }
  finish();
  return cases;
}

/** Names of the files that are kept compressed. */
const compressed = /\.rsp$|\/KWP?_AD_\d+\.txt$/;

/** The cases of a file under `test/vectors/`, given without its `.gz`. */
export function readVectors(path: string): VectorCase[] {
  const location = new URL(`../vectors/${path}`, import.meta.url);
  const text = compressed.test(path)
    ? gunzipSync(readFileSync(new URL(`${location.href}.gz`))).toString("latin1")
    : readFileSync(location, "latin1");
  return parseResponseFile(path, text);
}
