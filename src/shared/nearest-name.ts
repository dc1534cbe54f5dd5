/** How many letters a misspelling may differ in: a third of the name, at least two. */
function tolerance(length: number): number {
  return Math.max(2, Math.floor(length / 3));
}

/** Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours. */
function distance(a: string, b: string): number {
  let [older, previous]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(substituted, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) least = Math.min(least, (older[j - 2] ?? 0) + 1);
      row.push(least);
    }
    [older, previous] = [previous, row];
  }
  return previous[b.length] ?? 0;
}

/** Letters and digits only, so that `encryption_context` and `Encryption-Context` equal `encryptionContext`. */
function plainForm(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** Whether `short` is `long` with letters left out, but not the first: `aad` for `additionalData`. */
function abbreviates(short: string, long: string): boolean {
  if (short[0] !== long[0]) return false;
  let at = 0;
  for (const letter of long) if (letter === short[at]) at += 1;
  return at === short.length;
}

/**
 * The known name that a misspelt one most likely stands for; `undefined` if none is close. Case and punctuation do not count, and a
 * name that is part of another (`context` of `encryptionContext`) or abbreviates it (`aad`, `additionalData`) is close to it.
 *
 * @example
 * nearestName("EncryptionContext", ["keyId", "encryptionContext"]); // "encryptionContext"
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  // No name is so long, and the time of the distance grows with the length.
  if (name.length > 64) return undefined;
  const wanted = plainForm(name);
  let best: string | undefined;
  let least = tolerance(wanted.length) + 1;
  for (const candidate of known) {
    const form = plainForm(candidate);
    const shorter = Math.min(wanted.length, form.length);
    const isPart =
      shorter >= 3 &&
      (form.includes(wanted) || wanted.includes(form) || abbreviates(form, wanted) || abbreviates(wanted, form));
    const steps = distance(wanted, form);
    const rank = isPart ? Math.min(steps, tolerance(wanted.length)) : steps;
    if (rank >= least) continue;
    least = rank;
    best = candidate;
  }
  return best;
}
