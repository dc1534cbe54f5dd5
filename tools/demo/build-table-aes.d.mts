export function buildTableAes(): string;
