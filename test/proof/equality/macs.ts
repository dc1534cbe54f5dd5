// CMAC (SP 800-38B), CCM (SP 800-38C) and AES-SIV (RFC 5297), which are CBC-MACs and counters.
import type { Byte } from "../algebra.ts";
import { blockCipher } from "../standards/block-cipher.ts";
import { constantBytes, padded, xorBytes } from "../standards/bytes.ts";
import { counterOfV, s2v } from "../standards/rfc5297.ts";
import { ctr } from "../standards/sp800-38a.ts";
import { cbcMac, cmac, zeroBlock } from "../standards/sp800-38b.ts";
import { ccmTag, encodedAadLength, firstBlock, keystreamed } from "../standards/sp800-38c.ts";
import { type CipherCase, type EqualityCase, expand, publicBytes } from "./case.ts";
import { cutInto, sum, tagDifferences } from "./gcm.ts";

/** A message of `first` bytes, a multiple of 16, and then `last`, which holds the last block. */
export const cmacOf = (cipher: CipherCase, first: number, last: number): EqualityCase => ({
  name: `${cipher.name} CMAC, ${first} and ${last} bytes`,
  run(engine) {
    const standard = expand(engine, cipher);
    const message = engine.unknown(engine.io, first + last, "message");
    const expected = cmac(engine.algebra, standard, message);
    engine.call(`${cipher.cipher}CmacExpand`, engine.slot);
    engine.call(`${cipher.cipher}CmacUpdate`, engine.slot, engine.nonce, engine.io, first);
    engine.call(`${cipher.cipher}CmacFinish`, engine.slot, engine.nonce, engine.io + first, last);
    return engine.differences(engine.nonce, expected, "tag");
  },
});

export const equalBlocks: readonly EqualityCase[] = [false, true].map((different) => ({
  name: `comparison of blocks that are ${different ? "different" : "equal"}`,
  run(engine) {
    const [a, b] = [engine.unknown(engine.io, 16, "a"), engine.unknown(engine.io + 16, 16, "b")];
    const asked = engine.deciding(different);
    const verdict = engine.call("equalBlocks", engine.io, engine.io + 16);
    return [
      ...(verdict === Number(!different) ? [] : [`the verdict is ${verdict}`]),
      ...engine.askedOther(asked, [tagDifferences(engine, a, b)], "the blocks"),
    ];
  },
}));

export interface CcmShape {
  readonly nonce: number;
  readonly tag: number;
  /** Lengths of the parts, all of whole blocks but the last of each kind. */
  readonly aad: readonly number[];
  readonly text: readonly number[];
}

export const ccm = (cipher: CipherCase, shape: CcmShape, forged: boolean): EqualityCase => ({
  name: `${cipher.name} CCM ${forged ? "refused" : "verified"}, nonce ${shape.nonce}, aad ${shape.aad.join("+")}, text ${shape.text.join("+")}, tag ${shape.tag}`,
  run(engine) {
    const { algebra, io, run, slot } = engine;
    const standard = expand(engine, cipher);
    const nonce = publicBytes(shape.nonce);
    const step = (name: string, ...rest: number[]) => engine.call(`${cipher.cipher}Ccm${name}`, slot, run, ...rest);
    // What the standard says of texts of any value, before the engine comes to them: the same unknown bytes.
    const aad = engine.unknown(io, sum(shape.aad), "aad");
    const text = engine.unknown(io, sum(shape.text), "text");
    const tag = ccmTag(algebra, standard, { nonce, aad, text, tag: shape.tag });
    const sealed = keystreamed(algebra, standard, nonce, text);
    engine.place(engine.nonce, constantBytes(nonce));
    step("Start", shape.nonce, shape.tag, aad.length, text.length);
    const each = (name: string, bytes: readonly Byte[], parts: readonly number[], expected?: readonly Byte[]) => {
      const wanted = expected && cutInto(expected, parts);
      return cutInto(bytes, parts).flatMap((part, i) => {
        engine.place(io, part);
        step(name, io, part.length);
        return engine.differences(io, wanted?.[i] ?? [], "text");
      });
    };
    each("Aad", aad, shape.aad);
    each("Text", text, shape.text);
    const differences = each("Keystream", text, shape.text, sealed);
    step("Tag", io);
    differences.push(...engine.differences(io, tag, "tag"));
    const given = engine.unknown(io, shape.tag, "given tag");
    const asked = engine.deciding(forged);
    const verdict = step("Verify", io, shape.tag);
    if (verdict !== Number(!forged)) differences.push(`the verdict is ${verdict}`);
    return [...differences, ...engine.askedOther(asked, [tagDifferences(engine, tag, given)], "the tags")];
  },
});

/** The beginning of a message whose additional data is so long that its length takes 6 or 10 bytes: the state after 48 bytes. */
export const ccmLongAad = (cipher: CipherCase, length: number): EqualityCase => ({
  name: `${cipher.name} CCM, the beginning of ${length} bytes of additional data`,
  run(engine) {
    const { algebra, io, run, slot } = engine;
    const standard = expand(engine, cipher);
    const nonce = publicBytes(12);
    engine.place(engine.nonce, constantBytes(nonce));
    const first = engine.unknown(io, 48, "aad");
    const blocks = [...firstBlock(nonce, 16, length, 0), ...constantBytes(encodedAadLength(length)), ...first];
    const state = cbcMac(algebra, standard, zeroBlock(), blocks.slice(0, 64));
    // The bytes of a block that is not complete are added to the state at once.
    const expected = xorBytes(algebra, state, padded(blocks.slice(64)));
    engine.call(`${cipher.cipher}CcmStart`, slot, run, 12, 16, length, 0);
    engine.call(`${cipher.cipher}CcmAad`, slot, run, io, 48);
    return engine.differences(run, expected, "state");
  },
});

export interface SivShape {
  /** Lengths of components of additional data, and of the parts of each: whole blocks but for the last. */
  readonly components: readonly (readonly number[])[];
  readonly text: readonly number[];
}

const describedSiv = ({ components, text }: SivShape) =>
  `components ${components.map((parts) => parts.join("+")).join(" and ") || "none"}, text ${text.join("+")}`;

/** S2V, the verdict, and the text under a V that everybody sees. */
export const siv = (cipher: CipherCase, shape: SivShape, forged: boolean): EqualityCase => ({
  name: `${cipher.name} SIV ${forged ? "refused" : "verified"}, ${describedSiv(shape)}`,
  run(engine) {
    const { algebra, io, run, slot } = engine;
    const half = cipher.keyLength;
    const keys = [engine.unknown(io, half, "key"), engine.unknown(io + half, half, "other key")];
    const [macKey, counterKey] = keys.map((key) => blockCipher(algebra, "aes", key));
    if (!macKey || !counterKey) throw new Error("There are two keys");
    engine.call("aesExpand", slot, io, half);
    engine.call("aesExpand", slot + engine.call("aesSize"), io + half, half);
    const step = (name: string, ...rest: number[]) => engine.call(`aesSiv${name}`, slot, run, ...rest);
    const components = shape.components.map((parts, i) => engine.unknown(io, sum(parts), `component ${i}`));
    const text = engine.unknown(io, sum(shape.text), "text");
    const v = s2v(algebra, macKey, components, text);
    engine.call("aesSivExpand", slot);
    step("Start");
    const feed = (bytes: readonly Byte[], parts: readonly number[], last: "Component" | "Text") => {
      for (const [index, part] of cutInto(bytes, parts).entries()) {
        engine.place(io, part);
        step(index < parts.length - 1 ? "Part" : last, io, part.length);
      }
    };
    for (const [index, parts] of shape.components.entries()) feed(components[index]!, parts, "Component");
    feed(text, shape.text, "Text");
    engine.call("aesSivTag", run, engine.nonce);
    const differences = engine.differences(engine.nonce, v, "V");
    const given = engine.unknown(engine.nonce, 16, "given V");
    const asked = engine.deciding(forged);
    const verdict = engine.call("aesSivVerify", run, engine.nonce);
    if (verdict !== Number(!forged)) differences.push(`the verdict is ${verdict}`);
    differences.push(...engine.askedOther(asked, [tagDifferences(engine, v, given)], "V"));
    // 255 in the bytes of which a bit is cleared.
    const seen = Uint8Array.from({ length: 16 }, (_, i) => (i % 4 === 0 ? 255 : 3 * i));
    engine.place(engine.nonce, constantBytes(seen));
    engine.call("aesSivReceive", run, engine.nonce);
    const expected = ctr(algebra, counterKey, counterOfV(seen), text).text;
    engine.place(io, text);
    step("Keystream", io, text.length);
    return [...differences, ...engine.differences(io, expected, "text")];
  },
});
