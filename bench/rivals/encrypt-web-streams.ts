import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Contender } from "../case.ts";
import type { GcmInput } from "./node-crypto.ts";

export const WEB_STREAMS = "encrypt-web-streams";

interface Encryptor {
  free(): void;
  init_adata(aad: Uint8Array): void;
  update(chunk: Uint8Array): Uint8Array;
  finalize(): Uint8Array;
}

interface Decryptor extends Encryptor {}

interface Module {
  initSync(options: { module: Uint8Array }): unknown;
  Encryptor: new (key: Uint8Array, nonce: Uint8Array) => Encryptor;
  Decryptor: new (key: Uint8Array, nonce: Uint8Array) => Decryptor;
}

/** Its WebAssembly itself, without the streams around it, which would only slow it down. */
async function load(): Promise<Module> {
  const folder = new URL("../wasm/", import.meta.resolve("@transcend-io/encrypt-web-streams"));
  const module: Module = await import(fileURLToPath(new URL("aes_gcm_stream_wasm.js", folder)));
  module.initSync({ module: readFileSync(new URL("aes_gcm_stream_wasm_bg.wasm", folder)) });
  return module;
}

const { Encryptor, Decryptor } = await load();

function whole(cipher: Encryptor, { aad, data }: GcmInput): undefined {
  if (aad.length > 0) cipher.init_adata(aad);
  cipher.update(data);
  cipher.finalize();
  cipher.free();
}

export function webStreamsSeal(input: GcmInput): Contender {
  return { name: WEB_STREAMS, run: () => whole(new Encryptor(input.key, input.nonce), input) };
}

export function webStreamsOpen(input: GcmInput): Contender {
  return { name: WEB_STREAMS, run: () => whole(new Decryptor(input.key, input.nonce), input) };
}
