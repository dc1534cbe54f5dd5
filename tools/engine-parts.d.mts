export type Build = "plain" | "relaxed";
/** The builds of every part, and the one of some. */
export type AnyBuild = Build | "wide";
export declare const builds: readonly [Build, ...Build[]];

export type PartName = "engine" | "aes" | "aes-blocks" | "sm4" | "aes-modes" | "sm4-modes";

export interface Part<Name = PartName> {
  readonly name: Name;
  readonly entry: string;
  readonly exports: string;
  readonly constants: number;
  readonly hasMemory?: boolean;
}

export declare const parts: readonly [Part, ...Part[]];
export declare const wideParts: readonly [Part, ...Part[]];
export declare const wideProbe: Part<"wide-probe">;
export declare function partOptions(part: Pick<Part, "constants" | "hasMemory">, build: AnyBuild): string[];
export declare function buildBeside(name: PartName, build: AnyBuild): AnyBuild;
export declare function importedAs(name: PartName): string;
