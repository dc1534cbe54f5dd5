import { describe, expect, test } from "vitest";
import "../conformance/aes-cfb-ofb.test.ts";
import "../conformance/aes-ctr.test.ts";
import "../conformance/aes-ecb-cbc.test.ts";
import "../conformance/aes-gcm-siv.test.ts";
import "../conformance/aes-gcm.test.ts";
import "../conformance/aes-siv.test.ts";
import "../conformance/ccm.test.ts";
import "../conformance/cmac.test.ts";
import "../conformance/key-wrap.test.ts";
import "../conformance/sm4.test.ts";
import "../conformance/xaes-256-gcm.test.ts";
import "../contract/aead.test.ts";
import "../contract/block-mode.test.ts";
import "../contract/key-wrap.test.ts";
import "../contract/mac.test.ts";
import "../contract/message-aead.test.ts";
import "../contract/wiping.test.ts";
import "../differential/counter-wrap.test.ts";
import "../differential/ctr-forms.test.ts";
import "../differential/every-length.test.ts";
import "../differential/gcm-parameters.test.ts";
import "../differential/long-messages.test.ts";
import "../differential/macs-and-key-wrap.test.ts";
import "../differential/message-aeads.test.ts";
import "../differential/overlap.test.ts";
import "../differential/properties.test.ts";
import "../differential/streams.test.ts";
import "../differential/unaligned-views.test.ts";
import { engine } from "../../src/engine/load.ts";
import { runRegistered } from "./stand-ins/vitest.ts";

// What a host other than Node runs of the suites of the engine: the published vectors, the contracts and the comparisons with
// other implementations, which are @noble/ciphers and sm-crypto-v2 there.

const long = process.env.LANELOCK_ALL_SUITES === "1";

/** Tests of what only Node has, or that ask its OpenSSL for more than modes. */
const needsNode = /\b(native|auto|node:crypto)\b|KWP refuses every length it does not know/;

/** What takes minutes here, and is left to Node: all keys of AES but the longest, and thousands of live keys. */
const onlyInNode = /^aes-(128|192)-|10000 live keys/;

/** What the short run leaves to the long one: modes like those that it takes, and repetition. */
const leftOut = new RegExp(
  [
    "^(aes-256|sm4)-(ecb|cfb|ofb|cbc none|ccm|siv|gcm-siv|cmac|kwp?)|^xaes-256-gcm|^aes, key of 16 bytes",
    "CAVP cases of gcm(Encrypt|Decrypt128|Decrypt192)|passes all [0-9,]* ?CAVP|^SM4 passes the examples|accumulated",
    "no part of a message of any length|at random lengths|takes views at every",
  ].join("|"),
);

const chosen = (name: string) => !needsNode.test(name) && !onlyInNode.test(name) && (long || !leftOut.test(name));

describe("control", () => {
  test("a wrong byte fails a test", () => {
    expect(Uint8Array.of(1, 2)).toEqual(Uint8Array.of(1, 3));
  });
});

Object.assign(globalThis, { runSuites: () => runRegistered(chosen), build: () => engine().build });
