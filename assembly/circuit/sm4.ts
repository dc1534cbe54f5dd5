// SM4 S-box (GB/T 32907-2016 §6.2) in 110 gates, 76 XOR and 34 AND or ANDNOT, no more than 20 of which wait for each other:
// affinely equivalent to inversion in GF(2^8), so it is made as AES's (aes-forward.ts), by a search of the maps between the two
// fields.
//
// In: plane k holds bit k of v ^ 0x75. Out: plane k holds bit k of S(v) ^ 0xd3. The round keys absorb both constants.
import { and, andnot, xor } from "./gates";

/** Passes the eight output planes to `afterSbox(key, to, add, …)` of `Next`, inlined. */
@inline
export function sm4Sbox<Next>(
  key: usize, to: usize, add: usize,
  i0: v128, i1: v128, i2: v128, i3: v128, i4: v128, i5: v128, i6: v128, i7: v128,
): void {
  const y0 = xor(i2, i6);
  const y1 = xor(i1, i4);
  const y2 = xor(i0, i1);
  const y3 = xor(y0, y2);
  const y4 = xor(i5, y3);
  const y5 = xor(y1, y3);
  const y6 = xor(i2, i5);
  const y7 = xor(y1, y6);
  const y8 = xor(i1, y0);
  const y9 = xor(y4, y7);
  const y10 = xor(i5, y8);
  const y11 = xor(i4, i7);
  const y12 = xor(i5, y11);
  const y13 = xor(i1, y12);
  const y14 = xor(y9, y13);
  const y15 = xor(i0, i3);
  const y16 = xor(y11, y15);
  const y17 = xor(i5, y15);
  const y18 = xor(y0, y17);
  const y19 = xor(y5, y18);
  const y20 = xor(y13, y18);
  const t2 = and(y6, y16);
  const t3 = and(y7, y12);
  const t5 = and(y1, y17);
  const t7 = and(i5, y8);
  const t8 = and(y4, i1);
  const t10 = and(y3, y0);
  const t12 = and(y5, y18);
  const t13 = and(i2, y20);
  const t15 = and(y9, y13);
  const t4 = xor(t3, t2);
  const t6 = xor(t5, t2);
  const t9 = xor(t8, t7);
  const t11 = xor(t10, t7);
  const t14 = xor(t13, t12);
  const t16 = xor(t15, t12);
  const t17 = xor(t4, t14);
  const t18 = xor(t6, t16);
  const t19 = xor(t9, t14);
  const t20 = xor(t11, t16);
  const t21 = xor(t17, y19);
  const t22 = xor(t18, y14);
  const t23 = xor(t19, y10);
  const t24 = xor(t20, y2);
  const t25 = xor(t21, t22);
  const t26 = and(t21, t23);
  const t27 = xor(t24, t26);
  const t28 = and(t25, t27);
  const t29 = xor(t28, t22);
  const t30 = xor(t23, t24);
  const t31 = xor(t22, t26);
  const t32 = and(t31, t30);
  const t33 = xor(t32, t24);
  const t34 = andnot(t22, t24);
  const t35 = andnot(t23, t34);
  const t37 = xor(t27, t35);
  const t36 = andnot(t24, t22);
  const t39 = andnot(t21, t36);
  const t40 = xor(t31, t39);
  const t41 = xor(t40, t37);
  const t42 = xor(t29, t33);
  const t43 = xor(t29, t40);
  const t44 = xor(t33, t37);
  const t45 = xor(t42, t41);
  const z0 = and(t44, y16);
  const z1 = and(t37, y12);
  const z2 = and(t33, y17);
  const z3 = and(t43, y8);
  const z4 = and(t40, i1);
  const z5 = and(t29, y0);
  const z6 = and(t42, y18);
  const z7 = and(t45, y20);
  const z8 = and(t41, y13);
  const z9 = and(t44, y6);
  const z10 = and(t37, y7);
  const z11 = and(t33, y1);
  const z12 = and(t43, i5);
  const z13 = and(t40, y4);
  const z14 = and(t29, y3);
  const z15 = and(t42, y5);
  const z16 = and(t45, i2);
  const z17 = and(t41, y9);
  const b0 = xor(z2, z0);
  const b1 = xor(z5, z3);
  const o7 = xor(b1, b0);
  const b3 = xor(z11, z14);
  const b4 = xor(z8, b0);
  const b5 = xor(z12, z15);
  const b6 = xor(b5, z16);
  const b7 = xor(z12, b3);
  const b8 = xor(z9, b7);
  const b9 = xor(z7, b8);
  const b10 = xor(z1, z0);
  const b11 = xor(b10, b9);
  const b12 = xor(z4, z3);
  const b13 = xor(b12, b4);
  const b14 = xor(b13, b9);
  const b15 = xor(z11, z17);
  const b16 = xor(b15, z16);
  const o4 = xor(z6, b11);
  const b18 = xor(z13, b6);
  const b19 = xor(b18, b14);
  const b20 = xor(b3, b16);
  const o6 = xor(b6, b20);
  const b22 = xor(z10, b16);
  const o5 = xor(o7, b22);
  const o3 = xor(b14, o4);
  const o2 = xor(o7, b19);
  const o1 = xor(b4, b11);
  const o0 = xor(b8, b19);
  changetype<Next>(0).afterSbox(key, to, add, o0, o1, o2, o3, o4, o5, o6, o7);
}
