// SubBytes and InvSubBytes of both bit-sliced layouts: eight planes are a group of eight blocks (aes-bitslice.ts) or one row of 32
// (aes-rows.ts), and each S-box sees the eight bits of one byte. These planes don't wait for each other, so the processor overlaps them.
import { aesForwardSbox } from "../circuit/aes-forward";
import { aesInverseSbox } from "../circuit/aes-inverse";

/** Stores planes as the forward circuit gets them ready. */
@unmanaged
@final
class Substituted<L> {
  @inline
  afterSbox(at: usize, a0: v128, a1: v128, a2: v128, a3: v128, a4: v128, a5: v128, a6: v128, a7: v128): void {
    const to = at - changetype<L>(0).aside();
    v128.store(to, a4, 64);
    v128.store(to, a1, 16);
    v128.store(to, a6, 96);
    v128.store(to, a5, 80);
    v128.store(to, a2, 32);
    v128.store(to, a3, 48);
    v128.store(to, a0, 0);
    v128.store(to, a7, 112);
  }
}

/** SubBytes, without its 0x63, on the planes of `L` up to `end`. */
export function substitute<L>(end: usize): void {
  for (let at = changetype<L>(0).planes(); at < end; at += 128) {
    aesForwardSbox<Substituted<L>>(
      at + changetype<L>(0).aside(),
      v128.load(at, 0), v128.load(at, 16), v128.load(at, 32), v128.load(at, 48),
      v128.load(at, 64), v128.load(at, 80), v128.load(at, 96), v128.load(at, 112),
    );
  }
}

/** Stores planes as the inverse circuit gets them ready. */
@unmanaged
@final
class Restored<L> {
  @inline
  afterSbox(at: usize, a0: v128, a1: v128, a2: v128, a3: v128, a4: v128, a5: v128, a6: v128, a7: v128): void {
    const to = at - changetype<L>(0).aside();
    v128.store(to, a0, 0);
    v128.store(to, a5, 80);
    v128.store(to, a4, 64);
    v128.store(to, a3, 48);
    v128.store(to, a7, 112);
    v128.store(to, a6, 96);
    v128.store(to, a2, 32);
    v128.store(to, a1, 16);
  }
}

/** InvSubBytes of a state plus 0x63, on the planes of `L` up to `end`. */
export function invertSubstitution<L>(end: usize): void {
  for (let at = changetype<L>(0).planes(); at < end; at += 128) {
    aesInverseSbox<Restored<L>>(
      at + changetype<L>(0).aside(),
      v128.load(at, 0), v128.load(at, 16), v128.load(at, 32), v128.load(at, 48),
      v128.load(at, 64), v128.load(at, 80), v128.load(at, 96), v128.load(at, 112),
    );
  }
}
