// Inverse AES S-box (FIPS 197 §5.3.2) in 110 gates, 76 XOR and 34 AND or ANDNOT, no more than 21 of which wait for each other:
// made as the forward one (aes-forward.ts). Boyar and Peralta's has 121 gates.
//
// In: plane k holds bit k of v ^ 0x63, which the round keys supply. Out: plane k holds bit k of InvS(v).
import { and, andnot, keep, kept, xor } from "./gates";

/** Passes the eight output planes to `afterSbox(at, …)` of `Next`, inlined. Keeps values in the 128 bytes at `at`, where the inputs may
 * stand, as they have been read by then. */
@inline
export function aesInverseSbox<Next>(
  at: usize,
  i0: v128, i1: v128, i2: v128, i3: v128, i4: v128, i5: v128, i6: v128, i7: v128,
): void {
  const y3 = xor(i5, i1);
  const y0 = xor(i5, i6);
  const y4 = xor(i2, y0);
  const y7 = xor(i3, y4);
  const y9 = xor(y3, y7);
  const y1 = xor(i1, i7);
  const y2 = xor(i3, y1);
  const y5 = xor(y3, y2);
  const y13 = xor(i4, i3);
  const y14 = xor(i2, y13);
  const y8 = xor(y0, y2);
  const y18 = xor(y14, y8);
  const t8 = and(y5, y18);
  const t7 = and(y2, y8);
  const t9 = xor(t8, t7);
  const y6 = xor(y5, i0);
  const y10 = xor(y6, i5);
  const y12 = xor(y10, y8);
  const t13 = and(y12, y1);
  const y15 = xor(y14, y6);
  const t12 = and(y15, y9);
  const t14 = xor(t13, t12);
  const t19 = xor(t9, t14);
  const t23 = xor(t19, y0);
  const t10 = and(y3, y14);
  const t11 = xor(t7, t10);
  const y11 = xor(y4, y5);
  const y16 = xor(i1, y13);
  const y19 = xor(y11, y16);
  const t15 = and(y19, y11);
  const t16 = xor(t12, t15);
  const t20 = xor(t11, t16);
  const y17 = xor(y14, y3);
  const t24 = xor(t20, y17);
  const t30 = xor(t23, t24);
  const y20 = xor(y15, y9);
  const t3 = and(i5, y4);
  const t2 = and(i3, y10);
  const t4 = xor(t3, t2);
  const t17 = xor(t14, t4);
  const t21 = xor(y20, t17);
  const t26 = and(t23, t21);
  const t5 = and(y7, y6);
  const t6 = xor(t2, t5);
  const t18 = xor(t6, t16);
  const t22 = xor(t18, y16);
  const t31 = xor(t26, t22);
  const t32 = and(t30, t31);
  const t33 = xor(t32, t24);
  const t27 = xor(t24, t26);
  const t25 = xor(t22, t21);
  const t28 = and(t27, t25);
  const t29 = xor(t28, t22);
  const t42 = xor(t33, t29);
  const z6 = and(y9, t42);
  const t34 = andnot(t22, t24);
  const t35 = andnot(t23, t34);
  const t37 = xor(t35, t27);
  const t36 = andnot(t24, t22);
  const t39 = andnot(t21, t36);
  const t40 = xor(t31, t39);
  const t41 = xor(t37, t40);
  const z8 = and(y11, t41);
  const b25 = xor(z6, z8);
  keep(at, 3, b25);
  const z17 = and(y19, t41);
  keep(at, 1, z17);
  const z4 = and(t40, y5);
  keep(at, 0, z4);
  const k0 = kept(at, 1);
  const z11 = and(t33, y6);
  const b0 = xor(k0, z11);
  keep(at, 2, b0);
  const z5 = and(y3, t29);
  keep(at, 4, z5);
  const z10 = and(t37, i5);
  const k1 = kept(at, 2);
  const b10 = xor(z10, k1);
  const t45 = xor(t41, t42);
  const z16 = and(y12, t45);
  const b11 = xor(b10, z16);
  const k2 = kept(at, 4);
  const k3 = kept(at, 0);
  const b2 = xor(k2, k3);
  const b8 = xor(z8, b2);
  const z7 = and(y1, t45);
  const o6 = xor(b8, z7);
  const o0 = xor(b11, o6);
  const k4 = kept(at, 1);
  const z14 = and(y14, t29);
  const b18 = xor(k4, z14);
  const t43 = xor(t40, t29);
  const z12 = and(y8, t43);
  const t44 = xor(t33, t37);
  const z9 = and(t44, y10);
  const k5 = kept(at, 2);
  const b3 = xor(z9, k5);
  const b14 = xor(z12, b3);
  const o2 = xor(b18, b14);
  const z2 = and(y7, t33);
  const z0 = and(t44, i3);
  const b4 = xor(z2, z0);
  const k6 = kept(at, 4);
  const z3 = and(t43, y2);
  const b1 = xor(k6, z3);
  const b5 = xor(b4, b1);
  const z15 = and(y15, t42);
  const b6 = xor(z15, b3);
  const b7 = xor(b5, b6);
  const b13 = xor(o0, b7);
  const o5 = xor(o2, b13);
  const z1 = and(t37, y4);
  const b15 = xor(z1, z2);
  const b16 = xor(b15, b2);
  const o4 = xor(b7, b16);
  const z13 = and(t40, y18);
  const b20 = xor(z13, z16);
  const b21 = xor(b20, b14);
  const o3 = xor(b21, o4);
  const o7 = xor(b5, b21);
  const k7 = kept(at, 3);
  const b26 = xor(k7, b1);
  const o1 = xor(b26, b13);
  changetype<Next>(0).afterSbox(at, o0, o1, o2, o3, o4, o5, o6, o7);
}
