import type { Piece } from "./raw-http.ts";
import { type Signer, signedPath } from "./signed.ts";

/** Occurs in values of parameters and bodies, and so must be in no answer and no log. */
export const MARKER = "tHeMaRkErOfaSeCrEt";

export interface FuzzCase {
  readonly shape: string;
  readonly end: "half-close" | "reset" | "wait";
  readonly pieces: readonly Piece[];
}

/** A generator of 32-bit numbers that a seed determines (xorshift; Marsaglia 2003). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 1;
  }

  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }

  one<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }
}

const METHODS = [
  "GET",
  "POST",
  "PUT",
  "DELETE",
  "PATCH",
  "OPTIONS",
  "TRACE",
  "PROPFIND",
  "LOCK",
  "SEARCH",
  "get",
  "BREW",
];
const OPERATIONS = [
  "Encrypt",
  "Decrypt",
  "GenerateDataKey",
  "CreateKey",
  "ListKeys",
  "DescribeKey",
  "Nonsense",
  "__proto__",
  "",
];
const NAMES = [
  "KeyId",
  "Plaintext",
  "CiphertextBlob",
  "EncryptionContext",
  "EncryptionContext.a",
  "EncryptionContext.1.Key",
].concat(["__proto__", "constructor", "toString", "NumberOfBytes", "PageSize", "\u{1f511}", "a b", "%"]);
const VALUES = [
  "",
  MARKER,
  "0",
  "-1",
  "1e999",
  "null",
  "{}",
  "[]",
  '{"a":1}',
  '{"a":"b","a":"c"}',
  "\u0000",
  "\ud7ff\uffff",
  "\u{1f512}",
].concat(["../../etc/passwd", "' or 1=1 --", "true", "9007199254740993", "AAAA", "%00", "alias/x", "key-1"]);
const ESCAPES = [
  "%",
  "%4",
  "%zz",
  "%ff",
  "%c0%af",
  "%ed%a0%80",
  "%00",
  "%u0041",
  "+",
  "%2b",
  "%25",
  "%f0%9f%94%91",
  "a=b=c",
  "=",
  "&&",
  "?",
  "#",
  ";",
];
const TYPES = [
  "application/x-www-form-urlencoded",
  "application/json",
  "text/xml",
  "multipart/form-data; boundary=x",
  "text/plain",
].concat(["application/x-www-form-urlencoded; charset=utf-16", "\u00ff", ",", "application/octet-stream"]);
const TRANSFERS = [
  "chunked",
  "Chunked",
  "chunked, chunked",
  "identity",
  "gzip, chunked",
  "chunked, gzip",
  "xchunked",
  " chunked",
  "\tchunked",
  "",
];
const LENGTHS = ["0", "3", "-1", "+3", "0x3", "3, 3", "3,4", "99999999999999999999", "3.0", "", " 3", "1e3"];
const CHUNKS = [
  "3\r\nabc\r\n0\r\n\r\n",
  "0\r\n\r\n",
  "3\nabc\n0\n\n",
  "g\r\n",
  "-1\r\n",
  "ffffffffffffffff\r\na",
  "3;x=y\r\nabc\r\n0\r\n\r\n",
].concat([
  "3\r\nabcd\r\n0\r\n\r\n",
  "3\r\nabc\r\n0\r\nTrailer: x\r\n\r\n",
  "3\r\nab",
  "000000003\r\nabc\r\n0\r\n\r\n",
  ` 3\r\nabc\r\n`,
  `1;${"x".repeat(20_000)}\r\n`,
]);

const HOST = "Host: localhost\r\n";
const form = (body: string, type = TYPES[0]) =>
  `${HOST}Content-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

type Shape = (dice: Dice, signer: Signer) => readonly Piece[];

function parameters(dice: Dice): Record<string, string> {
  return Object.fromEntries(Array.from({ length: dice.below(6) }, () => [dice.one(NAMES), dice.one(VALUES)]));
}

function signed(dice: Dice, signer: Signer, method = "POST"): string {
  return signedPath(signer, dice.one(OPERATIONS), { Plaintext: MARKER, ...parameters(dice) }, { method });
}

/** Some bytes of a text become others. */
function damaged(dice: Dice, text: string): Buffer {
  const bytes = Buffer.from(text);
  for (let count = 1 + dice.below(4); count > 0; count--) bytes[dice.below(bytes.length)] = dice.below(256);
  return bytes;
}

const SHAPES: Readonly<Record<string, Shape>> = {
  "random bytes": (dice) => [dice.bytes(1 + dice.below(400))],
  "signed, odd parameters": (dice, signer) => [
    `POST ${signed(dice, signer)} HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`,
  ],
  "signed, in a form": (dice, signer) => [`POST / HTTP/1.1\r\n${form(signed(dice, signer).slice(2), dice.one(TYPES))}`],
  "signed, then damaged": (dice, signer) => [
    damaged(dice, `POST ${signed(dice, signer)} HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`),
  ],
  "form, damaged": (dice, signer) => [damaged(dice, `POST / HTTP/1.1\r\n${form(signed(dice, signer).slice(2))}`)],
  "wrong signature": (dice, signer) => [
    `GET ${signed(dice, signer, "GET")}${dice.one(["x", "%00", "&a=b", "="])} HTTP/1.1\r\n${HOST}\r\n`,
  ],
  "wrong ACS3": (dice) => [
    `POST / HTTP/1.1\r\n${HOST}x-acs-action: Encrypt\r\nx-acs-version: 2016-01-20\r\nx-acs-date: ${dice.one(VALUES.slice(1, 6))}\r\n` +
      `x-acs-content-sha256: ${dice.bytes(32).toString("hex")}\r\nAuthorization: ACS3-HMAC-SHA256 ` +
      `${dice.one(["", "Credential=", "Credential=a,SignedHeaders=host,Signature=", "Credential=a,SignedHeaders=;;;,Signature="])}` +
      `${dice.bytes(32).toString("hex")}\r\nContent-Length: 0\r\n\r\n`,
  ],
  verbs: (dice, signer) => [
    `${dice.one(METHODS)} ${dice.one(["/", "*", "//", "/a/../", "/healthz", "/readyz", "http://a/", "/%", signed(dice, signer)])} HTTP/1.1\r\n${HOST}\r\n`,
  ],
  versions: (dice) => [
    `GET / ${dice.one(["HTTP/1.0", "HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/9", "http/1.1", "ICE/1.0", ""])}\r\n${HOST}\r\n`,
  ],
  encodings: (dice) => [
    `GET /?${Array.from({ length: 1 + dice.below(8) }, () => dice.one(ESCAPES)).join("")}=${MARKER} HTTP/1.1\r\n${HOST}\r\n`,
  ],
  "raw Unicode and control bytes": (dice) => [
    Buffer.concat([Buffer.from("GET /?a="), dice.bytes(20), Buffer.from(` HTTP/1.1\r\n${HOST}\r\n`)]),
  ],
  "parameters twice": (dice, signer) => [
    `POST ${signed(dice, signer)}&${dice.one(["Action", "Signature", "Plaintext"])}=${MARKER} HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`,
  ],
  "many parameters": (dice) => [
    `POST / HTTP/1.1\r\n${form(Array.from({ length: 1 + dice.below(9_000) }, (_, i) => `p${i}=`).join("&"))}`,
  ],
  "giant parameter": (dice) => [`POST / HTTP/1.1\r\n${form(`Plaintext=${MARKER.repeat(1 + dice.below(20_000))}`)}`],
  "giant query": (dice) => [`GET /?Plaintext=${"x".repeat(dice.below(200_000))} HTTP/1.1\r\n${HOST}\r\n`],
  "giant or many headers": (dice) => [
    `GET / HTTP/1.1\r\n${HOST}${`X-${"a".repeat(dice.below(200))}: b\r\n`.repeat(1 + dice.below(3_000))}\r\n`,
  ],
  "odd headers": (dice) => [
    `GET / HTTP/1.1\r\n${HOST}${dice.one(["X : a", ": a", "X", " folded", "X: a\r\n b", "X: \0", "X: a\rb", "\u00e9: a", "Host: b", "Expect: 100-continue", "Expect: x", "Upgrade: h2c\r\nConnection: Upgrade", "Connection: close, X", "Authorization: Basic eA==", "x-acs-action: Encrypt"])}\r\n\r\n`,
  ],
  smuggling: (dice) => [
    `POST / HTTP/1.1\r\n${HOST}Content-Length: ${dice.one(LENGTHS)}\r\n${dice.one(["Content-Length", "Transfer-Encoding", "Transfer-Encoding ", "transfer_encoding"])}: ` +
      `${dice.one([...TRANSFERS, ...LENGTHS])}\r\n\r\n${dice.one(CHUNKS)}GET /smuggled HTTP/1.1\r\n${HOST}\r\n`,
  ],
  chunks: (dice) => [
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: ${dice.one(TRANSFERS)}\r\n\r\n`,
    dice.one(CHUNKS),
    dice.one(CHUNKS),
  ],
  "body cut short": (dice) => [
    `POST / HTTP/1.1\r\n${HOST}Content-Type: ${dice.one(TYPES)}\r\nContent-Length: ${1 + dice.below(1_000)}\r\n\r\n${MARKER.slice(0, dice.below(9))}`,
  ],
  "cut short anywhere": (dice, signer) => {
    const whole = `POST / HTTP/1.1\r\n${form(signed(dice, signer).slice(2))}`;
    return [whole.slice(0, 1 + dice.below(whole.length))];
  },
  pipelined: (dice, signer) =>
    Array.from({ length: 2 + dice.below(6) }, () =>
      dice.one([
        `POST ${signed(dice, signer)} HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`,
        `GET /healthz HTTP/1.1\r\n${HOST}\r\n`,
        `GET / HTTP/1.1\r\n\r\n`,
      ]),
    ),
  "in small pieces": (dice, signer) => {
    const whole = `POST ${signed(dice, signer)} HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`;
    const cut = dice.below(whole.length);
    return [whole.slice(0, cut), 1 + dice.below(5), whole.slice(cut)];
  },
  CONNECT: (dice) => [`CONNECT ${dice.one(["a:1", "/", "*", ""])} HTTP/1.1\r\n${HOST}\r\n`, dice.bytes(20)],
};

const NAMES_OF_SHAPES = Object.keys(SHAPES);
export const SHAPE_COUNT = NAMES_OF_SHAPES.length;

/** Case `index` of a run: the shapes come in turn. */
export function fuzzCase(dice: Dice, signer: Signer, index: number): FuzzCase {
  const shape = NAMES_OF_SHAPES[index % SHAPE_COUNT] ?? "";
  const pieces = SHAPES[shape]?.(dice, signer) ?? [];
  return { shape, pieces, end: dice.below(12) === 0 ? "reset" : dice.below(3) === 0 ? "wait" : "half-close" };
}
