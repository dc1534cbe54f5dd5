import { DEFAULT_PAGE_SIZE, MAX_PAGE_NUMBER, MAX_PAGE_SIZE } from "../../policy/limits.ts";
import type { PageRequest } from "../../ports/index.ts";
import { withDefault } from "../../schema/field.ts";
import { integer } from "../../schema/scalars.ts";

export interface PageFields {
  /** From 1; 1 when absent. */
  readonly pageNumber?: number | undefined;
  /** 1 to 100; 10 when absent. */
  readonly pageSize?: number | undefined;
}

export interface PageAnswer {
  readonly pageNumber: number;
  readonly pageSize: number;
  readonly totalCount: number;
}

export const pageFields = {
  pageNumber: withDefault(integer([1, MAX_PAGE_NUMBER], { doc: "From 1." }), 1),
  pageSize: withDefault(integer([1, MAX_PAGE_SIZE]), DEFAULT_PAGE_SIZE),
};

export const pageAnswer = { pageNumber: integer(), pageSize: integer(), totalCount: integer() };

type Page = Omit<PageAnswer, "totalCount">;

export function pageOf({ pageNumber, pageSize }: Page): PageRequest & Page {
  return { pageNumber, pageSize, offset: (pageNumber - 1) * pageSize, limit: pageSize };
}
