import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AsymmetricKeySpec } from "../../src/shared/algorithms.ts";
import { keptKey } from "./test-keys.ts";

/** Runs OpenSSL's command line on files of a folder of its own. */
export class OpenSsl implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "lanelock-openssl-"));

  path(name: string): string {
    return join(this.#folder, name);
  }

  write(name: string, contents: Uint8Array | string): string {
    writeFileSync(this.path(name), contents);
    return this.path(name);
  }

  read(name: string): Uint8Array<ArrayBuffer> {
    return new Uint8Array(readFileSync(this.path(name)));
  }

  run(...args: string[]): string {
    return execFileSync("openssl", args, { cwd: this.#folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  /** Whether the command ends with status 0. */
  succeeds(...args: string[]): boolean {
    try {
      this.run(...args);
      return true;
    } catch {
      return false;
    }
  }

  /** PKCS#8 DER of a key, also left in `generated.pem` and `generated.der`. */
  privateKey(spec: AsymmetricKeySpec): Uint8Array<ArrayBuffer> {
    const kept = keptKey(spec);
    if (kept) {
      this.run("pkey", "-inform", "DER", "-in", this.write("generated.der", kept), "-out", "generated.pem");
      return kept;
    }
    const options = spec.startsWith("RSA")
      ? ["-algorithm", "RSA", "-pkeyopt", `rsa_keygen_bits:${spec.slice(4)}`]
      : ["-algorithm", "EC", "-pkeyopt", `ec_paramgen_curve:${spec === "EC_P256" ? "P-256" : "secp256k1"}`];
    this.run("genpkey", ...options, "-out", "generated.pem");
    this.run("pkcs8", "-topk8", "-nocrypt", "-in", "generated.pem", "-outform", "DER", "-out", "generated.der");
    return this.read("generated.der");
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
