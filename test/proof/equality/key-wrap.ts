// KW and KWP (SP 800-38F).
import type { Byte } from "../algebra.ts";
import { blockCipher } from "../standards/block-cipher.ts";
import { constantBytes } from "../standards/bytes.ts";
import { icv1, inverseW, kwpInput, kwpWrapped, w } from "../standards/sp800-38f.ts";
import type { SymbolicEngine } from "../symbolic-engine.ts";
import type { CipherCase, EqualityCase } from "./case.ts";
import { tagDifferences } from "./gcm.ts";

function expandKeyWrap(engine: SymbolicEngine, { keyLength }: CipherCase) {
  const key = engine.unknown(engine.io, keyLength, "key");
  const standard = blockCipher(engine.algebra, "aes", key);
  engine.call("aesExpand", engine.slot, engine.io, keyLength);
  engine.call("aesKwExpand", engine.slot, engine.io);
  return standard;
}

/** A text of whole semiblocks, at least two. */
export function kw(cipher: CipherCase, length: number): EqualityCase[] {
  const unwrap = (forged: boolean): EqualityCase => ({
    name: `${cipher.name} KW ${forged ? "refused" : "unwrapped"}, ${length} bytes`,
    run(engine) {
      const standard = expandKeyWrap(engine, cipher);
      const wrapped = engine.unknown(engine.io, length + 8, "wrapped");
      const expected = inverseW(engine.algebra, standard, wrapped);
      const asked = engine.deciding(forged);
      const verdict = engine.call("aesKwUnwrap", engine.slot, engine.io, length + 8);
      return [
        ...(verdict === Number(!forged) ? [] : [`the verdict is ${verdict}`]),
        ...engine.askedOther(asked, [tagDifferences(engine, expected, icv1())], "the check"),
        ...engine.differences(engine.io + 8, expected.slice(8), "text"),
      ];
    },
  });
  return [
    {
      name: `${cipher.name} KW wrapped, ${length} bytes`,
      run(engine) {
        const standard = expandKeyWrap(engine, cipher);
        const text = engine.unknown(engine.io + 8, length, "text");
        const expected = w(engine.algebra, standard, [...icv1(), ...text]);
        engine.call("aesKwWrap", engine.slot, engine.io, length + 8);
        return engine.differences(engine.io, expected, "wrapped");
      },
    },
    unwrap(false),
    unwrap(true),
  ];
}

/** KWP on a given input of W, wrapped. W is a permutation, so that everything is some input, wrapped. */
function unwrapped(engine: SymbolicEngine, cipher: CipherCase, input: readonly Byte[], wrong: boolean) {
  const standard = expandKeyWrap(engine, cipher);
  const wrapped = kwpWrapped(engine.algebra, standard, input);
  engine.place(engine.io, wrapped);
  // The standard unwraps before the engine does, so that the inverse S-boxes are known to be inverses.
  const again = input.length === 16 ? standard.decrypt(wrapped) : inverseW(engine.algebra, standard, wrapped);
  const asked = engine.deciding(wrong);
  const result = engine.call("aesKwpUnwrap", engine.slot, engine.io, input.length);
  const differences = [again, engine.bytesAt(engine.io, input.length)].flatMap((found) =>
    engine.differencesOf(found, input, "unwrapped"),
  );
  return { asked, result, differences };
}

/** Lengths that a wrapped text of `length` bytes does not have. */
const otherLengths = (length: number): number[] => {
  const padded = Math.ceil(length / 8) * 8;
  const near = [padded - 9, padded - 8, padded + 1, padded + 8].filter((each) => each >= 0);
  const possible = (each: number) => each > padded - 8 && each <= padded;
  return [...new Set([0, ...near, 2 ** 31, 2 ** 32 - 1])].filter((each) => !possible(each));
};

export function kwp(cipher: CipherCase, length: number): EqualityCase[] {
  const text = (engine: SymbolicEngine) => engine.any(length, "text");
  const named = (what: string, run: EqualityCase["run"]): EqualityCase => ({
    name: `${cipher.name} KWP ${what}, ${length} bytes`,
    run,
  });
  return [
    named("wrapped", (engine) => {
      const standard = expandKeyWrap(engine, cipher);
      const bytes = engine.unknown(engine.io + 8, length, "text");
      const expected = kwpWrapped(engine.algebra, standard, kwpInput(bytes));
      engine.call("aesKwpWrap", engine.slot, engine.io, length);
      return engine.differences(engine.io, expected, "wrapped");
    }),
    named("unwrapped", (engine) => {
      const { asked, result, differences } = unwrapped(engine, cipher, kwpInput(text(engine)), false);
      return [
        ...differences,
        ...(result === length ? [] : [`the length is ${result}`]),
        ...engine.askedOther(asked, [], "none"),
      ];
    }),
    named("refused for its first four bytes", (engine) => {
      const check = engine.any(4, "check");
      const input = kwpInput(text(engine), length, check);
      const { asked, result, differences } = unwrapped(engine, cipher, input, true);
      const icv2 = constantBytes([0xa6, 0x59, 0x59, 0xa6]);
      return [
        ...differences,
        ...(result === 0 ? [] : [`the length is ${result}`]),
        ...engine.askedOther(asked, [tagDifferences(engine, check, icv2)], "the check"),
      ];
    }),
    ...(length % 8 === 0
      ? []
      : [
          named("refused for its padding", (engine) => {
            const padding = engine.any(-length & 7, "padding");
            const input = [...kwpInput(text(engine)).slice(0, 8 + length), ...padding];
            const { asked, result, differences } = unwrapped(engine, cipher, input, true);
            return [
              ...differences,
              ...(result === 0 ? [] : [`the length is ${result}`]),
              ...engine.askedOther(asked, [padding.flat()], "the padding"),
            ];
          }),
        ]),
  ];
}

/** Lengths that cannot be are refused, whatever the rest is. */
export const kwpLengths = (cipher: CipherCase, length: number): EqualityCase => ({
  name: `${cipher.name} KWP refused for its length, ${length} bytes`,
  // What the padding is no longer matters: either answer refuses.
  run: (engine) =>
    otherLengths(length).flatMap((wrong) =>
      [false, true].flatMap((decided) => {
        const { result } = unwrapped(engine, cipher, kwpInput(engine.any(length, "text"), wrong), decided);
        return result === 0 ? [] : [`${wrong} bytes: the length is ${result}`];
      }),
    ),
});
