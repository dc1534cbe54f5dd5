import { aeskw, aeskwp, cbc, ctr, ecb, gcm as nobleGcm } from "@noble/ciphers/aes.js";
import { sm4 } from "sm-crypto-v2";
import { ccm } from "../../reference/ccm.ts";
import { gcm } from "../../reference/gcm.ts";
import type { ModeInput, SealInput } from "../../reference/openssl-modes.ts";
import { Buffer } from "./buffer.ts";

// Stands in for OpenSSL where the suites run outside Node: @noble/ciphers for AES, sm-crypto-v2 for SM4.

function aes({ mode, key, iv = new Uint8Array(16), padding = "pkcs7" }: ModeInput) {
  const options = { disablePadding: padding === "none" };
  if (mode === "ecb") return ecb(key, options);
  return mode === "cbc" ? cbc(key, iv, options) : ctr(key, iv);
}

/** CTR, which sm-crypto-v2 lacks: counter blocks through its ECB. */
function sm4Ctr(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array {
  let counter = BigInt(`0x${Buffer.from(iv).toString("hex")}`);
  const blocks = Array.from({ length: Math.ceil(data.length / 16) }, () => {
    const block = Buffer.from(counter.toString(16).padStart(32, "0"), "hex");
    counter = BigInt.asUintN(128, counter + 1n);
    return block;
  });
  const stream = sm4.encrypt(Buffer.concat(blocks), key, { padding: "none", output: "array" });
  return data.map((byte, index) => byte ^ (stream[index] ?? 0));
}

/** CFB and OFB, block by block through the ECB of either library. */
function withFeedback({ cipher, mode, key, iv, data }: ModeInput, decrypts: boolean): Uint8Array<ArrayBuffer> {
  const encryptBlock = (block: Uint8Array) =>
    cipher === "aes"
      ? ecb(key, { disablePadding: true }).encrypt(block)
      : sm4.encrypt(block, key, { padding: "none", output: "array" });
  let chain = Uint8Array.from(iv ?? new Uint8Array(16));
  const result = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += 16) {
    const [stream, input] = [Uint8Array.from(encryptBlock(chain)), data.subarray(at, at + 16)];
    const output = Uint8Array.from(input, (byte, index) => byte ^ (stream[index] ?? 0));
    result.set(output, at);
    if (input.length === 16) chain = mode === "ofb" ? stream : Uint8Array.from(decrypts ? input : output);
  }
  return result;
}

const hasFeedback = ({ mode }: ModeInput) => mode === "cfb" || mode === "ofb";

function sm4Options({ mode, iv, padding = "pkcs7" }: ModeInput) {
  const chained = mode === "cbc" && iv ? ({ mode, iv } as const) : {};
  return { ...chained, padding: padding === "none" ? "none" : "pkcs#7", output: "array" } as const;
}

export function opensslEncrypt(input: ModeInput): Uint8Array<ArrayBuffer> {
  const { cipher, mode, key, iv = new Uint8Array(16), data } = input;
  if (hasFeedback(input)) return withFeedback(input, false);
  if (cipher === "aes") return Uint8Array.from(aes(input).encrypt(data));
  if (mode === "ctr") return Uint8Array.from(sm4Ctr(key, iv, data));
  return Uint8Array.from(sm4.encrypt(data, key, sm4Options(input)));
}

export function opensslDecrypt(input: ModeInput): Uint8Array<ArrayBuffer> {
  const { cipher, mode, key, iv = new Uint8Array(16), data } = input;
  if (hasFeedback(input)) return withFeedback(input, true);
  if (cipher === "aes") return Uint8Array.from(aes(input).decrypt(data));
  if (mode === "ctr") return Uint8Array.from(sm4Ctr(key, iv, data));
  return Uint8Array.from(sm4.decrypt(data, key, sm4Options(input)));
}

/** noble takes nonces of 8 bytes and more. */
export function opensslAesGcm(input: SealInput): Uint8Array<ArrayBuffer> {
  const { key, nonce, plaintext, aad, tagLength = 16 } = input;
  if (nonce.length < 8) return gcm("aes")(input);
  return Uint8Array.from(
    nobleGcm(key, nonce, aad)
      .encrypt(plaintext)
      .subarray(0, plaintext.length + tagLength),
  );
}

export const opensslAesCcm = ccm("aes");

export function opensslWrap(key: Uint8Array, material: Uint8Array, padded: boolean): Uint8Array<ArrayBuffer> {
  return Uint8Array.from((padded ? aeskwp : aeskw)(key).encrypt(material));
}
