// AES S-box (FIPS 197 §5.1.1) in 110 gates, 78 XOR and 32 AND: the tower-field middle layer of Boyar and Peralta
// (2010/191 on the IACR's eprint server; their whole circuit has 113) between linear layers found by searching the
// field's automorphisms and scalings.
//
// In: plane k holds bit k of v. Out: plane k holds bit k of S(v) ^ 0x63; the round keys absorb the constant.
import { and, xor } from "./gates";

/** Hands the eight output planes to `afterSbox(key, to, add, …)` of `Next`, inlined, so that a whole round stays in locals. */
@inline
export function aesForwardSbox<Next>(
  key: usize, to: usize, add: usize,
  i0: v128, i1: v128, i2: v128, i3: v128, i4: v128, i5: v128, i6: v128, i7: v128,
): void {
  const y11 = xor(i0, i6);
  const y6 = xor(i2, y11);
  const y13 = xor(i3, y6);
  const y21 = xor(i4, y11);
  const y5 = xor(i7, y13);
  const y16 = xor(y13, y21);
  const y20 = xor(i5, y16);
  const y9 = xor(y11, y20);
  const y4 = xor(i7, y9);
  const y10 = xor(i0, y4);
  const y17 = xor(i6, y4);
  const y1 = xor(i2, y17);
  const y15 = xor(y16, y17);
  const y7 = xor(i2, y15);
  const y18 = xor(i7, y7);
  const y3 = xor(i1, y18);
  const yx7 = xor(y11, y7);
  const y8 = xor(y5, y3);
  const y14 = xor(y9, y8);
  const y12 = xor(y13, y14);
  const y19 = xor(y10, y8);
  const t2 = and(y12, y15);
  const t3 = and(y3, y6);
  const t4 = xor(t3, t2);
  const t5 = and(y4, yx7);
  const t6 = xor(t5, t2);
  const t7 = and(y13, y16);
  const t8 = and(y5, y1);
  const t9 = xor(t8, t7);
  const t10 = and(i7, y7);
  const t11 = xor(t10, t7);
  const t12 = and(y9, y11);
  const t13 = and(y14, y17);
  const t14 = xor(t13, t12);
  const t15 = and(y8, y10);
  const t16 = xor(t15, t12);
  const t17 = xor(t4, t14);
  const t18 = xor(t6, t16);
  const t19 = xor(t9, t14);
  const t20 = xor(t11, t16);
  const t21 = xor(t17, y20);
  const t22 = xor(t18, y19);
  const t23 = xor(t19, y21);
  const t24 = xor(t20, y18);
  const t25 = xor(t21, t22);
  const t26 = and(t21, t23);
  const t27 = xor(t24, t26);
  const t28 = and(t25, t27);
  const t29 = xor(t28, t22);
  const t30 = xor(t23, t24);
  const t31 = xor(t22, t26);
  const t32 = and(t31, t30);
  const t33 = xor(t32, t24);
  const t34 = xor(t23, t33);
  const t35 = xor(t27, t33);
  const t36 = and(t24, t35);
  const t37 = xor(t36, t34);
  const t38 = xor(t27, t36);
  const t39 = and(t29, t38);
  const t40 = xor(t25, t39);
  const t41 = xor(t40, t37);
  const t42 = xor(t29, t33);
  const t43 = xor(t29, t40);
  const t44 = xor(t33, t37);
  const t45 = xor(t42, t41);
  const z0 = and(t44, y15);
  const z1 = and(t37, y6);
  const z2 = and(t33, yx7);
  const z3 = and(t43, y16);
  const z4 = and(t40, y1);
  const z5 = and(t29, y7);
  const z6 = and(t42, y11);
  const z7 = and(t45, y17);
  const z8 = and(t41, y10);
  const z9 = and(t44, y12);
  const z10 = and(t37, y3);
  const z11 = and(t33, y4);
  const z12 = and(t43, y13);
  const z13 = and(t40, y5);
  const z14 = and(t29, i7);
  const z15 = and(t42, y9);
  const z16 = and(t45, y14);
  const z17 = and(t41, y8);
  const b0 = xor(z8, z6);
  const b1 = xor(z7, z6);
  const b2 = xor(z1, b1);
  const b3 = xor(z4, b1);
  const b4 = xor(z5, z3);
  const o5 = xor(b3, z3);
  const b6 = xor(z16, z10);
  const b7 = xor(z13, z10);
  const b8 = xor(z12, b7);
  const b9 = xor(z14, b7);
  const b10 = xor(z15, z9);
  const o1 = xor(b8, z9);
  const b12 = xor(z17, b9);
  const b13 = xor(z11, b9);
  const b14 = xor(b2, b13);
  const b15 = xor(o5, b13);
  const o0 = xor(b15, o1);
  const b17 = xor(b0, o0);
  const o6 = xor(b14, z0);
  const b19 = xor(z2, z0);
  const b20 = xor(o5, b10);
  const b21 = xor(b19, b10);
  const b22 = xor(b21, b6);
  const o3 = xor(b4, b22);
  const o7 = xor(b17, b22);
  const o2 = xor(b6, b12);
  const o4 = xor(b20, b12);
  changetype<Next>(0).afterSbox(key, to, add, o0, o1, o2, o3, o4, o5, o6, o7);
}
