import { test } from "vitest";
import { aeads, blockModes } from "../reference/ciphers.ts";
import { expectBytes, marked } from "../reference/expect-bytes.ts";
import { type Seeded, seeded } from "../reference/seeded.ts";

/** The same bytes as a view that starts `offset` bytes into a larger buffer. */
function at(offset: number, bytes: Uint8Array): Uint8Array {
  const view = new Uint8Array(new ArrayBuffer(offset + bytes.length + 9), offset, bytes.length);
  view.set(bytes);
  return view;
}

function offsets(random: Seeded): { next(): number } {
  return { next: () => random.integer(1, 15) };
}

const lengths = [16, 32, 48, 128, 256, 512, 1024, 70_000 - (70_000 % 16)];

for (const mode of blockModes) {
  test(`${mode.name} takes views at every byte offset from 1 to 15`, () => {
    const random = seeded(`views ${mode.name}`);
    const other = offsets(random);
    for (let offset = 1; offset <= 15; offset++) {
      for (const length of lengths) {
        const [key, iv, data] = [random.bytes(mode.keyLength), random.bytes(16), random.bytes(length)];
        using cipher = mode.create(at(other.next(), key));
        const encrypted = mode.expected({ key, iv, data });
        const label = `offset ${offset}, length ${length}`;
        expectBytes(cipher.encrypt(at(other.next(), iv), at(offset, data)), encrypted, label);
        const into = at(other.next(), marked(length));
        expectBytes(
          cipher.decrypt(at(other.next(), iv), at(offset, encrypted), { into: at(0, encrypted) }),
          data,
          label,
        );
        if (mode.padding === "none") {
          expectBytes(cipher.decrypt(at(other.next(), iv), at(offset, encrypted), { into }), data, label);
        }
      }
    }
  });
}

for (const aead of aeads) {
  test(`${aead.name} takes views at every byte offset from 1 to 15`, () => {
    const random = seeded(`views ${aead.name}`);
    const other = offsets(random);
    for (let offset = 1; offset <= 15; offset++) {
      for (const length of lengths) {
        const [key, nonce] = [random.bytes(aead.keyLength), random.bytes(random.pick([12, 16, 20]))];
        const [plaintext, aad] = [random.bytes(length - offset), random.bytes(random.integer(0, 40))];
        using cipher = aead.create(at(other.next(), key));
        const sealed = aead.expected({ key, nonce, plaintext, aad });
        const label = `offset ${offset}, length ${plaintext.length}`;
        const into = at(other.next(), marked(sealed.length));
        const options = { aad: at(other.next(), aad), into };
        expectBytes(cipher.seal(at(other.next(), nonce), at(offset, plaintext), options), sealed, label);
        expectBytes(cipher.open(at(other.next(), nonce), at(offset, sealed), options), plaintext, label);
      }
    }
  });
}
