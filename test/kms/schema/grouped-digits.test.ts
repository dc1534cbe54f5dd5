import { expect, test } from "vitest";
import { groupedDigits } from "../../../src/kms/schema/grouped-digits.ts";

test.each([0, 7, 999, 1_000, 12_345, 999_999, 1_000_000, Number.MAX_SAFE_INTEGER])(
  "%d is grouped as in English",
  (count) => {
    expect(groupedDigits(count)).toBe(count.toLocaleString("en"));
  },
);
