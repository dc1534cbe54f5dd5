// AES S-box (FIPS 197 §5.1.1) in 110 gates, 76 XOR and 34 AND or ANDNOT, no more than 22 of which wait for each other: the tower
// field's inversion of Boyar and Peralta (2010/191 on the IACR's eprint server; their whole circuit has 113 gates) between linear
// layers found by searching the field's automorphisms and scalings for few gates in short chains. Of the inversion in GF(16),
// two outputs are computed separately, each by two ANDNOT and a XOR: one gate less in all, and a chain that is shorter by five.
//
// In: plane k holds bit k of v. Out: plane k holds bit k of S(v) ^ 0x63; the round keys absorb the constant.
import { and, andnot, keep, kept, xor } from "./gates";

/** Passes the eight output planes to `afterSbox(at, …)` of `Next`, inlined. Keeps values in the 128 bytes at `at`, where the inputs may
 * stand, as they have been read by then. */
@inline
export function aesForwardSbox<Next>(
  at: usize,
  i0: v128, i1: v128, i2: v128, i3: v128, i4: v128, i5: v128, i6: v128, i7: v128,
): void {
  const y0 = xor(i7, i3);
  const y3 = xor(y0, i6);
  const y4 = xor(y3, i4);
  const y1 = xor(y0, i1);
  const y5 = xor(i0, y1);
  const y6 = xor(y4, y5);
  const y7 = xor(i3, y6);
  const y2 = xor(i5, y1);
  const y8 = xor(y7, y2);
  const t12 = and(i6, y0);
  const y12 = xor(i5, i2);
  const y14 = xor(i6, y12);
  const y13 = xor(y12, i1);
  const t13 = and(y14, y13);
  const t14 = xor(t12, t13);
  const y16 = xor(y14, y0);
  const y21 = xor(y7, y16);
  const y15 = xor(y13, i6);
  const y19 = xor(y15, y4);
  const t8 = and(y21, y19);
  const y18 = xor(y6, y13);
  const y17 = xor(y2, y14);
  const t7 = and(y18, y17);
  const t9 = xor(t8, t7);
  const t19 = xor(t14, t9);
  const y20 = xor(y17, y18);
  const t23 = xor(t19, y20);
  const y10 = xor(y0, y8);
  const y9 = xor(y5, i6);
  const t10 = and(y10, y9);
  const t11 = xor(t7, t10);
  const t15 = and(y15, y16);
  const t16 = xor(t12, t15);
  const t20 = xor(t11, t16);
  const y11 = xor(y9, y10);
  const t24 = xor(t20, y11);
  const t30 = xor(t23, t24);
  const t2 = and(y2, y6);
  const t3 = and(y4, y7);
  const t4 = xor(t2, t3);
  const t17 = xor(t4, t14);
  const t21 = xor(y3, t17);
  const t26 = and(t23, t21);
  const t5 = and(y5, y8);
  const t6 = xor(t5, t2);
  const t18 = xor(t6, t16);
  const t22 = xor(t18, y1);
  const t31 = xor(t26, t22);
  const t32 = and(t30, t31);
  const t33 = xor(t32, t24);
  const z2 = and(y8, t33);
  const t27 = xor(t24, t26);
  const t25 = xor(t21, t22);
  const t28 = and(t27, t25);
  const t29 = xor(t22, t28);
  const z5 = and(y10, t29);
  const b6 = xor(z2, z5);
  keep(at, 0, b6);
  const t36 = andnot(t24, t22);
  const t39 = andnot(t21, t36);
  const t40 = xor(t39, t31);
  const z13 = and(t40, y19);
  const z14 = and(y9, t29);
  const b1 = xor(z13, z14);
  keep(at, 4, b1);
  const t43 = xor(t40, t29);
  const z12 = and(y18, t43);
  const b14 = xor(z12, z14);
  keep(at, 1, b14);
  const t42 = xor(t29, t33);
  keep(at, 3, t42);
  const z4 = and(t40, y21);
  keep(at, 5, z4);
  const t34 = andnot(t22, t24);
  const t35 = andnot(t23, t34);
  const t37 = xor(t35, t27);
  const t41 = xor(t37, t40);
  const k0 = kept(at, 3);
  const t45 = xor(t41, k0);
  const z7 = and(y14, t45);
  const z1 = and(t37, y7);
  const b13 = xor(z7, z1);
  keep(at, 2, b13);
  const z8 = and(y16, t41);
  const b22 = xor(z2, z8);
  const k1 = kept(at, 2);
  const o4 = xor(b22, k1);
  const k2 = kept(at, 3);
  const z15 = and(k2, i6);
  const z17 = and(t41, y15);
  const b0 = xor(z15, z17);
  const t44 = xor(t33, t37);
  const z9 = and(t44, y6);
  const z11 = and(y5, t33);
  const b2 = xor(z9, z11);
  const b3 = xor(b0, b2);
  const k3 = kept(at, 4);
  const b8 = xor(z17, k3);
  const z16 = and(t45, y13);
  const b9 = xor(b8, z16);
  const k4 = kept(at, 0);
  const z3 = and(t43, y17);
  const z0 = and(t44, y2);
  const b4 = xor(z3, z0);
  const b5 = xor(b3, b4);
  const b7 = xor(k4, b5);
  const b10 = xor(b9, b7);
  const o1 = xor(b3, b10);
  const k5 = kept(at, 3);
  const z6 = and(k5, y0);
  const b16 = xor(z0, z6);
  const z10 = and(y4, t37);
  const b11 = xor(z10, z11);
  const k6 = kept(at, 4);
  const b12 = xor(b11, k6);
  const b17 = xor(b16, b12);
  const k7 = kept(at, 2);
  const o2 = xor(b17, k7);
  const o6 = xor(o2, b7);
  const k8 = kept(at, 1);
  const o3 = xor(k8, b0);
  const o5 = xor(o3, b10);
  const k9 = kept(at, 5);
  const b25 = xor(k9, z1);
  const o0 = xor(b25, b5);
  const o7 = xor(b12, b10);
  changetype<Next>(0).afterSbox(at, o0, o1, o2, o3, o4, o5, o6, o7);
}
