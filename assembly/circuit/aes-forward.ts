// AES S-box (FIPS 197 §5.1.1) in 110 gates, 76 XOR and 34 AND or ANDNOT, no more than 22 of which wait for each other: the tower
// field's inversion of Boyar and Peralta (2010/191 on the IACR's eprint server; their whole circuit has 113 gates) between linear
// layers found by searching the field's automorphisms and scalings for few gates in short chains. Of the inversion in GF(16),
// two outputs are computed separately, each by two ANDNOT and a XOR: one gate less in all, and a chain that is shorter by five.
//
// In: plane k holds bit k of v. Out: plane k holds bit k of S(v) ^ 0x63; the round keys absorb the constant.
import { and, andnot, xor } from "./gates";

/** Passes the eight output planes to `afterSbox(key, to, add, …)` of `Next`, inlined. */
@inline
export function aesForwardSbox<Next>(
  key: usize, to: usize, add: usize,
  i0: v128, i1: v128, i2: v128, i3: v128, i4: v128, i5: v128, i6: v128, i7: v128,
): void {
  const y0 = xor(i3, i7);
  const y1 = xor(i1, y0);
  const y2 = xor(i5, y1);
  const y3 = xor(i6, y0);
  const y4 = xor(i4, y3);
  const y5 = xor(i0, y1);
  const y6 = xor(y4, y5);
  const y7 = xor(i3, y6);
  const y8 = xor(y2, y7);
  const y9 = xor(i6, y5);
  const y10 = xor(y0, y8);
  const y11 = xor(y9, y10);
  const y12 = xor(i2, i5);
  const y13 = xor(i1, y12);
  const y14 = xor(i6, y12);
  const y15 = xor(i6, y13);
  const y16 = xor(y0, y14);
  const y17 = xor(y2, y14);
  const y18 = xor(y6, y13);
  const y19 = xor(y4, y15);
  const y20 = xor(y17, y18);
  const y21 = xor(y7, y16);
  const t2 = and(y6, y2);
  const t3 = and(y4, y7);
  const t5 = and(y5, y8);
  const t7 = and(y18, y17);
  const t8 = and(y19, y21);
  const t10 = and(y9, y10);
  const t12 = and(i6, y0);
  const t13 = and(y13, y14);
  const t15 = and(y15, y16);
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
  const t21 = xor(t17, y3);
  const t22 = xor(t18, y1);
  const t23 = xor(t19, y20);
  const t24 = xor(t20, y11);
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
  const z0 = and(t44, y2);
  const z1 = and(t37, y7);
  const z2 = and(t33, y8);
  const z3 = and(t43, y17);
  const z4 = and(t40, y21);
  const z5 = and(t29, y10);
  const z6 = and(t42, y0);
  const z7 = and(t45, y14);
  const z8 = and(t41, y16);
  const z9 = and(t44, y6);
  const z10 = and(t37, y4);
  const z11 = and(t33, y5);
  const z12 = and(t43, y18);
  const z13 = and(t40, y19);
  const z14 = and(t29, y9);
  const z15 = and(t42, i6);
  const z16 = and(t45, y13);
  const z17 = and(t41, y15);
  const b0 = xor(z17, z15);
  const b1 = xor(z14, z13);
  const b2 = xor(z11, z9);
  const b3 = xor(b2, b0);
  const b4 = xor(z0, z3);
  const b5 = xor(b4, b3);
  const b6 = xor(z2, z5);
  const b7 = xor(b6, b5);
  const b8 = xor(b1, z17);
  const b9 = xor(b8, z16);
  const b10 = xor(b9, b7);
  const b11 = xor(z11, z10);
  const b12 = xor(b11, b1);
  const b13 = xor(z1, z7);
  const b14 = xor(z14, z12);
  const o3 = xor(b14, b0);
  const b16 = xor(z0, z6);
  const b17 = xor(b16, b12);
  const o2 = xor(b17, b13);
  const o7 = xor(b12, b10);
  const o6 = xor(o2, b7);
  const o5 = xor(o3, b10);
  const b22 = xor(z2, z8);
  const o4 = xor(b22, b13);
  const o1 = xor(b3, b10);
  const b25 = xor(z1, z4);
  const o0 = xor(b25, b5);
  changetype<Next>(0).afterSbox(key, to, add, o0, o1, o2, o3, o4, o5, o6, o7);
}
