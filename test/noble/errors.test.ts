import { afterEach, test } from "vitest";
import { notBytes } from "../bad-input/hostile-values.ts";
import { expectNothingLeft } from "../contract/wiping.ts";
import { seeded } from "../reference/seeded.ts";
import { type AesModes, expectAlike } from "./alike.ts";

afterEach(expectNothingLeft);

// Wherever noble errs, so does `lanelock/noble`, with the same words.

const key = new Uint8Array(32).fill(7);
const nonce = new Uint8Array(16).fill(9);
const data = new Uint8Array(32).fill(5);

type Create = (...args: unknown[]) => ReturnType<AesModes["cbc"]>;

/** A mode as JavaScript sees it: any arguments at all. */
function untyped(modes: AesModes, name: (typeof all)[number]): Create {
  const create: unknown = modes[name];
  return create as Create;
}

const withNonce = ["gcm", "cbc", "ctr", "cfb"] as const;
const all = [...withNonce, "ecb"] as const;
const values = Object.values(notBytes).filter((value) => !isFakeArray(value));

/** Noble takes it for bytes and then trips over it with an error of the JavaScript engine's own. */
function isFakeArray(value: unknown): boolean {
  return value instanceof Uint8Array && !ArrayBuffer.isView(value);
}

test.each(all)("%s: keys of other types and lengths", (name) => {
  expectAlike(name, function* (modes) {
    const create = untyped(modes, name);
    for (const value of values) yield () => create(value, nonce);
    for (const length of [0, 1, 15, 17, 20, 31, 33, 64]) {
      yield () => typeof create(new Uint8Array(length), nonce);
      yield () => create(new Uint8Array(length), nonce).encrypt(data);
      yield () => create(new Uint8Array(length), nonce).decrypt(data);
    }
  });
});

test.each(withNonce)("%s: nonces of other types and lengths", (name) => {
  expectAlike(name, function* (modes) {
    const create = untyped(modes, name);
    for (const value of values) yield () => create(key, value);
    for (const length of [0, 1, 7, 8, 11, 12, 13, 15, 16, 17, 32]) {
      yield () => typeof create(key, new Uint8Array(length));
      yield () => create(key, new Uint8Array(length)).encrypt(data);
    }
  });
});

test("gcm: AADs of other types", () => {
  expectAlike("AAD", function* (modes) {
    const create = untyped(modes, "gcm");
    for (const value of values) yield () => create(key, nonce, value).encrypt(data);
  });
});

test.each(["cbc", "ctr", "cfb"] as const)("%s: an AAD, which the mode does not take", (name) => {
  expectAlike(name, function* (modes) {
    const create = untyped(modes, name);
    yield () => create(key, nonce, data);
    yield () => create(key, nonce, {}, data);
    yield () => create(key, nonce, undefined, Buffer.from(data));
  });
});

test("ecb: an AAD or a nonce, which the mode does not take", () => {
  expectAlike("ecb", function* (modes) {
    yield () => untyped(modes, "ecb")(key, nonce);
    yield () => untyped(modes, "ecb")(key, {}, data);
  });
});

test.each(all)("%s: data of other types", (name) => {
  expectAlike(name, function* (modes) {
    const args = name === "ecb" ? [key] : [key, nonce];
    for (const value of values) {
      yield () => untyped(modes, name)(...args).encrypt(value as Uint8Array);
      yield () => untyped(modes, name)(...args).decrypt(value as Uint8Array);
    }
  });
});

test.each(["cbc", "ecb"] as const)("%s: data that is not whole blocks, with padding and without", (name) => {
  expectAlike(name, function* (modes) {
    const args = name === "ecb" ? [key] : [key, nonce];
    for (const options of [undefined, {}, { disablePadding: false }, { disablePadding: true }]) {
      for (const length of [0, 1, 15, 16, 17, 31, 32, 33]) {
        yield () => untyped(modes, name)(...args, options).encrypt(new Uint8Array(length));
        yield () => untyped(modes, name)(...args, options).decrypt(new Uint8Array(length));
      }
    }
  });
});

test.each(["cbc", "ecb"] as const)("%s: bad padding", (name) => {
  expectAlike(name, function* (modes) {
    const args = name === "ecb" ? [key] : [key, nonce];
    for (let last = 0; last < 256; last++) {
      const block = new Uint8Array(16).fill(last);
      const encrypted = untyped(modes, name)(...args, { disablePadding: true }).encrypt(block);
      yield () => untyped(modes, name)(...args).decrypt(encrypted);
    }
    for (let wrong = 0; wrong < 16; wrong++) {
      const block = new Uint8Array(16).fill(16);
      block[wrong] = 3;
      const encrypted = untyped(modes, name)(...args, { disablePadding: true }).encrypt(block);
      yield () => untyped(modes, name)(...args).decrypt(encrypted);
    }
  });
});

test("gcm: short, truncated and forged ciphertexts", () => {
  expectAlike("gcm", function* (modes) {
    const aad = new Uint8Array(5);
    const sealed = modes.gcm(key, nonce, aad).encrypt(data);
    for (let length = 0; length < sealed.length; length++) {
      yield () => modes.gcm(key, nonce, aad).decrypt(sealed.subarray(0, length));
    }
    for (let at = 0; at < sealed.length; at++) {
      const forged = sealed.map((byte, index) => (index === at ? byte ^ 1 : byte));
      yield () => modes.gcm(key, nonce, aad).decrypt(forged);
    }
    yield () => modes.gcm(key, nonce).decrypt(sealed);
    yield () =>
      modes
        .gcm(
          key,
          nonce.map((byte) => byte ^ 1),
          aad,
        )
        .decrypt(sealed);
  });
});

test.each(all)("%s: encrypt a second time", (name) => {
  expectAlike(name, function* (modes) {
    const args = name === "ecb" ? [key] : [key, nonce];
    const cipher = untyped(modes, name)(...args);
    yield () => cipher.encrypt(data);
    yield () => cipher.encrypt(data);
    yield () => cipher.encrypt(new Uint8Array(0));
    const consumed = untyped(modes, name)(...args);
    yield () => consumed.encrypt("a refused value" as never);
    yield () => consumed.encrypt(data);
    const odd = untyped(modes, name)(...args, ...(name === "cbc" || name === "ecb" ? [{ disablePadding: true }] : []));
    yield () => odd.encrypt(new Uint8Array(7));
    yield () => odd.encrypt(data);
  });
});

test("gcm: an output argument", () => {
  expectAlike("gcm", function* (modes) {
    const sealed = modes.gcm(key, nonce).encrypt(data);
    for (const output of [new Uint8Array(48), new Uint8Array(1), "text" as never]) {
      yield () => untyped(modes, "gcm")(key, nonce).encrypt(data, output);
      yield () => untyped(modes, "gcm")(key, nonce).decrypt(sealed, output);
    }
    yield () => untyped(modes, "gcm")(key, nonce).encrypt(data, undefined);
  });
});

test.each(["cbc", "ctr", "ecb", "cfb"] as const)("%s: outputs of other types, lengths and alignments", (name) => {
  expectAlike(name, function* (modes) {
    const create = () => (name === "ecb" ? untyped(modes, name)(key) : untyped(modes, name)(key, nonce));
    const encrypted = create().encrypt(data);
    for (const value of values) {
      yield () => create().encrypt(data, value as Uint8Array);
      yield () => create().decrypt(encrypted, value as Uint8Array);
    }
    for (const length of [0, 16, 31, 32, 33, 47, 48, 49, 64]) {
      yield () => create().encrypt(data, new Uint8Array(length));
      yield () => create().decrypt(encrypted, new Uint8Array(length));
    }
    for (let offset = 0; offset < 8; offset++) {
      yield () =>
        create().encrypt(data, new Uint8Array(encrypted.length + 8).subarray(offset, offset + encrypted.length));
      yield () => create().decrypt(encrypted, new Uint8Array(64).subarray(offset, offset + encrypted.length));
    }
  });
});

test.each(["cbc", "ctr", "ecb", "cfb"] as const)("%s: an output that overlaps the input", (name) => {
  const random = seeded(`noble overlap ${name}`);
  const text = random.bytes(64);
  expectAlike(name, function* (modes) {
    const options = name === "ctr" || name === "cfb" ? [] : [{ disablePadding: true }];
    const create = () => untyped(modes, name)(...(name === "ecb" ? [key] : [key, nonce]), ...options);
    for (let from = 0; from <= 24; from++) {
      for (let to = 0; to <= 24; to += 4) {
        const place = () => {
          const buffer = new Uint8Array(96);
          buffer.set(text, from);
          return { input: buffer.subarray(from, from + 64), output: buffer.subarray(to, to + 64) };
        };
        yield () => {
          const { input, output } = place();
          return create().encrypt(input, output);
        };
        yield () => {
          const { input, output } = place();
          return create().decrypt(input, output);
        };
      }
    }
  });
});

test("Node's Buffer is taken wherever bytes are", () => {
  expectAlike("Buffer", function* (modes) {
    yield () => modes.gcm(Buffer.from(key), Buffer.from(nonce), Buffer.from(data)).encrypt(Buffer.from(data));
    yield () => modes.cbc(Buffer.from(key), Buffer.from(nonce)).encrypt(Buffer.from(data), Buffer.alloc(48));
  });
});
