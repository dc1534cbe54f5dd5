// Where the bulk layouts have their planes, and on how many batches each of their operations works: a type parameter of their functions.
import { PAIR_KEYS, PAIR_PLANES, PAIR_STAGE, PAIR_STAGE_SIZE, PLANES, ROW_KEYS, STAGE, STAGE_SIZE, wipeBlocks } from "./memory";

/** One batch: the module does what the source says. */
@unmanaged
@final
export class Single {
  @inline
  isPaired(): bool {
    return false;
  }

  @inline
  planes(): usize {
    return PLANES;
  }

  /** How far from its planes an S-box keeps values (circuit/gates.ts). */
  @inline
  aside(): usize {
    return 0;
  }

  @inline
  stage(): usize {
    return STAGE;
  }

  @inline
  wipeStage(): void {
    wipeBlocks(STAGE, STAGE_SIZE);
  }

  @inline
  rowKeys(): usize {
    return ROW_KEYS;
  }
}

/**
 * Two batches, which alternate in memory by 16 bytes: the wide build. Its functions are written as for one batch, and tools/pair-lanes.mjs
 * doubles each of their vector operations while the module is compiled. Their addresses are half the addresses in memory: address a
 * stands for the vectors at 2·a and 2·a + 16, one of each batch.
 *
 *     address in the source   | a              | a + 16         | a + 32         |
 *     batch                   | first, second  | first, second  | first, second  |
 *     address in memory       | 2·a, 2·a + 16  | 2·a + 32, + 48 | 2·a + 64, + 80 |
 *
 * Of a sequence of blocks, the even ones are thus one batch and the odd ones the other.
 */
@unmanaged
@final
export class Paired {
  @inline
  isPaired(): bool {
    return true;
  }

  @inline
  planes(): usize {
    return half(PAIR_PLANES);
  }

  /** Not where the planes are: V8 does not pack a store to an address that the same loop stores to once more. */
  @inline
  aside(): usize {
    return 512;
  }

  @inline
  stage(): usize {
    return half(PAIR_STAGE);
  }

  @inline
  wipeStage(): void {
    wipeBlocks(PAIR_STAGE, PAIR_STAGE_SIZE);
  }

  @inline
  rowKeys(): usize {
    return half(PAIR_KEYS);
  }
}

/** What functions with `Paired` take for an address in memory, which is even. */
@inline
export function half(address: usize): usize {
  return address >> 1;
}

/** Copies `size` bytes from `from` to `to`, each vector twice: for both batches. */
export function copyTwice(to: usize, from: usize, size: usize): void {
  const end = from + size;
  for (; from < end; from += 16, to += 32) {
    const vector = v128.load(from);
    v128.store(to, vector, 0);
    v128.store(to, vector, 16);
  }
}
