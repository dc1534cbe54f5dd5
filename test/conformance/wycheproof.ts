import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** A case of a Wycheproof file. Byte fields are hexadecimal there. */
export interface WycheproofCase {
  readonly name: string;
  readonly valid: boolean;
  readonly flags: readonly string[];
  readonly tagLength: number;
  readonly key: Uint8Array<ArrayBuffer>;
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly aad: Uint8Array<ArrayBuffer>;
  readonly msg: Uint8Array<ArrayBuffer>;
  /** Ciphertext, and the tag behind it if the file has it in a field of its own. */
  readonly sealed: Uint8Array<ArrayBuffer>;
}

interface Group {
  readonly tagSize?: number;
  readonly tests: readonly (Record<"key" | "aad" | "msg" | "ct", string> & {
    readonly tcId: number;
    readonly comment: string;
    readonly result: string;
    readonly flags: readonly string[];
    readonly iv?: string;
    readonly tag?: string;
  })[];
}

function bytes(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

/** The cases of `test/vectors/wycheproof/NAME_test.json.gz`. */
export function readWycheproof(name: string): WycheproofCase[] {
  const file = new URL(`../vectors/wycheproof/${name}_test.json.gz`, import.meta.url);
  const { testGroups, numberOfTests }: { testGroups: readonly Group[]; numberOfTests: number } = JSON.parse(
    gunzipSync(readFileSync(file)).toString(),
  );
  const cases = testGroups.flatMap(({ tests, tagSize = 128 }) =>
    tests.map(({ tcId, comment, result, flags, key, iv = "", aad, msg, ct, tag = "" }) => ({
      name: `${name} ${tcId} ${comment}`,
      valid: result === "valid",
      flags,
      tagLength: tagSize / 8,
      ...{ key: bytes(key), iv: bytes(iv), aad: bytes(aad), msg: bytes(msg), sealed: bytes(ct + tag) },
    })),
  );
  if (cases.length !== numberOfTests) throw new Error(`${name} has ${cases.length} cases, not ${numberOfTests}`);
  return cases;
}
