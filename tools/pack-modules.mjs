// Packs both builds of a module into text that JavaScript carries and gzip compresses well; src/engine/unpack.ts undoes it.
//
// A byte is one character if it is one of the most frequent, else two: a prefix and a character. Hexadecimal is twice as long and
// compresses to an eighth more; Base64, which shifts what repeats by two bits or four, compresses worse than both. The two builds
// are almost the same: cut into chunks and laid side by side, they compress to little more than one.

/** Printable, the same in every encoding, and never escaped in a string; without `<`, so that no text ends a script of HTML. */
const alphabet = Array.from({ length: 91 }, (_, index) => String.fromCharCode(32 + index)).filter(
  (letter) => !'"<\\'.includes(letter),
);

const prefixes = ["{", "|"];

/** The most bytes of each build in one chunk: as text, one build's is within the 32 KiB that gzip looks back from the other's. */
const chunkSize = 12288;

/** The bytes that take one character, the most frequent ones, as a set of 256 bits in hexadecimal: four to a digit, lowest first. */
function frequentBytes(modules) {
  const count = new Array(256).fill(0);
  for (const bytes of modules) for (const byte of bytes) count[byte] += 1;
  const frequent = new Set([...count.keys()].sort((a, b) => count[b] - count[a] || a - b).slice(0, alphabet.length));
  const digits = Array.from({ length: 64 }, (_, index) =>
    [0, 1, 2, 3].reduce((digit, bit) => digit | (frequent.has(4 * index + bit) ? 1 << bit : 0), 0).toString(16),
  );
  return { frequent, set: digits.join("") };
}

/** The texts of each byte. */
function textOfBytes(frequent) {
  const [singles, doubles] = [true, false].map((one) =>
    Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => frequent.has(byte) === one),
  );
  const texts = new Array(256);
  for (const [index, byte] of singles.entries()) texts[byte] = alphabet[index];
  for (const [index, byte] of doubles.entries()) {
    texts[byte] = prefixes[Math.floor(index / alphabet.length)] + alphabet[index % alphabet.length];
  }
  return texts;
}

/** `{ frequent, chunks: [[plain, relaxed], …] }`. @param all the modules that may share a bundle: equal bytes become equal text in all */
export function packModules(modules, all) {
  const { frequent, set } = frequentBytes(all);
  const texts = textOfBytes(frequent);
  const longest = Math.max(...modules.map((bytes) => bytes.length));
  const count = Math.ceil(longest / chunkSize);
  const size = Math.ceil(longest / count);
  const chunks = Array.from({ length: count }, (_, index) =>
    modules.map((bytes) =>
      Array.from(bytes.subarray(index * size, (index + 1) * size), (byte) => texts[byte]).join(""),
    ),
  );
  return { frequent: set, chunks };
}
