// Inverse AES S-box (FIPS 197 §5.3.2) in 110 gates, 76 XOR and 34 AND or ANDNOT, no more than 21 of which wait for each other:
// made as the forward one (aes-forward.ts). Boyar and Peralta's has 121 gates.
//
// In: plane k holds bit k of v ^ 0x63, which the round keys supply. Out: plane k holds bit k of InvS(v).
import { and, andnot, xor } from "./gates";

/** Passes the eight output planes to `afterSbox(key, to, add, …)` of `Next`, inlined. */
@inline
export function aesInverseSbox<Next>(
  key: usize, to: usize, add: usize,
  i0: v128, i1: v128, i2: v128, i3: v128, i4: v128, i5: v128, i6: v128, i7: v128,
): void {
  const y0 = xor(i5, i6);
  const y1 = xor(i1, i7);
  const y2 = xor(i3, y1);
  const y3 = xor(i1, i5);
  const y4 = xor(i2, y0);
  const y5 = xor(y2, y3);
  const y6 = xor(i0, y5);
  const y7 = xor(i3, y4);
  const y8 = xor(y0, y2);
  const y9 = xor(y3, y7);
  const y10 = xor(i5, y6);
  const y11 = xor(y4, y5);
  const y12 = xor(y8, y10);
  const y13 = xor(i3, i4);
  const y14 = xor(i2, y13);
  const y15 = xor(y6, y14);
  const y16 = xor(i1, y13);
  const y17 = xor(y3, y14);
  const y18 = xor(y8, y14);
  const y19 = xor(y11, y16);
  const y20 = xor(y9, y15);
  const t2 = and(y10, i3);
  const t3 = and(i5, y4);
  const t5 = and(y6, y7);
  const t7 = and(y8, y2);
  const t8 = and(y18, y5);
  const t10 = and(y14, y3);
  const t12 = and(y15, y9);
  const t13 = and(y12, y1);
  const t15 = and(y19, y11);
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
  const t21 = xor(t17, y20);
  const t22 = xor(t18, y16);
  const t23 = xor(t19, y0);
  const t24 = xor(t20, y17);
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
  const z0 = and(t44, i3);
  const z1 = and(t37, y4);
  const z2 = and(t33, y7);
  const z3 = and(t43, y2);
  const z4 = and(t40, y5);
  const z5 = and(t29, y3);
  const z6 = and(t42, y9);
  const z7 = and(t45, y1);
  const z8 = and(t41, y11);
  const z9 = and(t44, y10);
  const z10 = and(t37, i5);
  const z11 = and(t33, y6);
  const z12 = and(t43, y8);
  const z13 = and(t40, y18);
  const z14 = and(t29, y14);
  const z15 = and(t42, y15);
  const z16 = and(t45, y12);
  const z17 = and(t41, y19);
  const b0 = xor(z17, z11);
  const b1 = xor(z5, z3);
  const b2 = xor(z4, z5);
  const b3 = xor(b0, z9);
  const b4 = xor(z2, z0);
  const b5 = xor(b4, b1);
  const b6 = xor(z15, b3);
  const b7 = xor(b6, b5);
  const b8 = xor(z8, b2);
  const o6 = xor(b8, z7);
  const b10 = xor(z10, b0);
  const b11 = xor(b10, z16);
  const o0 = xor(b11, o6);
  const b13 = xor(o0, b7);
  const b14 = xor(z12, b3);
  const b15 = xor(z1, z2);
  const b16 = xor(b15, b2);
  const o4 = xor(b16, b7);
  const b18 = xor(z17, z14);
  const o2 = xor(b18, b14);
  const b20 = xor(z13, z16);
  const b21 = xor(b20, b14);
  const o7 = xor(b5, b21);
  const o5 = xor(o2, b13);
  const o3 = xor(b21, o4);
  const b25 = xor(z8, z6);
  const b26 = xor(b25, b1);
  const o1 = xor(b26, b13);
  changetype<Next>(0).afterSbox(key, to, add, o0, o1, o2, o3, o4, o5, o6, o7);
}
