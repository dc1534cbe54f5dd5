import type { ServedOperation } from "./handle-request.ts";

/** Operations on the service itself, which a KMS in process does not need. They take no parameters. */
export function accountOperation(name: string, regionId: string): ServedOperation | undefined {
  const answers: Readonly<Record<string, ReturnType<ServedOperation["encode"]>>> = {
    DescribeRegions: { Regions: { Region: [{ RegionId: regionId }] } },
    DescribeAccountKmsStatus: { AccountStatus: "Enabled" },
  };
  const answer = Object.hasOwn(answers, name) ? answers[name] : undefined;
  if (answer === undefined) return undefined;
  return { name, decode: () => ({}), run: () => undefined, encode: () => answer };
}
