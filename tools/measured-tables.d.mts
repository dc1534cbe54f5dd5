export declare function withTables(): { readonly file: string; readonly text: string }[];
export declare function updateTables(): void;
