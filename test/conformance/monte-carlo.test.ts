import { createCipheriv, createDecipheriv } from "node:crypto";
import { aesCbc, aesEcb } from "lanelock/unauthenticated";
import { expect, test } from "vitest";
import { opensslName } from "../reference/openssl-modes.ts";
import { monteCarlo, type StartRun } from "./monte-carlo.ts";
import { readVectors } from "./response-file.ts";

// Every output is compared with node:crypto's, and the last with the figure that NIST publishes.

const rounds = 100;

type Direction = "encrypt" | "decrypt";

function openssl(mode: "ecb" | "cbc", direction: Direction): StartRun {
  const create = direction === "encrypt" ? createCipheriv : createDecipheriv;
  return (key, iv) => {
    const cipher = create(opensslName("aes", mode, key), key, iv ?? null);
    cipher.setAutoPadding(false);
    return (block) => cipher.update(block);
  };
}

function ecbRun(direction: Direction): StartRun {
  return (key) => {
    const ecb = aesEcb(key, { padding: "none" });
    return (block) => ecb[direction](block);
  };
}

/** One call a block, chained here: the next IV is the ciphertext block of this call. */
function cbcRun(direction: Direction): StartRun {
  return (key, iv) => {
    const cbc = aesCbc(key, { padding: "none" });
    let chain = iv ?? new Uint8Array(16);
    return (block) => {
      const output = cbc[direction](chain, block);
      chain = Uint8Array.from(direction === "encrypt" ? output : block);
      return output;
    };
  };
}

for (const mode of ["ecb", "cbc"] as const) {
  for (const vector of readVectors(`nist-cavp/${mode}-mct.txt`)) {
    const direction = vector.direction === "ENCRYPT" ? "encrypt" : "decrypt";
    const [from, to] = direction === "encrypt" ? ["PLAINTEXT", "CIPHERTEXT"] : ["CIPHERTEXT", "PLAINTEXT"];
    const key = vector.bytes("KEY");
    test(`${opensslName("aes", mode, key)} ${direction} passes the Monte Carlo Test, ${rounds} × 1,000 steps`, () => {
      const seed = { key, iv: mode === "cbc" ? vector.bytes("IV") : undefined, text: vector.bytes(from) };
      const results = monteCarlo(mode === "ecb" ? ecbRun(direction) : cbcRun(direction), seed, rounds);
      expect(results).toHaveLength(rounds);
      expect(results).toEqual(
        monteCarlo(openssl(mode, direction), seed, rounds).map((block) => Uint8Array.from(block)),
      );
      expect(results.at(-1)).toEqual(vector.bytes(to));
    });
  }
}
