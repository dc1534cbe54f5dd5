import { expect, test } from "vitest";
import { pinnedPrograms } from "./modules.ts";
import { constantByte } from "./standards/bytes.ts";
import { SymbolicEngine } from "./symbolic-engine.ts";

// PKCS#7 (RFC 5652 §6.3): for every last byte, what the verdict is about, and both answers; for every length, what is added.

const [program] = pinnedPrograms();

test("the length of a padding is what RFC 5652 says, for every block", () => {
  const engine = new SymbolicEngine(program!.module);
  const block = engine.unknown(engine.io, 15, "block");
  for (let last = 0; last < 256; last++) {
    engine.place(engine.io + 15, [constantByte(last)]);
    const possible = last >= 1 && last <= 16;
    // The bytes before the last one that must equal it; the verdict asks whether any of their bits differs.
    const others = possible ? block.slice(16 - last) : block;
    const differences = others.flatMap((byte) => byte.map((bit, k) => engine.algebra.xor(bit, (last >> k) & 1)));
    for (const wrong of [false, true]) {
      const asked = engine.deciding(wrong);
      const length = engine.call("paddingLength", engine.io);
      expect(length, `last byte ${last}`).toBe(possible && !(wrong && differences.length > 0) ? last : 0);
      if (possible) expect(new Set(asked.flat()), `last byte ${last}`).toEqual(new Set(differences));
    }
  }
});

test("what is added to a text is what RFC 5652 says, and the text stays, for every text of each length", () => {
  for (let length = 0; length <= 32; length++) {
    const engine = new SymbolicEngine(program!.module);
    const text = engine.unknown(engine.io, length, "text");
    const count = 16 - (length % 16);
    expect(engine.call("pad", engine.io, length)).toBe(length + count);
    const expected = [...text, ...Array.from({ length: count }, () => constantByte(count))];
    expect(engine.differences(engine.io, expected, `${length} bytes`)).toEqual([]);
  }
});
